package conformance_test

import (
	"os"
	"path/filepath"
	"testing"

	"shardeck/shared/testcluster"
	"shardeck/worker/conformance"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// goWorker is the worker in Go, as a real process.
func goWorker(t *testing.T) (*testcluster.Cluster, conformance.Fixture) {
	t.Helper()
	golden, err := os.ReadFile(filepath.Join("..", "..", "shared", "api", "testdata", "golden", "values.json"))
	if err != nil {
		t.Fatal(err)
	}
	c := testcluster.Start(t, testcluster.Options{Workers: 1, Env: []string{"WORKER_DB_SUFFIX=GO"}})
	return c, conformance.Fixture{
		URL: c.Workers[0].URL, Token: c.Token, Suffix: "GO",
		GoldenValues: golden, Dialect: conformance.SQLite(),
	}
}

func TestGoWorkerConforms(t *testing.T) {
	_, f := goWorker(t)
	conformance.Run(t, f)
}

func TestGoWorkerLosesNothingWhenKilled(t *testing.T) {
	c, f := goWorker(t)
	w := c.Workers[0]
	conformance.Durability(t, f, func() { w.Kill(t) }, func() { w.Restart(t) })
}
