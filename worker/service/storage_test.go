package service_test

import (
	"bytes"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// syncBuffer is a log that the test reads while the worker writes.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) count(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.b.String(), text)
}

func TestATermIsLoggedWhenItChanges(t *testing.T) {
	cfg := config(t)
	log := &syncBuffer{}
	claim := func(terms ...uint64) {
		t.Helper()
		url, stop := startLogged(t, cfg, slog.New(slog.NewTextHandler(log, nil)))
		w := client.NewWorker(url, "tok")
		defer w.Close()
		for _, term := range terms {
			up := &api.StateUpdate{Fence: api.Fence{Term: term, MapVersion: 1}, Leader: "http://127.0.0.1:1", Shard: "0/1"}
			if _, err := w.SetState(t.Context(), up); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	claim(1, 1, 2, 2)
	claim(2) // the same again, after a restart
	if n := log.count("a master holds the term"); n != 2 {
		t.Errorf("it was logged %d times, want once for each term", n)
	}
}

func TestHealthAndStatsSayWhatIsWrong(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not remove files that are open")
	}
	cfg := config(t)
	url, stop := start(t, cfg)
	w := client.NewWorker(url, "tok")
	defer w.Close()
	if h, err := w.Health(t.Context()); err != nil || h.Status != api.WorkerOK || h.Storage != nil {
		t.Fatalf("health %+v, %v", h, err)
	}
	if err := os.RemoveAll(cfg.DataDir); err != nil {
		t.Fatal(err)
	}
	up := &api.StateUpdate{Fence: api.Fence{Term: 1, MapVersion: 1}, Leader: "http://127.0.0.1:1", Shard: "0/1"}
	if _, err := w.SetState(t.Context(), up); api.CodeOf(err) != api.CodeStorageFailed {
		t.Errorf("SetState without the file: %v", err)
	}
	h, err := w.Health(t.Context())
	if err != nil || h.Status != api.WorkerFailing || h.Storage == nil || h.Storage.Code != api.StorageRemoved || h.Storage.Since.IsZero() {
		t.Errorf("health %+v, %v", h, err)
	}
	st, err := w.Stats(t.Context())
	if err != nil || len(st.Storage) == 0 || !strings.HasPrefix(st.Storage[0].Path, cfg.DataDir) {
		t.Errorf("stats %+v, %v", st, err)
	}
	w.Close()
	if err := stop(); err != nil {
		t.Error(err)
	}
}
