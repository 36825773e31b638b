package conformance_test

import (
	"os"
	"path/filepath"
	"testing"

	"shardeck/shared/sqlservertest"
	"shardeck/shared/testcluster"
	"shardeck/worker/conformance"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// goWorker is the Go worker with the embedded engine, as a real process.
func goWorker(t *testing.T) (*testcluster.Cluster, conformance.Fixture) {
	t.Helper()
	c := testcluster.Start(t, testcluster.Options{Workers: 1, Env: []string{"WORKER_DB_SUFFIX=GO"}})
	return c, fixture(t, c, "GO", conformance.SQLite())
}

// sqlServerWorker is the same worker with SQL Server.
func sqlServerWorker(t *testing.T) (*testcluster.Cluster, conformance.Fixture) {
	t.Helper()
	databases := sqlservertest.New(t)
	suffix := databases.Suffix(t)
	c := testcluster.Start(t, testcluster.Options{Workers: 1, SQLServer: databases.DSN(), Suffix: suffix})
	f := fixture(t, c, "W0"+suffix, conformance.SQLServer())
	f.Babelfish = sqlservertest.IsBabelfish(t, databases.DSN())
	return c, f
}

func fixture(t *testing.T, c *testcluster.Cluster, suffix string, d conformance.Dialect) conformance.Fixture {
	t.Helper()
	golden, err := os.ReadFile(filepath.Join("..", "..", "shared", "api", "testdata", "golden", "values.json"))
	if err != nil {
		t.Fatal(err)
	}
	return conformance.Fixture{URL: c.Workers[0].URL, Token: c.Token, Suffix: suffix, GoldenValues: golden, Dialect: d}
}

func TestGoWorkerConforms(t *testing.T) {
	_, f := goWorker(t)
	conformance.Run(t, f)
}

func TestGoWorkerOverSQLServerConforms(t *testing.T) {
	_, f := sqlServerWorker(t)
	conformance.Run(t, f)
}

func TestGoWorkerLosesNothingWhenKilled(t *testing.T) {
	c, f := goWorker(t)
	w := c.Workers[0]
	conformance.Durability(t, f, func() { w.Kill(t) }, func() { w.Restart(t) })
}

func TestGoWorkerOverSQLServerLosesNothingWhenKilled(t *testing.T) {
	c, f := sqlServerWorker(t)
	w := c.Workers[0]
	conformance.Durability(t, f, func() { w.Kill(t) }, func() { w.Restart(t) })
}
