package bench

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"shardeck/shared/api"
	"shardeck/tui/demo"
)

// serverTarget is the target ratio to the throughput of go-mssqldb alone.
const serverTarget = 0.60

// serverRows is the number of rows that point selects choose from on a SQL Server.
const serverRows = 1_000

// sqlServer compares point selects and inserts through a master and workers over SQL
// Server with the same statements sent to that server directly by go-mssqldb. Both include
// the server's own work, so the ratio shows the cost of Shardeck.
func (r *rig) sqlServer(ctx context.Context) (err error) {
	if r.cmd.SQLServerDSN == "" {
		r.report.note("SQL Server was not measured: use --sqlserver-dsn, or set SHARDECK_TEST_SQLSERVER")
		return nil
	}
	suffix := "Bench" + strconv.FormatInt(time.Now().UnixNano(), 36)
	direct, err := openDirect(ctx, r.cmd.SQLServerDSN, suffix)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, direct.close()) }()
	ours, err := deploy(ctx, r.http, demo.Options{FreePorts: true, LogLevel: "warn", SQLServer: r.cmd.SQLServerDSN, Suffix: suffix})
	defer func() { err = errors.Join(err, ours.drop(), ours.close()) }()
	if err != nil {
		return err
	}
	for _, n := range r.cmd.Clients {
		got, err := ratios(r.cmd.Rounds,
			func() (float64, error) {
				return throughput(ctx, r.http, n, r.cmd.Round, func(int, int) request { return ours.oneSelect() })
			},
			func() (float64, error) { return direct.throughput(ctx, n, r.cmd.Round, direct.oneSelect) })
		if err != nil {
			return err
		}
		r.report.ratio("point select over SQL Server", n, "the same with go-mssqldb alone", got, targetAt(n, serverTarget))
	}
	for _, n := range r.cmd.Clients {
		got, err := ratios(r.cmd.Rounds,
			func() (float64, error) {
				return throughput(ctx, r.http, n, r.cmd.Round, func(int, int) request { return r.oneInsert(ours.primary + api.PathInsert) })
			},
			func() (float64, error) {
				return direct.throughput(ctx, n, r.cmd.Round, func(ctx context.Context) error {
					return direct.oneInsert(ctx, student(r.nextID.Add(1)))
				})
			})
		if err != nil {
			return err
		}
		r.report.ratio("single-row insert over SQL Server", n, "the same with go-mssqldb alone", got, targetAt(n, serverTarget))
	}
	return nil
}

// dropTimeout bounds the cleanup of a measurement on a server.
const dropTimeout = time.Minute

// drop drops the databases on the shards, even if the run was interrupted.
func (d *deployment) drop() error {
	if d.master == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
	defer cancel()
	return retryDDL(ctx, api.CodeUnknownDatabase, func() error {
		_, err := d.master.DropDB(ctx, &api.DropDBRequest{DB: benchDB})
		return err
	})
}

// directDB is a separate database on the server, used directly with go-mssqldb.
type directDB struct {
	*sql.DB
	admin  *sql.DB // connected to the database in the connection string
	suffix string
}

func (d *directDB) name() string { return "Direct" + d.suffix }

// openDirect creates the database with the small table and its rows.
func openDirect(ctx context.Context, dsn, suffix string) (_ *directDB, err error) {
	cfg, err := msdsn.Parse(dsn)
	if err != nil {
		return nil, errors.New("the SQL Server connection string is invalid") // the cause could contain a password
	}
	d := &directDB{admin: sql.OpenDB(mssql.NewConnectorConfig(cfg)), suffix: suffix}
	cfg.Database = d.name()
	d.DB = sql.OpenDB(mssql.NewConnectorConfig(cfg))
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if _, err = d.admin.ExecContext(ctx, "CREATE DATABASE ["+d.name()+"]"); err != nil {
		return nil, err
	}
	if _, err = d.ExecContext(ctx, `CREATE TABLE dbo.Students (student_id BIGINT NOT NULL PRIMARY KEY,
		name NVARCHAR(60) NOT NULL, email VARCHAR(80), gpa DECIMAL(3,2), enrolled DATE)`); err != nil {
		return nil, err
	}
	var next atomic.Int64
	err = each(loaders, func(*bytes.Buffer) (bool, error) {
		i := int(next.Add(1)) - 1
		if i >= serverRows {
			return false, nil
		}
		return true, d.oneInsert(ctx, student(i))
	})
	return d, err
}

// close drops the database and the workers' own databases.
func (d *directDB) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
	defer cancel()
	errs := []error{d.DB.Close()} // a database in use cannot be dropped
	names := []string{d.name()}
	for i := range 3 {
		names = append(names, "_shardeck_"+d.suffix+strconv.Itoa(i))
	}
	for _, name := range names {
		_, err := d.admin.ExecContext(ctx, "DROP DATABASE IF EXISTS ["+name+"]")
		errs = append(errs, err)
	}
	return errors.Join(append(errs, d.admin.Close())...)
}

func (d *directDB) oneInsert(ctx context.Context, s student) error {
	_, err := d.ExecContext(ctx, "INSERT INTO dbo.Students (student_id, name, email, gpa, enrolled) VALUES (@p1, @p2, @p3, @p4, @p5)", s.args()...)
	return err
}

func (d *directDB) oneSelect(ctx context.Context) error {
	want := student(rand.IntN(serverRows))
	var id int64
	var name, email, gpa string
	var enrolled time.Time
	err := d.QueryRowContext(ctx, "SELECT student_id, name, email, gpa, enrolled FROM dbo.Students WHERE student_id = @p1", int64(want)).
		Scan(&id, &name, &email, &gpa, &enrolled)
	if err == nil && name != want.name() {
		return fmt.Errorf("the server has %q for student %d", name, want)
	}
	return err
}

// throughput runs clients in a closed loop for length and returns operations per second.
// Each client has its own connection.
func (d *directDB) throughput(ctx context.Context, clients int, length time.Duration, do func(context.Context) error) (float64, error) {
	d.SetMaxOpenConns(clients)
	d.SetMaxIdleConns(clients)
	var failed atomic.Bool
	var total atomic.Int64
	errs := make([]error, clients)
	var wg sync.WaitGroup
	start := time.Now()
	for c := range clients {
		wg.Go(func() {
			for !failed.Load() && time.Since(start) < length {
				if errs[c] = do(ctx); errs[c] != nil {
					failed.Store(true)
					return
				}
				total.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(total.Load()) / time.Since(start).Seconds(), errors.Join(errs...)
}
