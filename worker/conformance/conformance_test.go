package conformance_test

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"shardeck/shared/sqlservertest"
	"shardeck/shared/testcluster"
	"shardeck/worker/conformance"
	"shardeck/worker/engine/enginetest"
)

var workerCmd = flag.String("worker-cmd", "",
	"the worker to test, as a command line that is run in the repository's root; by default the Go worker of this repository")

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// worker is the command of a worker under test; nil is the Go worker of this repository.
type worker []string

// underTest is the worker that the tests are about unless their names say otherwise.
func underTest(t *testing.T) worker {
	t.Helper()
	if *workerCmd == "" {
		return nil
	}
	command, err := testcluster.SplitCommand(*workerCmd)
	if err != nil {
		t.Fatalf("-worker-cmd: %v", err)
	}
	return command
}

// start starts the worker with the embedded engine unless o says otherwise.
func (w worker) start(t *testing.T, o testcluster.Options) *testcluster.Cluster {
	t.Helper()
	o.Workers, o.WorkerCommands = 1, [][]string{w}
	return testcluster.Start(t, o)
}

func (w worker) sqlite(t *testing.T) (*testcluster.Cluster, conformance.Fixture) {
	t.Helper()
	const suffix = "CONF"
	c := w.start(t, testcluster.Options{Env: []string{"WORKER_DB_SUFFIX=" + suffix}})
	return c, conformance.Fixture{URL: c.Workers[0].URL, Token: c.Token, Suffix: suffix, Dialect: enginetest.SQLite()}
}

func (w worker) sqlServer(t *testing.T) (*testcluster.Cluster, conformance.Fixture) {
	t.Helper()
	databases := sqlservertest.New(t)
	suffix := databases.Suffix(t)
	c := w.start(t, testcluster.Options{SQLServer: databases.DSN(), Suffix: suffix})
	return c, conformance.Fixture{URL: c.Workers[0].URL, Token: c.Token, Suffix: "W0" + suffix, Dialect: enginetest.SQLServer()}
}

func process(t *testing.T, c *testcluster.Cluster) conformance.Process {
	return conformance.Process{URL: c.Workers[0].URL, Token: c.Token, Stop: func() {
		if c.Workers[0].Running() { // the cluster may have ended with the test
			c.Workers[0].Stop(t)
		}
	}}
}

func TestWorkerConforms(t *testing.T) { underTest(t).conforms(t) }

func (w worker) conforms(t *testing.T) {
	_, f := w.sqlite(t)
	conformance.Run(t, f)
}

func TestWorkerOverSQLServerConforms(t *testing.T) {
	_, f := underTest(t).sqlServer(t)
	conformance.Run(t, f)
}

func TestWorkerPassesEngineSuite(t *testing.T) { underTest(t).passesEngineSuite(t) }

func (w worker) passesEngineSuite(t *testing.T) {
	conformance.EngineSuite(t, enginetest.SQLite(), func(t *testing.T, dir string) conformance.Process {
		return process(t, w.start(t, testcluster.Options{DataDir: dir}))
	})
}

func TestWorkerOverSQLServerPassesEngineSuite(t *testing.T) {
	databases := sqlservertest.New(t)
	conformance.EngineSuite(t, enginetest.SQLServer(), func(t *testing.T, dir string) conformance.Process {
		return process(t, underTest(t).start(t, testcluster.Options{SQLServer: databases.DSN(), Suffix: databases.At(t, dir)}))
	})
}

func TestWorkerProvesItself(t *testing.T) { underTest(t).provesItself(t) }

func (w worker) provesItself(t *testing.T) {
	samples, err := os.ReadFile(filepath.Join(testcluster.Root(t), "shared", "api", "testdata", "golden", "proofs.json"))
	if err != nil {
		t.Fatal(err)
	}
	conformance.Proofs(t, samples, func(t *testing.T, secret string) string {
		return w.start(t, testcluster.Options{Env: []string{"MASTER_TOKEN=" + secret}}).Workers[0].URL
	})
}

func TestWorkerStopsUnderStream(t *testing.T) { underTest(t).stopsUnderStream(t) }

func (w worker) stopsUnderStream(t *testing.T) {
	c := w.start(t, testcluster.Options{Env: []string{"WORKER_SHUTDOWN_GRACE=100ms"}})
	conformance.Shutdown(t, process(t, c), enginetest.SQLite())
}

func TestWorkerLosesNothingWhenKilled(t *testing.T) { underTest(t).losesNothingWhenKilled(t) }

func (w worker) losesNothingWhenKilled(t *testing.T) {
	c, f := w.sqlite(t)
	n := c.Workers[0]
	conformance.Durability(t, f.Dialect, process(t, c), func() { n.Kill(t) }, func() { n.Restart(t) })
}

func TestWorkerNoticesWhenItsFilesAreGone(t *testing.T) { underTest(t).noticesWhenItsFilesAreGone(t) }

func (w worker) noticesWhenItsFilesAreGone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not remove or move files that are open")
	}
	start := func(t *testing.T, dir string) conformance.Process {
		return process(t, w.start(t, testcluster.Options{DataDir: dir}))
	}
	conformance.Storage(t, start, func(dir string) string { return filepath.Join(dir, "worker-0") })
}

func TestWorkerKeepsTheSuffixOfItsDirectory(t *testing.T) {
	underTest(t).keepsTheSuffixOfItsDirectory(t)
}

func (w worker) keepsTheSuffixOfItsDirectory(t *testing.T) {
	n := w.start(t, testcluster.Options{Env: []string{"WORKER_DB_SUFFIX=CONF"}}).Workers[0]
	n.Stop(t)
	if err := n.TryStart(t, "WORKER_DB_SUFFIX=F"); err == nil || !strings.Contains(err.Error(), "WORKER_DB_SUFFIX=CONF") {
		t.Errorf("started with another suffix: %v, want an error that names the right one", err)
	}
}

func TestWorkerOverSQLServerLosesNothingWhenKilled(t *testing.T) {
	c, f := underTest(t).sqlServer(t)
	n := c.Workers[0]
	conformance.Durability(t, f.Dialect, process(t, c), func() { n.Kill(t) }, func() { n.Restart(t) })
}

// TestLanguages runs the tests of a worker on those in other languages.
func TestLanguages(t *testing.T) {
	for _, l := range testcluster.Languages(t) {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel() // most of the time is spent waiting for processes
			w := worker(l.Command)
			t.Run("Conforms", w.conforms)
			t.Run("PassesEngineSuite", w.passesEngineSuite)
			t.Run("ProvesItself", w.provesItself)
			t.Run("StopsUnderStream", w.stopsUnderStream)
			t.Run("LosesNothingWhenKilled", w.losesNothingWhenKilled)
			t.Run("NoticesWhenItsFilesAreGone", w.noticesWhenItsFilesAreGone)
			t.Run("KeepsTheSuffixOfItsDirectory", w.keepsTheSuffixOfItsDirectory)
		})
	}
}
