package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

func TestTableAlignsByTerminalCells(t *testing.T) {
	var b bytes.Buffer
	(&Table{Indent: "  "}).Right(1).Row("NAME", "N", "END").Row("李小龙", 7, "x").Row("Zoë", 1234, "").Fprint(&b)
	want := "" +
		"  NAME       N  END\n" +
		"  李小龙     7  x\n" +
		"  Zoë     1234\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestCleanEscapesControlSequences(t *testing.T) {
	for in, want := range map[string]string{
		"plain":              "plain",
		"नमस्ते, Zoë 😀":      "नमस्ते, Zoë 😀",
		"a\x1b[2Jb":          `a\x1b[2Jb`,
		"a\nb\tc\r\x00":      `a\x0ab\x09c\x0d\x00`,
		"\u009b31m":          `\x9b31m`,
		"abc\u202edef\u2069": `abc\u202edef\u2069`,
		"bad \xff utf":       `bad \xff utf`,
		"kept \ufffd as is":  "kept \ufffd as is",
		"both \ufffd\xfe":    "both \ufffd\\xfe",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCleanNeverLeavesAControlCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		got := Clean(in)
		if strings.IndexFunc(got, unsafeRune) >= 0 || got != ansi.Strip(got) {
			t.Fatalf("Clean(%q) = %q still controls the terminal", in, got)
		}
		if Clean(got) != got {
			t.Fatalf("Clean is not idempotent on %q", in)
		}
	})
}

func TestExitCodeOfErrors(t *testing.T) {
	refused := api.NewProblem(api.CodeUnknownTable, "no such table")
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"nothing":             {nil, ExitOK},
		"a failed check":      {errFailed(), ExitFailed},
		"invalid usage":       {Usagef("no"), ExitUsage},
		"no master":           {errUnreachable(nil), ExitUnreachable},
		"a problem, wrapped":  {fmt.Errorf("http://x: %w", refused), ExitRefused},
		"cancelled here":      {context.Canceled, ExitInterrupted},
		"cancelled over http": {api.NewProblem(api.CodeCanceled, "gone"), ExitInterrupted},
		"something else":      {errors.New("disk full"), ExitInternal},
	} {
		if got := ExitCode(c.err); got != c.want {
			t.Errorf("%s: exit code %d, want %d", name, got, c.want)
		}
	}
}

func TestReportIncludesCauseShardAndHint(t *testing.T) {
	p := api.NewProblem(api.CodeShardUnavailable, "connection refused").On(1, "worker-8082").Hinted("start the worker")
	p.RequestID = "r-1"
	p.Causes = []api.Problem{*api.NewProblem(api.CodeShardTimeout, "late\x1b[2J")}
	p.Applied = []api.ShardResult{{Shard: 0, Worker: "worker-0", Rows: 1}, {Shard: 2, Worker: "wor\x1b[2Jker-2", Rows: 3}}
	var b bytes.Buffer
	Report(&b, fmt.Errorf("http://m: %w", p), false)
	want := "error: http://m: shard_unavailable (shard 1, worker-8082): connection refused\n" +
		"  done:  shard 0 (worker-0): 1 row, shard 2 (wor\\x1b[2Jker-2): 3 rows\n" +
		"  cause: late\\x1b[2J\n" +
		"  next:  start the worker\n" +
		"  id:    r-1 (the services' logs have it)\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	b.Reset()
	p.Causes = []api.Problem{*p, *api.NewProblem(api.CodeShardUnavailable, "reset").On(2, "worker-8083")}
	Report(&b, p, false)
	if got := b.String(); strings.Count(got, "connection refused") != 1 || !strings.Contains(got, "  cause: shard_unavailable (shard 2, worker-8083): reset\n") {
		t.Errorf("the first cause is printed twice, or the second not at all:\n%s", got)
	}
	b.Reset()
	Report(&b, errors.New("disk full"), true)
	var got api.Problem
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got.Detail != "disk full" {
		t.Errorf("as JSON: %v, %q", err, b.String())
	}
	b.Reset()
	Report(&b, errFailed(), false)
	if b.Len() > 0 {
		t.Errorf("an outcome already printed is reported again: %q", b.String())
	}
}

func TestMasterAddressesAreValidated(t *testing.T) {
	for in, want := range map[string]string{
		"http://127.0.0.1:8080":   "http://127.0.0.1:8080",
		" https://db.example/ ":   "https://db.example",
		"localhost:8080":          "http://localhost:8080",
		"ftp://x":                 "",
		"http://user:pw@x:1":      "",
		"http://x:1/path":         "",
		"http://":                 "",
		"http://127.0.0.1:8080?x": "",
		"http://a b":              "",
	} {
		c := &Connection{Master: []string{in}, Timeout: time.Second}
		got, err := c.Open()
		switch {
		case want == "" && ExitCode(err) != ExitUsage:
			t.Errorf("%q: %v, want a usage error", in, err)
		case want != "" && (err != nil || len(got) != 1 || got[0].URL != want):
			t.Errorf("%q: %v, %v, want %s", in, got, err, want)
		}
	}
	for name, c := range map[string]*Connection{
		"no masters":    {Master: []string{" ", ""}, Timeout: time.Second},
		"no timeout":    {Master: []string{"http://x"}},
		"no token file": {Master: []string{"http://x"}, Timeout: time.Second, APITokenFile: filepath.Join(t.TempDir(), "none")},
	} {
		if _, err := c.Open(); ExitCode(err) != ExitUsage {
			t.Errorf("%s: %v, want a usage error", name, err)
		}
	}
}

