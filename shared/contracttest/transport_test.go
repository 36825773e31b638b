package contracttest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/contracttest"
)

// answers is a server with one response, a row stream.
type answers string

func (a answers) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {api.MediaNDJSON}, api.HeaderRequestID: {"x"}},
		Body: io.NopCloser(strings.NewReader(string(a))),
	}, nil
}

// recorder counts the faults that a Transport reports.
type recorder struct {
	testing.TB
	faults int
}

func (r *recorder) Errorf(string, ...any) { r.faults++ }

func TestTransportChecksStreams(t *testing.T) {
	doc, err := contracttest.Load(api.WorkerOpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	const query = `{"db_name":"A","sql":"SELECT 1","result_types":["INT"]}`
	long := strings.Repeat("[1]\n", 100_000)
	for _, c := range []struct {
		name, stream string
		read         int64 // bytes before it is closed
		faults       int
	}{
		{"a good stream", "[1]\n{\"end\":{\"rows\":1}}\n", 1000, 0},
		{"a bad end", "[1]\n{\"end\":{\"rows\":\"1\"}}\n", 1000, 1},
		{"a bad end, closed before EOF", "[1]\n{\"error\":{}}\n", 17, 1},
		{"no end", "[1]\n", 1000, 1},
		{"closed in a row", "[1]\n[2]\n", 6, 0},
		{"closed in a record", "[1]\n{\"error\":{}}\n", 10, 0},
		{"too long to check", long, 1 << 30, 0},
	} {
		r := &recorder{TB: t}
		tr := &contracttest.Transport{T: r, Doc: doc, Base: answers(c.stream)}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://w"+api.WorkerQueryPath, strings.NewReader(query))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", api.MediaJSON)
		resp, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, io.LimitReader(resp.Body, c.read))
		if err != nil || n != min(c.read, int64(len(c.stream))) {
			t.Errorf("%s: read %d bytes, %v", c.name, n, err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if r.faults != c.faults {
			t.Errorf("%s: %d faults, want %d", c.name, r.faults, c.faults)
		}
	}
}
