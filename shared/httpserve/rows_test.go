package httpserve_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

// stream serves a stream written by write, through the guard as a service would.
func stream(t *testing.T, write func(*httpserve.RowWriter)) answer {
	t.Helper()
	h, err := httpserve.Guard(httpserve.Config{Logger: quiet, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rows := httpserve.NewRowWriter(w, r)
		defer rows.Discard()
		write(rows)
	})}, true)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	return ask(t, "GET", srv.URL, "", nil)
}

var columns = []api.Column{{Name: `a"b`, Type: "INT"}, {Name: "c", Type: "NVARCHAR(5)"}}

const head = `{"columns":[{"name":"a\"b","type":"INT"},{"name":"c","type":"NVARCHAR(5)"}]}` + "\n"

func TestSmallStreamHasALength(t *testing.T) {
	a := stream(t, func(s *httpserve.RowWriter) {
		_ = s.Head(columns)
		_ = s.Row([]byte(`[1,"x"]`))
		_ = s.Block([]byte("[2,null]\n[3,null]\n"), 2)
		if s.Started() {
			t.Error("a small stream was sent before its end")
		}
		if err := s.End(api.EndInfo{}); err != nil {
			t.Error(err)
		}
	})
	want := head + "[1,\"x\"]\n[2,null]\n[3,null]\n{\"end\":{\"rows\":3}}\n"
	if diff := cmp.Diff(want, a.body); diff != "" {
		t.Error(diff)
	}
	if a.header.Get("Content-Length") != strconv.Itoa(len(want)) || a.header.Get("Content-Type") != api.MediaNDJSON {
		t.Error(a.header)
	}
}

func TestEndCarriesWhatItIsGiven(t *testing.T) {
	a := stream(t, func(s *httpserve.RowWriter) {
		_ = s.Head(nil)
		_ = s.End(api.EndInfo{Rows: 99, Route: &api.Route{Kind: api.RoutePoint, Shards: []int{1}, Why: "w"}})
	})
	want := "{\"columns\":[]}\n" + `{"end":{"rows":0,"route":{"kind":"point","shards":[1],"why":"w"}}}` + "\n"
	if diff := cmp.Diff(want, a.body); diff != "" {
		t.Error(diff)
	}
}

func TestLargeStreamArrivesWhole(t *testing.T) {
	line := `["` + strings.Repeat("y", 997) + `"]`
	var want strings.Builder
	want.WriteString(head)
	a := stream(t, func(s *httpserve.RowWriter) {
		_ = s.Head(columns)
		for i := range 100 {
			var err error
			switch i % 3 {
			case 0:
				err = s.Row([]byte(line))
				want.WriteString(line + "\n")
			case 1:
				err = s.Block([]byte(strings.Repeat(line+"\n", 3)), 3)
				want.WriteString(strings.Repeat(line+"\n", 3))
			case 2:
				err = s.Block([]byte(strings.Repeat(line+"\n", 90)), 90)
				want.WriteString(strings.Repeat(line+"\n", 90))
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
		if err := s.End(api.EndInfo{}); err != nil {
			t.Error(err)
		}
	})
	n := strings.Count(want.String(), "\n") - 1
	want.WriteString(`{"end":{"rows":` + strconv.Itoa(n) + "}}\n")
	if a.body != want.String() {
		t.Errorf("%d bytes arrived, %d were written", len(a.body), want.Len())
	}
}

func TestFailureBeforeAnythingIsSentIsAProblem(t *testing.T) {
	a := stream(t, func(s *httpserve.RowWriter) {
		_ = s.Head(columns)
		_ = s.Row([]byte("[1]"))
		s.Fail(api.NewProblem(api.CodeDivideByZero, "zero"))
	})
	if a.status != 422 || a.p.Code != api.CodeDivideByZero {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestFailureAfterwardsIsTheLastRecord(t *testing.T) {
	a := stream(t, func(s *httpserve.RowWriter) {
		_ = s.Head(columns)
		_ = s.Block([]byte(strings.Repeat("[1]\n", 30_000)), 30_000)
		if !s.Started() {
			t.Error("a full block was not sent")
		}
		s.Fail(errors.New("a secret"))
	})
	last := a.body[strings.LastIndexByte(strings.TrimSuffix(a.body, "\n"), '\n')+1:]
	if a.status != 200 || !strings.HasPrefix(last, `{"error":{`) || !strings.Contains(last, `"code":"internal"`) ||
		!strings.Contains(last, a.header.Get(api.HeaderRequestID)) || strings.Contains(last, "secret") {
		t.Errorf("%d, the last record is %s", a.status, last)
	}
}

func TestWritingToAClientThatHasGone(t *testing.T) {
	ended := make(chan error, 1)
	h, err := httpserve.Guard(httpserve.Config{Logger: quiet, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := httpserve.NewRowWriter(w, r)
		err := s.Head(columns)
		for err == nil {
			err = s.Row([]byte(`["` + strings.Repeat("y", 1000) + `"]`))
		}
		s.Fail(err)
		ended <- err
	})}, true)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, resp.Body, 1000); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := <-ended; api.CodeOf(err) != api.CodeCanceled {
		t.Error(err)
	}
}
