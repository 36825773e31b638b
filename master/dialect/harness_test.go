package dialect_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/bind"
	"shardeck/master/dialect"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sqlservertest"
	"shardeck/worker/engine"
	enginesqlite "shardeck/worker/engine/sqlite"
	enginesqlserver "shardeck/worker/engine/sqlserver"
)

// testDB is a database on the engine of a dialect. (Only tests may import both: see
// shared/archtest.)
type testDB struct {
	e engine.Engine
	d dialect.Dialect
	// babelfish means that the server is Babelfish, where some cases differ.
	babelfish bool
}

// onEachEngine runs a test on every available engine; open returns an empty database of
// that engine with the tables of the requests.
func onEachEngine(t *testing.T, test func(t *testing.T, open func(requests ...string) *testDB)) {
	for name, open := range map[string]func(testing.TB) *testDB{"sqlite": openSQLite, "sqlserver": openSQLServer} {
		t.Run(name, func(t *testing.T) {
			test(t, func(requests ...string) *testDB {
				db := open(t)
				db.create(t, requests...)
				return db
			})
		})
	}
}

func openSQLite(t testing.TB) *testDB {
	t.Helper()
	e, err := enginesqlite.Open(t.Context(), enginesqlite.Config{Dir: t.TempDir(), Suffix: "GO"})
	if err != nil {
		t.Fatal(err)
	}
	return withSchool(t, &testDB{e: e, d: sqlite(t)})
}

func openSQLServer(t testing.TB) *testDB {
	t.Helper()
	databases := sqlservertest.New(t)
	e, err := enginesqlserver.Open(t.Context(), enginesqlserver.Config{DSN: databases.DSN(), Suffix: databases.Suffix(t)})
	if err != nil {
		t.Fatal(err)
	}
	return withSchool(t, &testDB{e: e, d: sqlServer(t), babelfish: sqlservertest.IsBabelfish(t, databases.DSN())})
}

func withSchool(t testing.TB, db *testDB) *testDB {
	t.Helper()
	t.Cleanup(func() {
		if err := db.e.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.e.CreateDB(t.Context(), "School", api.Fence{Term: 1, MapVersion: 1}); err != nil {
		t.Fatal(err)
	}
	return db
}

// newDB returns a SQLite database with the tables of the requests.
func newDB(t testing.TB, requests ...string) *testDB {
	t.Helper()
	db := openSQLite(t)
	db.create(t, requests...)
	return db
}

// create creates tables.
func (db *testDB) create(t testing.TB, requests ...string) {
	t.Helper()
	for _, r := range requests {
		if db.babelfish {
			// It has no UTF-8 collation, which a VARCHAR shard key needs.
			r = strings.Replace(r, `"VARCHAR(20) UNIQUE"`, `"NVARCHAR(20) UNIQUE"`, 1)
		}
		p, err := planner.CreateTable(decode[api.CreateTableRequest](t, r), newMap(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.exec(t, p); err != nil {
			t.Fatal(err)
		}
	}
}

// exec runs a plan's fragments, all on this one engine.
func (db *testDB) exec(t testing.TB, p *plan.Plan) (int64, error) {
	var affected int64
	for i := range p.Fragments {
		statements, err := db.d.Exec(p, &p.Fragments[i])
		if err != nil {
			return 0, err
		}
		res, err := db.e.Exec(t.Context(), &api.ExecRequest{DB: p.DB, Fence: api.Fence{Term: 1, MapVersion: 1}, Statements: statements})
		if err != nil {
			return 0, err
		}
		for _, n := range res.RowsAffected {
			affected += n
		}
	}
	return affected, nil
}

// rows runs a single-shard query and returns its rows.
func (db *testDB) rows(t testing.TB, p *plan.Plan) ([]string, error) {
	if p.Route.Kind == api.RouteNone {
		return nil, nil
	}
	q, err := db.d.Query(p, &p.Fragments[0])
	if err != nil {
		return nil, err
	}
	var rows []string
	err = db.e.Query(t.Context(), q, func(line []byte) error {
		rows = append(rows, string(line))
		return nil
	})
	return rows, err
}

func (db *testDB) insert(t testing.TB, table *bind.Table, rows ...string) {
	t.Helper()
	req := &api.InsertRequest{DB: table.DB, Table: table.Name}
	for _, r := range rows {
		req.Rows = append(req.Rows, *decode[api.Object[jsontext.Value]](t, r))
	}
	p, err := planner.Insert(table, newMap(t, 1), req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.exec(t, p); err != nil {
		t.Fatal(err)
	}
}

// hasNumber reports whether an error has SQL Server's error number. Babelfish has none, or
// another, for many errors, so there any error will do.
func (db *testDB) hasNumber(err error, number int) bool {
	return err != nil && (db.babelfish || api.AsProblem(err).SQLNumber == number)
}

// parseOne parses a text of one statement.
func parseOne(text string) (tsql.Statement, error) {
	items, err := tsql.Parse(text)
	if err != nil {
		return nil, err
	}
	return items[0].Statement, nil
}
