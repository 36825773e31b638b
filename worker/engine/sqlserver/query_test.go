package sqlserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/sqlservertest"
	"shardeck/worker/engine/sqlserver/batch"
)

// place is a database with one table, T, for queries.
type place struct {
	*testing.T
	*pool
	schemas map[string]string
}

// newPlace creates a database with the parts of the engine's databases that queries rely on.
func newPlace(t *testing.T, o poolOptions) *place {
	t.Helper()
	databases := sqlservertest.New(t)
	s, err := parseServer(databases.DSN(), o)
	if err != nil {
		t.Fatal(err)
	}
	name := "Query" + databases.Suffix(t)
	p := s.open("")
	if _, err := p.ExecContext(t.Context(), "CREATE DATABASE ["+name+"]"); err != nil {
		t.Fatal(err)
	}
	_ = p.Close()
	at := &place{T: t, pool: s.open(name), schemas: map[string]string{"T": "v1"}}
	t.Cleanup(func() {
		at.sever()
		_ = at.Close()
	})
	for _, text := range []string{
		"CREATE TABLE dbo._sd_tables (name VARCHAR(128) NOT NULL PRIMARY KEY, version VARCHAR(16) NOT NULL)",
		"INSERT INTO dbo._sd_tables (name, version) VALUES ('t', 'v1')",
		"CREATE TABLE T (id INT NOT NULL PRIMARY KEY, name NVARCHAR(50) NULL)",
		"INSERT INTO T (id, name) VALUES (1, N'one'), (2, NULL)",
	} {
		if _, err := at.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return at
}

func (at *place) run(ctx context.Context, req *api.QueryRequest, row func([]byte) error) error {
	at.Helper()
	call, err := batch.NewQuery(req)
	if err != nil {
		at.Fatal(err)
	}
	return at.query(ctx, &query{req, arguments(call)}, row)
}

func (at *place) rows(req *api.QueryRequest) (rows []string, err error) {
	at.Helper()
	err = at.run(at.Context(), req, func(line []byte) error {
		rows = append(rows, string(line))
		return nil
	})
	return rows, err
}

func (at *place) selectT(where string, types []string, params string) *api.QueryRequest {
	return &api.QueryRequest{
		SQL: "SELECT [id], [name] FROM [T] WHERE " + where + " ORDER BY [id]", Types: types, Params: jsontext.Value(params),
		ResultTypes: []string{"INT", "NVARCHAR(50)"}, Schemas: at.schemas,
	}
}

func TestQueriesOnAServer(t *testing.T) {
	at := newPlace(t, poolOptions{Connections: 4, CancelWait: 200 * time.Millisecond})
	t.Run("rows", func(t *testing.T) { at.testRows(t) })
	t.Run("values of each type come back as they were sent", func(t *testing.T) { at.testTypes(t) })
	t.Run("refusals leave the connection usable", func(t *testing.T) { at.testRefusals(t) })
	t.Run("a table that has changed is named", func(t *testing.T) { at.testStale(t) })
	t.Run("unread results are cut off", func(t *testing.T) { at.testCut(t) })
	t.Run("a stuck caller does not keep the connection", func(t *testing.T) { at.testStuck(t) })
}

func (at *place) testRows(t *testing.T) {
	got, err := at.rows(at.selectT("[id] > @p1", []string{"INT"}, "[0]"))
	if diff := cmp.Diff([]string{`[1,"one"]`, `[2,null]`}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func (at *place) testTypes(t *testing.T) {
	for typ, values := range map[string][]string{
		"BIT": {"true", "false"}, "TINYINT": {"0", "255"}, "SMALLINT": {"-32768"}, "INT": {"2147483647"},
		"BIGINT": {`"-9223372036854775808"`, "9007199254740991"}, "DECIMAL(38,10)": {`"-1234567890123456789012345678.0123456789"`, `"0.0000000000"`},
		"REAL": {"0.1", "3.4e+38"}, "FLOAT": {"1.7976931348623157e+308", "-0.1"}, "NVARCHAR(20)": {`""`, `"日本 😀"`, `" x "`}, "NVARCHAR(MAX)": {`"` + strings.Repeat("long ", 3000) + `"`},
		"VARBINARY(20)": {`"0x"`, `"0x00FF10"`}, "DATE": {`"0001-01-01"`, `"9999-12-31"`},
		// SQL Server keeps the seventh digit and all bytes of a BINARY(n); Babelfish keeps microseconds, and one byte of a BINARY parameter.
		"BINARY(1)": {`"0xFE"`},
		"TIME(6)":   {`"00:00:00"`, `"23:59:59.999999"`}, "DATETIME2(6)": {`"0001-01-01T00:00:00"`, `"9999-12-31T23:59:59.999999"`},
		"UNIQUEIDENTIFIER": {`"6F9619FF-8B86-D011-B42D-00C04FC964FF"`},
	} {
		for _, v := range append(values, "null") {
			got, err := at.rows(&api.QueryRequest{
				SQL: "SELECT @p1", Types: []string{typ}, Params: jsontext.Value("[" + v + "]"), ResultTypes: []string{typ},
			})
			if err != nil || !slices.Equal(got, []string{"[" + v + "]"}) {
				t.Errorf("%s %s came back as %s, %v", typ, v, got, err)
			}
		}
	}
}

func (at *place) testRefusals(t *testing.T) {
	if err := at.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := at.opened()
	for range 3 {
		stale := at.selectT("1 = 1", nil, "")
		stale.Schemas = map[string]string{"T": "v0"}
		if _, err := at.rows(stale); api.CodeOf(err) != api.CodeStaleSchema {
			t.Errorf("another version: %v", err)
		}
		if _, err := at.rows(at.selectT("[id] / (@p1 - @p1) = 1", []string{"INT"}, "[1]")); api.CodeOf(err) != api.CodeDivideByZero {
			t.Errorf("division by zero: %v", err)
		}
	}
	if after := at.opened(); !slices.Equal(before, after) {
		t.Errorf("connections %v became %v", before, after)
	}
}

// opened lists the open connections.
func (at *place) opened() (all []string) {
	at.connector.mu.Lock()
	defer at.connector.mu.Unlock()
	for c := range at.connector.live {
		all = append(all, fmt.Sprintf("%p", c))
	}
	slices.Sort(all)
	return all
}

func (at *place) testStale(t *testing.T) {
	gone := at.selectT("1 = 1", nil, "")
	gone.SQL, gone.Schemas = strings.Replace(gone.SQL, "[T]", "[Gone]", 1), map[string]string{"Gone": "v1"}
	if _, err := at.rows(gone); api.CodeOf(err) != api.CodeUnknownTable {
		t.Errorf("a dropped table: %v", err)
	}
	// SQL Server detects a missing column before any of the batch runs, including the check of the
	// version.
	other := at.selectT("[other] = 1", nil, "")
	other.Schemas = map[string]string{"T": "v0"}
	if _, err := at.rows(other); api.CodeOf(err) != api.CodeStaleSchema {
		t.Errorf("a column of another version: %v", err)
	}
	two := at.selectT("1 = 1", nil, "")
	two.ResultTypes = two.ResultTypes[:1]
	if _, err := at.rows(two); api.CodeOf(err) != api.CodeInvalidField {
		t.Errorf("fewer columns: %v", err)
	}
}

// endless is a query of more rows than anyone reads.
func (at *place) endless() *api.QueryRequest {
	const ten = "(SELECT 1 AS x UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5)"
	var b strings.Builder
	b.WriteString("SELECT [a0].[x] FROM " + ten + " AS [a0]")
	for i := range 20 {
		fmt.Fprintf(&b, " CROSS JOIN %s AS [a%d]", ten, i+1)
	}
	return &api.QueryRequest{SQL: b.String(), ResultTypes: []string{"INT"}, Schemas: at.schemas}
}

var errEnough = errors.New("enough")

func (at *place) testCut(t *testing.T) {
	for range 5 { // more than the number of connections
		rows := 0
		err := at.run(t.Context(), at.endless(), func([]byte) error {
			if rows++; rows == 50 {
				return errEnough
			}
			return nil
		})
		if own, ok := errors.AsType[*rowError](err); !ok || !errors.Is(own.err, errEnough) || rows != 50 {
			t.Errorf("%d rows, %v", rows, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	rows := 0
	err := at.run(ctx, at.endless(), func([]byte) error {
		if rows++; rows == 50 {
			cancel()
		}
		return nil
	})
	if api.CodeOf(err) != api.CodeCanceled || rows != 50 {
		t.Errorf("%d rows, %v", rows, err)
	}
	if n := at.Stats().InUse; n != 0 {
		t.Errorf("%d connections are in use", n)
	}
	at.testRows(t)
}

// testStuck has a caller that does not return from its row while the query is cancelled: the
// server must not wait for it.
func (at *place) testStuck(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows := 0
	err := at.run(ctx, at.endless(), func([]byte) error {
		rows++
		cancel()
		at.connector.mu.Lock()
		var l *line
		for c := range at.connector.live {
			if len(c.buf) > 0 {
				l = c.line
			}
		}
		at.connector.mu.Unlock()
		for l != nil && !l.isCut() {
			time.Sleep(time.Millisecond)
		}
		return nil
	})
	if api.CodeOf(err) != api.CodeCanceled || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func (l *line) isCut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gone
}

// BenchmarkReadRows compares ways to read rows from a server: through the driver's own Next, as
// the engine does, and through database/sql into values of any type.
func BenchmarkReadRows(b *testing.B) {
	const rows = 20_000
	text := fmt.Sprintf(`SELECT TOP (%d) CAST(ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS INT) AS a, CAST(N'Student of the school' AS NVARCHAR(50)) AS b,
		CAST(3.50 AS DECIMAL(5,2)) AS c FROM (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) AS p (x)
		CROSS JOIN (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) AS q (x) CROSS JOIN (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) AS r (x)
		CROSS JOIN (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) AS s (x) CROSS JOIN (VALUES (1),(2)) AS u (x)`, rows)
	s, err := parseServer(sqlservertest.DSN(b), poolOptions{})
	if err != nil {
		b.Fatal(err)
	}
	p := s.open("")
	defer p.Close()
	if err := p.PingContext(b.Context()); err != nil {
		b.Fatal(err)
	}
	measure := func(name string, read func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			if err := read(); err != nil { // including the server's one-time work
				b.Fatal(err)
			}
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
	req := &api.QueryRequest{SQL: text, ResultTypes: []string{"INT", "NVARCHAR(50)", "DECIMAL(5,2)"}}
	measure("driver, encoded", func() error {
		call, err := batch.NewQuery(req)
		if err != nil {
			return err
		}
		return p.query(b.Context(), &query{req, arguments(call)}, func([]byte) error { return nil })
	})
	for name, into := range map[string][]any{
		"scan into any": {new(any), new(any), new(any)},
		"scan into raw": {new(sql.RawBytes), new(sql.RawBytes), new(sql.RawBytes)},
	} {
		measure(name, func() error {
			r, err := p.QueryContext(b.Context(), text)
			if err != nil {
				return err
			}
			for r.Next() && err == nil {
				err = r.Scan(into...)
			}
			return errors.Join(err, r.Err(), r.Close())
		})
	}
}
