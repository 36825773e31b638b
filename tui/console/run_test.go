package console

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"go.uber.org/goleak"

	"shardeck/shared/api"
	"shardeck/tui/history"
)

// screenBuffer is a terminal's output that a test can wait for.
type screenBuffer struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	grown chan struct{}
}

func (b *screenBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Write(p)
	select {
	case b.grown <- struct{}{}:
	default:
	}
	return len(p), nil
}

// waitFor waits until the output has the text.
func (b *screenBuffer) waitFor(t *testing.T, text string) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		b.mu.Lock()
		found := strings.Contains(b.buf.String(), text)
		b.mu.Unlock()
		if found {
			return
		}
		select {
		case <-b.grown:
		case <-timeout:
			t.Fatalf("%q never appeared", text)
		}
	}
}

// masterServer is an HTTP server that answers GET /metadata as a master does, or not at
// all if hang is set.
func masterServer(t *testing.T, hang bool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hang {
			<-r.Context().Done()
			return
		}
		if r.Header.Get("Authorization") != "Bearer sesame" || r.URL.Path != api.PathMetadata {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", api.MediaJSON)
		m, _ := fakeMaster{newWorld(), urlA}.Metadata(r.Context())
		m.Master.URL, m.Master.Primary, m.Peers = s.URL, s.URL, nil
		if err := json.MarshalWrite(w, m); err != nil {
			t.Error(err)
		}
	})
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func startConsole(t *testing.T, ctx context.Context, o Options) (*screenBuffer, *io.PipeWriter, chan error) {
	t.Helper()
	in, keys := io.Pipe()
	out := &screenBuffer{grown: make(chan struct{}, 1)}
	o.In, o.Out = in, out
	o.Getenv = func(name string) string { return map[string]string{"LANG": "C.UTF-8", "NO_COLOR": "1"}[name] }
	done := make(chan error, 1)
	go func() { done <- Run(ctx, o) }()
	return out, keys, done
}

func TestClientSendsToken(t *testing.T) {
	s := masterServer(t, false)
	for token, works := range map[string]bool{"sesame": true, "barley": false, "": false} {
		o := Options{Masters: []string{s.URL}, APIToken: token}
		if err := o.complete(); err != nil {
			t.Fatal(err)
		}
		m, err := o.Dial(s.URL).Metadata(t.Context())
		if works && (err != nil || len(m.Workers) != 3) {
			t.Errorf("with the token: %v, %v", m, err)
		}
		if !works && err == nil {
			t.Errorf("accepted with the token %q", token)
		}
	}
}

func TestRunQuitsOnKey(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := masterServer(t, false)
	defer s.Close()
	out, keys, done := startConsole(t, t.Context(), Options{Masters: []string{s.URL}, APIToken: "sesame"})
	sized(t, out)
	if _, err := keys.Write([]byte("q")); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	keys.Close()
}

// sized waits for the alternate screen, which shows that the program is up. Without a
// terminal there is no size, so frames are tested elsewhere.
func sized(t *testing.T, out *screenBuffer) {
	t.Helper()
	out.waitFor(t, "\x1b[?1049h")
}

func TestRunQuitsWhileMasterHangs(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := masterServer(t, true)
	defer s.Close()
	out, keys, done := startConsole(t, t.Context(), Options{Masters: []string{s.URL}})
	sized(t, out)
	if _, err := keys.Write([]byte{3, 3}); err != nil { // Ctrl-C twice
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	keys.Close()
}

func TestRunEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, keys, done := startConsole(t, ctx, Options{Masters: []string{"http://127.0.0.1:1"}})
	sized(t, out)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	keys.Close()
}

func TestRunRejectsInvalidOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"no master":     {},
		"unknown theme": {Masters: []string{urlA}, Theme: "plaid", Out: io.Discard},
	} {
		if err := Run(t.Context(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What was written is in the history file, whichever way the console ends.
func TestDraftIsSavedAtTheEnd(t *testing.T) {
	for name, end := range map[string]func(keys io.Writer, cancel func()) error{
		"quit": func(keys io.Writer, _ func()) error {
			_, err := io.WriteString(keys, "\x03\x03")
			return err
		},
		"signal": func(_ io.Writer, cancel func()) error {
			cancel()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			path := filepath.Join(t.TempDir(), "statements.jsonl")
			out, keys, done := startConsole(t, ctx, Options{Masters: []string{"http://127.0.0.1:1"}, HistoryFile: path})
			defer keys.Close()
			sized(t, out)
			// The text is copied too, which shows that it has arrived: there are no frames.
			if _, err := io.WriteString(keys, "e\x1b[200~-- unfinished\x1b[201~\x1bA\x1bc"); err != nil {
				t.Fatal(err)
			}
			out.waitFor(t, base64.StdEncoding.EncodeToString([]byte("-- unfinished")))
			if err := end(keys, cancel); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			entries, err := history.Load(path)
			if err != nil || len(entries) != 1 || !entries[0].Draft || entries[0].SQL != "-- unfinished" {
				t.Errorf("%+v, %v", entries, err)
			}
		})
	}
}
