package client_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// runs is a master that runs a statement under the request id, and the number of times that it was
// asked what it runs.
func runs(t *testing.T, cluster, requestID string) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", api.MediaJSON)
		switch r.URL.Path {
		case api.PathHealth:
			fmt.Fprintf(w, `{"cluster":%q}`, cluster)
		case api.PathQueries:
			asked.Add(1)
			fmt.Fprintf(w, `{"queries":[{"id":"a","request_id":"other"},{"id":"b","request_id":%q,"parts":[{"shard":2,"state":"awaited"}]}]}`, requestID)
		default:
			fmt.Fprint(w, inserted)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL, asked
}

func TestRunningFindsTheStatementOfARequest(t *testing.T) {
	url, _ := runs(t, "c", "mine")
	m := client.NewMaster(url)
	defer m.Close()
	run, err := m.Running(t.Context(), "mine")
	if err != nil || run == nil || run.ID != "b" || len(run.Parts) != 1 || run.Parts[0].Shard != 2 || run.Parts[0].State != api.PartAwaited {
		t.Errorf("%+v, %v", run, err)
	}
	if run, err := m.Running(t.Context(), "nobody's"); run != nil || err != nil {
		t.Errorf("one that does not run: %+v, %v", run, err)
	}
}

func TestRunningAsksOnlyMastersThatAreUsed(t *testing.T) {
	first, firstAsked := runs(t, "c", "one")
	second, secondAsked := runs(t, "c", "two")
	foreign, foreignAsked := runs(t, "another", "two")
	c := client.NewCluster([]string{first, second, foreign})
	defer c.Close()
	find := func(requestID string) string {
		t.Helper()
		run, err := c.Running(t.Context(), requestID)
		if err != nil {
			t.Fatal(err)
		}
		if run == nil {
			return ""
		}
		return run.ID
	}
	if find("one") != "" || firstAsked.Load() != 0 {
		t.Error("a master was asked before anything was sent to it")
	}
	for _, url := range []string{first, second, foreign} {
		c.Prefer(url)
		if _, err := insert(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	c.Prefer(first)
	if find("one") != "b" || firstAsked.Load() != 1 || secondAsked.Load() != 0 {
		t.Errorf("the current master was asked %d times, the other %d times", firstAsked.Load(), secondAsked.Load())
	}
	if find("two") != "b" || secondAsked.Load() != 1 {
		t.Errorf("the other master was asked %d times", secondAsked.Load())
	}
	if find("three") != "" || foreignAsked.Load() != 0 {
		t.Errorf("another cluster's master was asked %d times", foreignAsked.Load())
	}
}
