package answer_test

import (
	"testing"

	"shardeck/shared/api"
	"shardeck/tui/answer"
)

func TestSecuritySummary(t *testing.T) {
	passed := api.SecurityProbe{OK: true, Status: 401}
	failed := api.SecurityProbe{Status: 200}
	silent := api.SecurityProbe{}
	proven := api.SecurityWorker{Proven: true}
	unproven := api.SecurityWorker{Problem: api.NewProblem(api.CodeWorkerUnproven, "its proof does not match")}
	down := api.SecurityWorker{Problem: api.NewProblem(api.CodeShardUnavailable, "refused")}
	for name, c := range map[string]struct {
		resp       api.SecurityCheckResponse
		incomplete bool
		want       string
	}{
		"all passed": {api.SecurityCheckResponse{OK: true, Probes: []api.SecurityProbe{passed, passed}, Workers: []api.SecurityWorker{proven}},
			false, "all protected endpoints are protected: 2 probes"},
		"one failed": {api.SecurityCheckResponse{Probes: []api.SecurityProbe{passed, failed, silent}, Workers: []api.SecurityWorker{proven, down}},
			false, "NOT SECURE: 1 of 3 probes failed, 1 had no answer"},
		"a worker is down": {api.SecurityCheckResponse{Probes: []api.SecurityProbe{passed, silent}, Workers: []api.SecurityWorker{proven, down}},
			true, "INCOMPLETE: 1 of 2 probes had no answer; the others passed"},
		"an impostor": {api.SecurityCheckResponse{Probes: []api.SecurityProbe{passed, silent}, Workers: []api.SecurityWorker{proven, unproven}},
			false, "NOT SECURE: 1 of 2 workers not proven; 0 of 2 probes failed, 1 had no answer"},
	} {
		s := answer.SecurityOf(&c.resp)
		if s.String() != c.want || s.Incomplete() != c.incomplete {
			t.Errorf("%s: %q, incomplete %v; want %q, %v", name, s, s.Incomplete(), c.want, c.incomplete)
		}
	}
}

func TestNoMaster(t *testing.T) {
	shard := 1
	for name, c := range map[string]struct {
		p    api.Problem
		want bool
	}{
		"a call that reached no master":     {api.Problem{Code: api.CodeShardUnavailable}, true},
		"a call that timed out":             {api.Problem{Code: api.CodeShardTimeout}, true},
		"a master's own problem":            {api.Problem{Code: api.CodeShardUnavailable, RequestID: "1"}, false},
		"a shard's problem":                 {api.Problem{Code: api.CodeShardUnavailable, Shard: &shard}, false},
		"a refusal, which a master decided": {api.Problem{Code: api.CodeSyntax}, false},
	} {
		if got := answer.NoMaster(&c.p); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestAppliedNamesShardsAndRows(t *testing.T) {
	got := answer.Applied([]api.ShardResult{{Shard: 0, Worker: "worker-0", Rows: 3}, {Shard: 2, Worker: "worker-2", Rows: 1}})
	if want := "shard 0 (worker-0): 3 rows, shard 2 (worker-2): 1 row"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
