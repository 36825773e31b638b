package client_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

const inserted = `{"rows_affected":1,"route":{"kind":"point","shards":[2],"why":""},"shards":[]}`

func TestWriteIsRepeatedWithItsKey(t *testing.T) {
	for name, first := range map[string]http.HandlerFunc{
		"lost":           hangUp,
		"unknown":        refusing(api.CodeOutcomeUnknown, ""),
		"demoted":        refusing(api.CodeStaleTerm, ""),
		"overloaded":     refusing(api.CodeOverloaded, ""),
		"without shards": refusing(api.CodeShardUnavailable, `,"shard":1`),
		"no master":      answering(404, "text/html", "<html>"),
	} {
		t.Run(name, func(t *testing.T) {
			a, b := script(t, "c", first), script(t, "c", answering(200, api.MediaJSON, inserted))
			c := clusterOf(t, a, b)
			var seen []client.Attempt
			ctx := client.WithAttempts(t.Context(), func(a client.Attempt) { seen = append(seen, a) })
			resp, err := insert(ctx, c)
			if err != nil || resp.RowsAffected != 1 {
				t.Fatal(resp, err)
			}
			// net/http itself resends a write that has a key if a kept connection was dead.
			same := name != "without shards" // then nothing was written, and another key is stored on another shard
			if k := slices.Compact(slices.Clone(a.sentKeys())); len(k) != 1 || len(b.sentKeys()) != 1 || (k[0] == b.sentKeys()[0]) != same || len(k[0]) < 20 {
				t.Errorf("the keys are %q and %q", a.sentKeys(), b.sentKeys())
			}
			sent := a.sent()
			if len(seen) != 1 || seen[0].Master != a.URL || seen[0].Next != b.URL || seen[0].Err == nil {
				t.Errorf("reported %+v", seen)
			}
			if c.Current() != b.URL {
				t.Errorf("the next request goes to %s", c.Current())
			}
			if _, err := insert(ctx, c, client.IdempotencyKey("mine")); err != nil {
				t.Fatal(err)
			}
			if a.sent() != sent || len(b.sentKeys()) != 2 || b.sentKeys()[1] != "mine" {
				t.Errorf("after that: %q and %q", a.sentKeys(), b.sentKeys())
			}
		})
	}
}

func TestKeyIsKeptOnceSomethingMayBeWritten(t *testing.T) {
	a := script(t, "c", refusing(api.CodeOutcomeUnknown, ""), refusing(api.CodeShardUnavailable, `,"shard":1`), answering(200, api.MediaJSON, inserted))
	if _, err := insert(t.Context(), clusterOf(t, a)); err != nil || len(a.sentKeys()) != 3 || len(slices.Compact(slices.Clone(a.sentKeys()))) != 1 {
		t.Errorf("%v with the keys %q", err, a.sentKeys())
	}
	b := script(t, "c", refusing(api.CodeShardUnavailable, `,"shard":1`), answering(200, api.MediaJSON, inserted))
	if _, err := insert(t.Context(), clusterOf(t, b), client.IdempotencyKey("mine")); err != nil || len(slices.Compact(slices.Clone(b.sentKeys()))) != 1 {
		t.Errorf("%v with the keys %q: the caller's was replaced", err, b.sentKeys())
	}
}

