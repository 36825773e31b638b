package console

import (
	"strings"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/screen"
)

// A shard that hangs is an alarm with since when, a read that needs it is refused, a partial one goes
// on without it, and its return is told with how long it was away.
func TestFrozenShardFlowOnRealCluster(t *testing.T) {
	f, c := startFlow(t)
	c.Workers[1].Pause(t)
	f.await("shard 1 (worker-1) down", "2 OF 3 SHARDS", "~1,000 rows")
	f.keys(numberOf(screen.ShardsPlace))
	f.await("Shard 1", "✗ down, for", "why") // the one in trouble is shown first
	f.keys("1", "c")
	f.await("partial: without 1 shard")
	if _, err := c.Master(0).Count(t.Context(), &api.MapReduceCountRequest{DB: "School", Table: "Students"}); api.CodeOf(err) != api.CodeShardTimeout && api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("a count that needs it: %v", err)
	}
	f.await("err/s") // which the console shows as the clients' error
	c.Workers[1].Resume(t)
	f.await("HEALTHY", "is up again, after")
}

// Nobody answers, and everybody comes back: the numbers are marked as old meanwhile, and nothing has
// to be done to see new ones.
func TestTotalOutageFlowOnRealCluster(t *testing.T) {
	f, c := startFlow(t)
	for _, n := range c.Masters {
		n.Kill(t)
	}
	f.await("NO MASTER", "no master for", "last known:")
	f.keys(numberOf(screen.FailoverPlace))
	f.await("No master answers. Start a master")
	for _, w := range c.Workers {
		w.Kill(t)
	}
	for _, w := range c.Workers {
		w.Restart(t)
	}
	for _, n := range c.Masters {
		n.Restart(t)
	}
	f.await("HEALTHY", "Nothing: the primary answers")
	f.keys(numberOf(screen.EventsPlace))
	f.await("reconnected to", "lost 127.0.0.1")
}

// The primary is killed, and the backup promoted in the console; the place of failovers keeps its
// timeline, and requests go on through the other master without a dip in what clients see.
func TestFailoverFlowOnRealCluster(t *testing.T) {
	f, c := startFlow(t)
	f.keys(numberOf(screen.LivePlace))
	if _, err := c.Master(1).Select(t.Context(), &api.SelectRequest{DB: "School", Table: "Students", Columns: api.NameList{"name"}, ShardKey: []byte("42")}); err != nil {
		t.Fatal(err) // through the backup, which the console does not poll
	}
	f.await("key 42 → hash")
	c.Masters[0].Kill(t)
	f.await("does not answer")
	f.keys(numberOf(screen.FailoverPlace))
	f.await("is gone", "it would succeed")
	f.keys("enter")
	f.await("▸ Cancel")
	f.pass(time.Second)
	f.keys("right")
	f.await("▸ Fail over")
	f.keys("enter")
	f.await("is primary, with term")
	f.pass(time.Second)
	f.keys("esc")
	f.await("✓ done", "Timeline of term")
	if strings.Contains(f.m.View(), "two masters call themselves primary") {
		t.Error("the killed master counts as a second primary")
	}
}
