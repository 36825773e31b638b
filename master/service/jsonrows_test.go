package service

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

func TestJSONRowsFormOneSelectResponse(t *testing.T) {
	columns := []api.Column{{Name: "a", Type: "INT"}}
	route := api.Route{Kind: api.RouteScatter, Shards: []int{0, 1}, Why: "no condition"}
	shards := []api.ShardResult{{Shard: 0, Worker: "w0", Rows: 2, MS: 1}}
	for name, blocks := range map[string][]string{
		"no rows":     nil,
		"one block":   {"[1]\n[2]\n"},
		"more blocks": {"[1]\n", "[2]\n[3]\n", "[null]\n"},
		"odd text":    {`["a\nb","],["]` + "\n", `[""]` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			j := newJSONRows(rec, httptest.NewRequest("POST", "/select", nil))
			defer j.Discard()
			if err := j.Head(columns); err != nil {
				t.Fatal(err)
			}
			want := api.SelectResponse{Columns: columns, Rows: []jsontext.Value{},
				EndInfoJSON: api.EndInfoJSON{Route: route, Shards: shards}}
			for _, b := range blocks {
				n := int64(strings.Count(b, "\n"))
				want.RowCount += n
				for line := range strings.Lines(b) {
					want.Rows = append(want.Rows, jsontext.Value(strings.TrimSpace(line)))
				}
				if err := j.Block([]byte(b), n); err != nil {
					t.Fatal(err)
				}
			}
			if j.Started() {
				t.Error("the answer was started although it is short")
			}
			if err := j.End(api.EndInfo{Route: &route, Shards: shards}); err != nil {
				t.Fatal(err)
			}
			var got api.SelectResponse
			if err := json.Unmarshal(rec.Body.Bytes(), &got, json.RejectUnknownMembers(true)); err != nil {
				t.Fatalf("%v in %s", err, rec.Body)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if got := rec.Header().Get("Content-Length"); got != fmt.Sprint(rec.Body.Len()) {
				t.Errorf("Content-Length %s of %d", got, rec.Body.Len())
			}
		})
	}
}

// TestFailedJSONAnswerIsAborted: the client gets the reason, and cannot take the answer for
// a complete one.
func TestFailedJSONAnswerIsAborted(t *testing.T) {
	big := strings.Repeat(`["0123456789abcdef0123456789abcdef"]`+"\n", 10_000)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		j := newJSONRows(w, r)
		defer j.Discard()
		err := errors.Join(j.Head([]api.Column{{Name: "a", Type: "INT"}}), j.Block([]byte(big), 10_000))
		if err != nil || !j.Started() {
			t.Errorf("%v, started %t", err, j.Started())
		}
		j.Fail(api.NewProblem(api.CodeShardTimeout, "late").On(2, "w2"))
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer srv.Close()
	resp, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the answer was not aborted: %v", err)
	}
	var got api.SelectResponse
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("the text is not valid JSON: %v", err)
	}
	if got.Error == nil || got.Error.Code != api.CodeShardTimeout || *got.Error.Shard != 2 || len(got.Rows) != 10_000 {
		t.Errorf("%d rows, error %v", len(got.Rows), got.Error)
	}
}