func TestEachWriteHasAnotherKey(t *testing.T) {
	a := script(t, "c", answering(200, api.MediaJSON, inserted))
	c := clusterOf(t, a)
	for range 20 {
		if _, err := insert(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for _, k := range a.sentKeys() {
		seen[k] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d keys for 20 writes", len(seen))
	}
}

func TestOnlyRowWritesOfStatementsHaveAKey(t *testing.T) {
	a := script(t, "c", answering(200, api.MediaJSON, `{"route":{"kind":"none","shards":[],"why":""},"shards":[]}`))
	c := clusterOf(t, a)
	for sql, keyed := range map[string]bool{
		"SELECT 1": false, "-- x\n; insert INTO T VALUES (1)": true, "UPDATE T SET a = 1": true, "DELETE FROM T": true,
		"CREATE TABLE T (a INT)": false, "drop TABLE T": false,
	} {
		before := len(a.sentKeys())
		if _, err := c.Query(t.Context(), &api.SQLRequest{DB: "D", SQL: sql}); err != nil {
			t.Fatal(err)
		}
		if got := a.sentKeys()[before] != ""; got != keyed {
			t.Errorf("%s: sent with a key: %v", sql, got)
		}
	}
	before := len(a.sentKeys())
	if _, err := c.Query(t.Context(), &api.SQLRequest{DB: "D", SQL: "DELETE FROM T", Explain: true}); err != nil || a.sentKeys()[before] != "" {
		t.Errorf("a plan was requested with the key %q, %v", a.sentKeys()[before], err)
	}
}

func TestRefusalsAreNotRepeated(t *testing.T) {
	for _, code := range api.Codes() {
		switch code {
		case api.CodeNotPrimary, api.CodeStaleTerm, api.CodeOverloaded, api.CodeShardUnavailable, api.CodeOutcomeUnknown:
			continue
		}
		a, b := script(t, "c", refusing(code, `,"shard":1`)), script(t, "c", answering(200, api.MediaJSON, inserted))
		if _, err := insert(t.Context(), clusterOf(t, a, b)); api.CodeOf(err) != code || a.sent() != 1 || b.sent() != 0 {
			t.Errorf("%s: %v after %d and %d requests", code, err, a.sent(), b.sent())
		}
	}
}

func TestReadWithUnknownOutcomeIsNotRepeated(t *testing.T) {
	a := script(t, "c", refusing(api.CodeOutcomeUnknown, ""))
	if _, err := clusterOf(t, a, a).Count(t.Context(), &api.MapReduceCountRequest{}); api.CodeOf(err) != api.CodeOutcomeUnknown || a.sent() != 1 {
		t.Errorf("%v after %d requests", err, a.sent())
	}
}

// The address of the primary in an answer is only believed if it is configured: anybody who answers
// in a master's place could name his own and be sent the API token.
func TestNamedPrimaryIsUsedOnlyIfConfigured(t *testing.T) {
	stranger := script(t, "c", answering(200, api.MediaJSON, `{"db_name":"D","shards":[]}`))
	third := script(t, "c", answering(200, api.MediaJSON, `{"db_name":"D","shards":[]}`))
	second := script(t, "c", refusing(api.CodeNotPrimary, `,"primary":"`+stranger.URL+`"`))
	first := script(t, "c", refusing(api.CodeNotPrimary, `,"primary":"`+third.URL+`"`))
	c := clusterOf(t, first, second, third)
	if _, err := createTable(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if first.sent() != 1 || second.sent() != 0 || third.sent() != 1 {
		t.Errorf("%d, %d and %d requests: the named primary was not used", first.sent(), second.sent(), third.sent())
	}
	c.Prefer(second.URL)
	if _, err := createTable(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	c.Prefer(stranger.URL)
	if c.Current() == stranger.URL || len(stranger.sentTokens()) > 0 {
		t.Errorf("a master that is not configured was sent %q", stranger.sentTokens())
	}
	if diff := cmp.Diff("Bearer secret", third.sentTokens()[0]); diff != "" {
		t.Error(diff)
	}
}

func TestMasterOfAnotherClusterIsNotUsed(t *testing.T) {
	a := script(t, "one", answering(200, api.MediaJSON, inserted), refusing(api.CodeOverloaded, ""), answering(200, api.MediaJSON, inserted))
	b := script(t, "two", answering(200, api.MediaJSON, inserted))
	c := clusterOf(t, a, b)
	var seen []client.Attempt
	ctx := client.WithAttempts(t.Context(), func(a client.Attempt) { seen = append(seen, a) })
	for range 2 {
		if _, err := insert(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	if b.sent() != 0 || a.sent() != 3 {
		t.Errorf("%d requests to the master of another cluster, %d to the other", b.sent(), a.sent())
	}
	if len(seen) != 2 || seen[1].Master != b.URL || !strings.Contains(seen[1].Err.Error(), "another cluster than the one at "+a.URL) {
		t.Errorf("reported %+v", seen)
	}
	a.CloseClientConnections()
	a.Close()
	_, err := c.Count(ctx, &api.MapReduceCountRequest{})
	if p := api.AsProblem(err); p == nil || p.Title != "No master can be reached" || len(p.Causes) != 2 || b.sent() != 0 {
		t.Errorf("without the master of the cluster: %+v", p)
	}
}

func TestAClusterSetUpAnewIsAccepted(t *testing.T) {
	a := script(t, "one", answering(200, api.MediaJSON, inserted), hangUp, hangUp, answering(200, api.MediaJSON, inserted))
	dead := script(t, "one")
	dead.Close()
	c := clusterOf(t, a, dead)
	if _, err := insert(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	a.join("two")
	// The outcome of the second write is unknown: it must not be repeated in another cluster.
	if _, err := insert(t.Context(), c); err == nil {
		t.Fatal("a write was repeated in another cluster")
	}
	if a.sent() != 3 { // net/http itself resends it once, on the kept connection's failure
		t.Errorf("%d requests", a.sent())
	}
	if _, err := insert(t.Context(), c); err != nil {
		t.Errorf("the next write: %v", err)
	}
}

func TestLostSchemaChangeSaysWhatItDoesNotKnow(t *testing.T) {
	for code, want := range map[api.Code]string{
		api.CodeTableExists:     "Whether this request created it",
		api.CodeUnknownDatabase: "Whether this request dropped it",
		api.CodePartialFailure:  "refused",
	} {
		a, b := script(t, "c", hangUp), script(t, "c", refusing(code, ""))
		_, err := createTable(t.Context(), clusterOf(t, a, b))
		if p := api.AsProblem(err); p.Code != api.CodeOutcomeUnknown || !strings.Contains(p.Detail, want) || len(p.Causes) != 2 {
			t.Errorf("%s: %+v", code, p)
		}
		if len(a.sentKeys()) != 1 || a.sentKeys()[0]+b.sentKeys()[0] != "" {
			t.Errorf("%s: a schema change was sent with a key", code)
		}
	}
	a, b := script(t, "c", hangUp), script(t, "c", refusing(api.CodeSyntax, ""))
	if _, err := createTable(t.Context(), clusterOf(t, a, b)); api.CodeOf(err) != api.CodeSyntax {
		t.Errorf("a request that no master accepts: %v", err)
	}
	a, b = script(t, "c", refusing(api.CodeNotPrimary, "")), script(t, "c", refusing(api.CodeTableExists, ""))
	if _, err := createTable(t.Context(), clusterOf(t, a, b)); api.CodeOf(err) != api.CodeTableExists {
		t.Errorf("no attempt was lost: %v", err)
	}
}

func TestUnknownOutcomeStaysUnknown(t *testing.T) {
	a, b := script(t, "c", hangUp), script(t, "c")
	b.Close()
	_, err := insert(t.Context(), clusterOf(t, a, b), client.IdempotencyKey("mine"))
	if p := api.AsProblem(err); p.Code != api.CodeOutcomeUnknown || !strings.Contains(p.Hint, "Idempotency-Key mine") {
		t.Errorf("%+v", p)
	}
	for _, k := range a.sentKeys() {
		if k != "mine" {
			t.Errorf("the keys are %q", a.sentKeys())
		}
	}
}

func TestAttemptsEndWithTheContext(t *testing.T) {
	a := script(t, "c", refusing(api.CodeOverloaded, ""))
	ctx, cancel := context.WithCancel(client.WithAttempts(t.Context(), func(client.Attempt) {}))
	attempts := 0
	ctx = client.WithAttempts(ctx, func(client.Attempt) {
		if attempts++; attempts == 3 {
			cancel()
		}
	})
	if _, err := insert(ctx, clusterOf(t, a)); api.CodeOf(err) != api.CodeOverloaded || a.sent() != 3 {
		t.Errorf("%v after %d requests", err, a.sent())
	}
	if _, err := insert(t.Context(), clusterOf(t, a)); api.CodeOf(err) != api.CodeOverloaded || a.sent() > 3+40 {
		t.Errorf("%v after %d requests", err, a.sent())
	}
}

func TestStreamIsRepeatedBeforeItsFirstRow(t *testing.T) {
	head := `{"columns":[{"name":"n","type":"INT"}]}` + "\n"
	late := answering(200, api.MediaNDJSON, head+`{"error":{"code":"shard_unavailable","detail":"gone","shard":1}}`+"\n")
	good := answering(200, api.MediaNDJSON, head+"[1]\n[2]\n"+`{"end":{"rows":2}}`+"\n")
	cut := answering(200, api.MediaNDJSON, head+"[1]\n"+`{"error":{"code":"shard_unavailable","detail":"gone","shard":1}}`+"\n")
	empty := answering(200, api.MediaNDJSON, head+`{"end":{"rows":0}}`+"\n")
	for name, c := range map[string]struct {
		first http.HandlerFunc
		rows  string
		want  api.Code
		sent  int
	}{
		"before the head":     {hangUp, "[1][2]", "", 1},
		"before the first":    {late, "[1][2]", "", 1},
		"after the first row": {cut, "[1]", api.CodeShardUnavailable, 0},
		"without rows":        {empty, "", "", 0},
	} {
		a, b := script(t, "c", c.first), script(t, "c", good)
		rows, err := clusterOf(t, a, b).QueryStream(t.Context(), &api.SQLRequest{DB: "D", SQL: "SELECT n FROM T"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, _, err := collect(rows)
		if strings.Join(got, "") != c.rows || api.CodeOf(err) != c.want || b.sent() != c.sent {
			t.Errorf("%s: %q, %v, %d requests to the other master", name, got, err, b.sent())
		}
	}
}

// A master that takes long but lives is left alone; one that answers nothing at all is given up.
func TestSilentMasterIsGivenUp(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(hang))
	defer silent.Close()
	slow := script(t, "c", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(3 * time.Second) // longer than the first probe
		_, _ = io.WriteString(w, inserted)
	})
	c := client.NewCluster([]string{silent.URL, slow.URL})
	defer c.Close()
	if resp, err := insert(t.Context(), c); err != nil || resp.RowsAffected != 1 || slow.sent() != 1 {
		t.Errorf("%+v, %v after %d requests", resp, err, slow.sent())
	}
	var half *scripted // answers probes, and so is used; then it hangs as a whole
	half = script(t, "c", func(w http.ResponseWriter, r *http.Request) {
		half.silent.Store(true)
		hang(w, r)
	})
	quick := script(t, "c", answering(200, api.MediaJSON, inserted))
	c = clusterOf(t, half, quick)
	if _, err := insert(t.Context(), c); err != nil || quick.sent() != 1 || half.sentKeys()[0] != quick.sentKeys()[0] {
		t.Errorf("%v after %d requests to the other master", err, quick.sent())
	}
}

func TestClusterWithoutMasters(t *testing.T) {
	if _, err := insert(t.Context(), client.NewCluster(nil)); api.CodeOf(err) != api.CodeShardUnavailable {
		t.Error(err)
	}
	if _, err := insert(t.Context(), client.NewCluster([]string{"ftp://x", "http://u:p@y"})); api.CodeOf(err) != api.CodeShardUnavailable {
		t.Error(err)
	}
}
