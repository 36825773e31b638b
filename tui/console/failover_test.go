package console

import (
	"slices"
	"testing"
	"time"

	"shardeck/shared/api"
)

func TestBackupRefusesFailover(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.w.checks = []api.FailoverCheck{{Name: "a majority of the workers answers", Required: true, Detail: "1 of 3; 2 are needed"}}
	d.w.refusal = api.NewProblem(api.CodeFailoverFailed, "preflight: 1 of 3; 2 are needed")
	d.keys("f")
	d.shows("a majority of the workers answers", "not possible now: preflight: 1 of 3; 2 are needed", "▸ Close")
	d.keys("right", "enter")
	if d.w.failovers != 0 || len(d.m.stack) != 1 {
		t.Errorf("%d failovers, %d dialogs", d.w.failovers, len(d.m.stack))
	}
}

func TestFailoverIsForcedOnlyIfConfirmedSo(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys("f")
	d.wait(time.Second)
	d.keys("right")
	d.shows("▸ Fail over")
	d.w.checks = []api.FailoverCheck{{Name: "every shard is up", Required: true, Forceable: true, Detail: "shard 2 is down"}}
	d.w.refusal = api.NewProblem(api.CodeFailoverFailed, "preflight: every shard is up: shard 2 is down")
	d.wait(4 * time.Second)
	d.shows("▸ Cancel", "Force", "possible only by force")
	d.keys("right", "enter")
	if d.w.failovers != 1 || !d.w.forced {
		t.Errorf("%d failovers, by force: %v", d.w.failovers, d.w.forced)
	}
}

func TestDryRunsEndWithTheDialog(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys("f")
	d.wait(10 * time.Second)
	if d.w.dryRuns < 3 || d.w.dryRuns > 8 {
		t.Errorf("%d dry runs in 10 s", d.w.dryRuns)
	}
	d.keys("esc")
	before := d.w.dryRuns
	d.wait(10 * time.Second)
	if d.w.dryRuns != before {
		t.Errorf("%d dry runs after the dialog was closed", d.w.dryRuns-before)
	}
}

func TestMasterOfAnotherClusterIsNamed(t *testing.T) {
	w := newWorld()
	w.clusters = map[string]string{urlA: "one", urlB: "two"}
	d := drive(t, w)
	d.wait(3 * time.Second)
	d.shows("127.0.0.1:8084 belongs to another cluster than 127.0.0.1:8080")
	w.primary = urlB // which claims to lead now
	d.wait(10 * time.Second)
	d.shows("127.0.0.1:8080")
	if d.m.state.Current != urlA {
		t.Errorf("follows %s of another cluster", d.m.state.Current)
	}
	if !slices.Contains(d.m.state.Foreign(), urlB) {
		t.Errorf("of another cluster: %v", d.m.state.Foreign())
	}
}
