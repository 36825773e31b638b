// Package sqlservertest gives tests a SQL Server to work on, if there is one: the
// server that the environment variable SHARDECK_TEST_SQLSERVER names by its
// connection string. It is for tests only.
//
// Tests that need a server and have none are skipped, and say so. With
// SHARDECK_REQUIRE=sqlserver they fail instead, so that nobody takes a run
// without a server for one with.
package sqlservertest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/microsoft/go-mssqldb" // the driver "sqlserver"
)

// The environment variables that say which server there is, and that there must be one.
const (
	EnvDSN     = "SHARDECK_TEST_SQLSERVER"
	EnvRequire = "SHARDECK_REQUIRE"
)

// DSN returns the connection string of the tests' server. Without one it skips
// the test, or ends it as failed where a server is required.
func DSN(t testing.TB) string {
	t.Helper()
	if dsn := os.Getenv(EnvDSN); dsn != "" {
		return dsn
	}
	const how = "set " + EnvDSN + " to the connection string of a server whose login may create databases, " +
		"as sqlserver://sa:password@localhost:1433?encrypt=true&trustservercertificate=true"
	if slices.Contains(strings.Split(os.Getenv(EnvRequire), ","), "sqlserver") {
		t.Fatalf("SQL SERVER IS REQUIRED AND NOT THERE: %s", how)
	}
	t.Skipf("NOT RUN: %s has not been tested on SQL Server, because there is none: %s", t.Name(), how)
	return ""
}

// Databases hands out suffixes for the names of databases, and drops at the end
// of a test what is named by them.
type Databases struct {
	dsn string

	mu     sync.Mutex
	places map[string]string // suffixes by place
}

// New returns a Databases on the tests' server; see [DSN].
func New(t testing.TB) *Databases {
	t.Helper()
	return &Databases{dsn: DSN(t), places: map[string]string{}}
}

// DSN returns the connection string.
func (d *Databases) DSN() string { return d.dsn }

// Suffix returns a suffix that no other test has. When t ends, every database
// whose name ends in it is dropped.
func (d *Databases) Suffix(t testing.TB) string {
	t.Helper()
	suffix := "T" + rand.Text()[:10]
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := Drop(ctx, d.dsn, suffix); err != nil {
			t.Errorf("drop the test's databases: %v", err)
		}
	})
	return suffix
}

// At returns the suffix that belongs to a place, such as a test's directory: a new
// one the first time, and the same each time after.
func (d *Databases) At(t testing.TB, place string) string {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.places[place] == "" {
		d.places[place] = d.Suffix(t)
	}
	return d.places[place]
}

// Drop drops every database whose name ends in suffix, whoever uses it.
func Drop(ctx context.Context, dsn, suffix string) error {
	if len(suffix) < 6 {
		return fmt.Errorf("the suffix %q is too short to be one of a test's", suffix)
	}
	db, err := sql.Open("sqlserver", dsn)
	if err != nil {
		return fmt.Errorf("%s is not a connection string", EnvDSN)
	}
	defer db.Close()
	names, err := list(ctx, db)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasSuffix(strings.ToLower(name), strings.ToLower(suffix)) {
			continue
		}
		if err := drop(ctx, db, "["+strings.ReplaceAll(name, "]", "]]")+"]"); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func list(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT name FROM sys.databases")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// drop tries until ctx ends: sessions that have just closed their connections
// still use the database for a moment. Babelfish does not know SINGLE_USER.
func drop(ctx context.Context, db *sql.DB, name string) error {
	for {
		_, _ = db.ExecContext(ctx, "ALTER DATABASE "+name+" SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
		_, err := db.ExecContext(ctx, "DROP DATABASE "+name)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}