// fakeMaster answers /map-reduce-count with a fixed status and body.
func fakeMaster(t *testing.T, status int, media, body string) (url string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer s3cret" {
			t.Errorf("Authorization is %q", got)
		}
		w.Header().Set("Content-Type", media)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// deadAddress returns a base URL on which nothing listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func askCount(t *testing.T, masters ...string) (total int64, from, notes string, err error) {
	t.Helper()
	tokenFile := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokenFile, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var errOut bytes.Buffer
	c := &Connection{Master: masters, Timeout: 5 * time.Second, APITokenFile: tokenFile}
	resp, from, err := Ask(t.Context(), c, Streams{Err: &errOut}, func(ctx context.Context, m *client.Cluster) (*api.MapReduceCountResponse, error) {
		return m.Count(ctx, &api.MapReduceCountRequest{DB: "d", Table: "t"})
	})
	if err == nil {
		total = resp.Total
	}
	return total, from, errOut.String(), err
}

func TestNextMasterIsUsedIfOneDoesNotAnswer(t *testing.T) {
	dead := deadAddress(t)
	other := fakeMaster(t, 200, "text/html", "<html>another program</html>")
	good := fakeMaster(t, 200, api.MediaJSON, `{"total":7,"shards":[],"route":{"kind":"scatter","shards":[],"why":""},"map_ms":1,"reduce_ms":1}`)
	total, from, notes, err := askCount(t, dead, other, good)
	if err != nil || total != 7 || from != good {
		t.Fatalf("got %d from %s: %v", total, from, err)
	}
	if strings.Count(notes, "note: ") != 2 || !strings.Contains(notes, dead) {
		t.Errorf("there is no note for each skipped master: %q", notes)
	}
}

func TestProblemIsAnAnswer(t *testing.T) {
	problem := fakeMaster(t, 404, api.MediaProblem,
		`{"type":"x","title":"x","status":404,"detail":"no such table","code":"unknown_table","request_id":"r1"}`)
	good := fakeMaster(t, 200, api.MediaJSON, `{"total":7}`)
	_, from, _, err := askCount(t, problem, good)
	if ExitCode(err) != ExitRefused || from != problem || api.CodeOf(err) != api.CodeUnknownTable {
		t.Errorf("got %v from %s, want the first master's problem", err, from)
	}
}

func TestOtherMasterIsAskedIfAShardIsUnavailable(t *testing.T) {
	problem := fakeMaster(t, 503, api.MediaProblem,
		`{"type":"x","title":"x","status":503,"detail":"down","code":"shard_unavailable","request_id":"r1","shard":2}`)
	good := fakeMaster(t, 200, api.MediaJSON, `{"total":7}`)
	total, from, notes, err := askCount(t, problem, good)
	want := "note: " + problem + ": shard_unavailable (shard 2): down; used " + good + " instead\n"
	if err != nil || total != 7 || from != good || notes != want {
		t.Errorf("%d from %s, %v: %q, want %q", total, from, err, notes, want)
	}
}

func TestHintsNameFlags(t *testing.T) {
	down := fakeMaster(t, 503, api.MediaProblem,
		`{"type":"x","title":"x","status":503,"detail":"down","code":"shard_unavailable","request_id":"r1","shard":2,"hint":"start the worker; or send allow_partial: true to read the other shards"}`)
	_, _, _, err := askCount(t, down)
	for _, asJSON := range []bool{false, true} {
		var b bytes.Buffer
		Report(&b, err, asJSON)
		if !strings.Contains(b.String(), "start the worker; or read the other shards with --allow-partial") {
			t.Errorf("got %s", b.String())
		}
	}
	if p, ok := errors.AsType[*api.Problem](err); !ok || strings.Contains(p.Hint, "--") {
		t.Errorf("the report changed the error itself: %+v", p)
	}
}

func TestUnreachableMastersHaveTheirOwnExitCode(t *testing.T) {
	dead := deadAddress(t)
	_, _, _, err := askCount(t, dead)
	if ExitCode(err) != ExitUnreachable {
		t.Fatalf("got %v", err)
	}
	var b bytes.Buffer
	Report(&b, err, false)
	for _, part := range []string{"no master answered", dead, "next:"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("the report lacks %q:\n%s", part, b.String())
		}
	}
}
