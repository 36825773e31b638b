package contracttest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/contracttest"
)

// A checker that never objects proves nothing: each of these responses differs from a valid one
// in one respect.
func TestCheckResponseObjects(t *testing.T) {
	doc, err := contracttest.Load(api.MasterOpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	const (
		health  = `{"status":"ok","reasons":[],"role":"primary","term":1,"primary":"","cluster":"","lease":"manual","version":"0","uptime_seconds":1,"shards":[]}`
		problem = `{"type":"urn:shardeck:problem:not_primary","title":"This master is not the primary","status":409,"detail":"x","code":"not_primary","request_id":"r"}`
		stream  = "{\"columns\":[]}\n[1,\"a\",null]\n{\"end\":{\"rows\":1}}\n"
	)
	for _, tc := range []struct {
		name        string
		endpoint    string
		status      int
		media, body string
		ok          bool
		withoutID   bool
	}{
		{name: "a good answer", endpoint: "GET /health", status: 200, media: api.MediaJSON, body: health, ok: true},
		{name: "no request id", endpoint: "GET /health", status: 200, media: api.MediaJSON, body: health, withoutID: true},
		{name: "a missing member", endpoint: "GET /health", status: 200, media: api.MediaJSON, body: strings.Replace(health, `"term":1,`, ``, 1)},
		{name: "a value of another type", endpoint: "GET /health", status: 200, media: api.MediaJSON, body: strings.Replace(health, `"term":1`, `"term":"1"`, 1)},
		{name: "a word that is not listed", endpoint: "GET /health", status: 200, media: api.MediaJSON, body: strings.Replace(health, `"ok"`, `"fine"`, 1)},
		{name: "another media type", endpoint: "GET /health", status: 200, media: "text/html", body: health},
		{name: "an endpoint that is not documented", endpoint: "GET /secret", status: 200, media: api.MediaJSON, body: `{}`},
		{name: "a good problem", endpoint: "POST /create-db", status: 409, media: api.MediaProblem, body: problem, ok: true},
		{name: "a problem as plain JSON", endpoint: "POST /create-db", status: 409, media: api.MediaJSON, body: problem},
		{name: "a problem of another status", endpoint: "POST /create-db", status: 400, media: api.MediaProblem, body: problem},
		{name: "a problem of another title", endpoint: "POST /create-db", status: 409, media: api.MediaProblem, body: strings.Replace(problem, "This master", "That master", 1)},
		{name: "a code that is not listed", endpoint: "POST /create-db", status: 500, media: api.MediaProblem, body: strings.Replace(problem, "not_primary", "nonsense", 2)},
		{name: "an error page", endpoint: "POST /create-db", status: 500, media: "text/plain", body: "oops"},
		{name: "a good stream", endpoint: "POST /select", status: 200, media: api.MediaNDJSON, body: stream, ok: true},
		{name: "a stream that was cut", endpoint: "POST /select", status: 200, media: api.MediaNDJSON, body: strings.TrimSuffix(stream, "{\"end\":{\"rows\":1}}\n")},
		{name: "a row that is an object", endpoint: "POST /select", status: 200, media: api.MediaNDJSON, body: strings.Replace(stream, `[1,"a",null]`, `{"a":1}`, 1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			method, path, _ := strings.Cut(tc.endpoint, " ")
			req := httptest.NewRequest(method, path, strings.NewReader("{}"))
			resp := &http.Response{StatusCode: tc.status, Header: http.Header{"Content-Type": {tc.media}}, Request: req}
			if !tc.withoutID {
				resp.Header.Set(api.HeaderRequestID, "r")
			}
			if err := doc.CheckResponse(req, resp, []byte(tc.body)); (err == nil) != tc.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCheckRequestObjects(t *testing.T) {
	doc, err := contracttest.Load(api.MasterOpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	for body, ok := range map[string]bool{
		`{"db_name":"A","table":"T","data":{"a":1}}`:             true,
		`{"db_name":"A","table":"T","rows":[{"a":1}]}`:           true,
		`{"db_name":"A","table":"T"}`:                            false,
		`{"db_name":"A","table":"T","data":{"a":1},"rows":[{}]}`: false,
		`{"db_name":"A B","table":"T","data":{"a":1}}`:           false,
		`{"db_name":"A","table":"T","data":{"a":[1]}}`:           false,
		`{"db_name":"A","table":"T","data":{"a":1},"x":1}`:       false,
		``: false,
	} {
		req := httptest.NewRequest(http.MethodPost, api.PathInsert, nil)
		req.Header.Set("Content-Type", api.MediaJSON)
		if err := doc.CheckRequest(req, []byte(body)); (err == nil) != ok {
			t.Errorf("%s: got %v", body, err)
		}
	}
}
