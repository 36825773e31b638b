package conformance_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"shardeck/shared/sqlservertest"
	"shardeck/shared/testcluster"
	"shardeck/worker/conformance"
	"shardeck/worker/engine/enginetest"
)

var workerCmd = flag.String("worker-cmd", "",
	"the worker to test, as a command line that is run in the repository's root; by default the Go worker of this repository")

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// start starts the worker under test with the embedded engine unless o says otherwise.
func start(t *testing.T, o testcluster.Options) *testcluster.Cluster {
	t.Helper()
	if *workerCmd != "" {
		command, err := testcluster.SplitCommand(*workerCmd)
		if err != nil {
			t.Fatalf("-worker-cmd: %v", err)
		}
		o.WorkerCommands = [][]string{command}
	}
	o.Workers = 1
	return testcluster.Start(t, o)
}

func sqlite(t *testing.T) (*testcluster.Cluster, conformance.Fixture) {
	t.Helper()
	const suffix = "CONF"
	c := start(t, testcluster.Options{Env: []string{"WORKER_DB_SUFFIX=" + suffix}})
	return c, conformance.Fixture{URL: c.Workers[0].URL, Token: c.Token, Suffix: suffix, Dialect: enginetest.SQLite()}
}

func sqlServer(t *testing.T) (*testcluster.Cluster, conformance.Fixture) {
	t.Helper()
	databases := sqlservertest.New(t)
	suffix := databases.Suffix(t)
	c := start(t, testcluster.Options{SQLServer: databases.DSN(), Suffix: suffix})
	return c, conformance.Fixture{URL: c.Workers[0].URL, Token: c.Token, Suffix: "W0" + suffix, Dialect: enginetest.SQLServer()}
}

func process(t *testing.T, c *testcluster.Cluster) conformance.Process {
	return conformance.Process{URL: c.Workers[0].URL, Token: c.Token, Stop: func() {
		if c.Workers[0].Running() { // the cluster may have ended with the test
			c.Workers[0].Stop(t)
		}
	}}
}

func TestWorkerConforms(t *testing.T) {
	_, f := sqlite(t)
	conformance.Run(t, f)
}

func TestWorkerOverSQLServerConforms(t *testing.T) {
	_, f := sqlServer(t)
	conformance.Run(t, f)
}

func TestWorkerPassesEngineSuite(t *testing.T) {
	conformance.EngineSuite(t, enginetest.SQLite(), func(t *testing.T, dir string) conformance.Process {
		return process(t, start(t, testcluster.Options{DataDir: dir}))
	})
}

func TestWorkerOverSQLServerPassesEngineSuite(t *testing.T) {
	databases := sqlservertest.New(t)
	conformance.EngineSuite(t, enginetest.SQLServer(), func(t *testing.T, dir string) conformance.Process {
		return process(t, start(t, testcluster.Options{SQLServer: databases.DSN(), Suffix: databases.At(t, dir)}))
	})
}

func TestWorkerProvesItself(t *testing.T) {
	samples, err := os.ReadFile(filepath.Join(testcluster.Root(t), "shared", "api", "testdata", "golden", "proofs.json"))
	if err != nil {
		t.Fatal(err)
	}
	conformance.Proofs(t, samples, func(t *testing.T, secret string) string {
		return start(t, testcluster.Options{Env: []string{"MASTER_TOKEN=" + secret}}).Workers[0].URL
	})
}

func TestWorkerStopsUnderStream(t *testing.T) {
	c := start(t, testcluster.Options{Env: []string{"WORKER_SHUTDOWN_GRACE=100ms"}})
	conformance.Shutdown(t, process(t, c), enginetest.SQLite())
}

func TestWorkerLosesNothingWhenKilled(t *testing.T) {
	c, f := sqlite(t)
	w := c.Workers[0]
	conformance.Durability(t, f.Dialect, process(t, c), func() { w.Kill(t) }, func() { w.Restart(t) })
}

func TestWorkerOverSQLServerLosesNothingWhenKilled(t *testing.T) {
	c, f := sqlServer(t)
	w := c.Workers[0]
	conformance.Durability(t, f.Dialect, process(t, c), func() { w.Kill(t) }, func() { w.Restart(t) })
}
