package client_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// listener answers requests and remembers what it was sent.
type listener struct {
	*httptest.Server
	mu      sync.Mutex
	tokens  []string // of requests other than for a proof
	paths   []string
	nonces  map[string]bool
	repeats bool // a nonce came twice
}

func listen(t *testing.T, answer func(w http.ResponseWriter, nonce string)) *listener {
	l := &listener{nonces: map[string]bool{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nonce := r.Header.Get(api.HeaderNonce)
		l.mu.Lock()
		l.paths = append(l.paths, r.URL.Path)
		l.tokens = append(l.tokens, r.Header[api.HeaderToken]...)
		l.repeats = l.repeats || nonce != "" && l.nonces[nonce]
		l.nonces[nonce] = true
		l.mu.Unlock()
		if nonce != "" {
			answer(w, nonce)
			return
		}
		_, _ = io.WriteString(w, `{"rows_affected":[1]}`)
	}))
	t.Cleanup(l.Close)
	return l
}

func proof(secret string) func(w http.ResponseWriter, nonce string) {
	return func(w http.ResponseWriter, nonce string) {
		const body = `{"status":"ok"}`
		w.Header().Set(api.HeaderProof, api.Proof(secret, nonce, []byte(body)))
		_, _ = io.WriteString(w, body)
	}
}

func write(t *testing.T, url string) error {
	t.Helper()
	w := client.NewWorker(url, "tok")
	t.Cleanup(w.Close)
	_, err := w.Exec(t.Context(), &api.ExecRequest{DB: "D", Statements: []api.Statement{{SQL: "x"}}})
	return err
}

func TestAProvenWorkerIsSentTheToken(t *testing.T) {
	l := listen(t, proof("tok"))
	w := client.NewWorker(l.URL, "tok")
	t.Cleanup(w.Close)
	for range 3 {
		if _, err := w.Exec(t.Context(), &api.ExecRequest{DB: "D", Statements: []api.Statement{{SQL: "x"}}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(l.paths, " "); got != "/health /exec /exec /exec" {
		t.Errorf("requests %s: one proof is enough for a connection", got)
	}
	if len(l.tokens) != 3 || l.repeats {
		t.Errorf("tokens %v, a nonce again: %v", l.tokens, l.repeats)
	}
	if _, err := w.Health(t.Context()); err != nil || len(l.tokens) != 3 {
		t.Errorf("/health was sent the token: %v, %v", l.tokens, err)
	}
}

// Whoever listens at a worker's address without the secret gets no token and no write.
func TestAnImpostorIsSentNothing(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, nonce string){
		"that gives no proof":            func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, `{"status":"ok"}`) },
		"that knows another secret":      proof("tik"),
		"that knows the beginning of it": proof("to"),
		"that repeats another proof":     func(w http.ResponseWriter, _ string) { proof("tok")(w, strings.Repeat("0", 64)) },
		"that answers with the nonce":    func(w http.ResponseWriter, nonce string) { w.Header().Set(api.HeaderProof, nonce) },
		"that changes the body":          func(w http.ResponseWriter, nonce string) { proof("tok")(w, nonce); _, _ = io.WriteString(w, " ") },
		"that refuses":                   func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusUnauthorized) },
		"that ends the connection": func(w http.ResponseWriter, nonce string) {
			w.Header().Set("Connection", "close")
			proof("tok")(w, nonce)
		},
		"that sends more than it may hold": func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, strings.Repeat("x", 1<<20)) },
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, answer)
			if err := write(t, l.URL); api.CodeOf(err) != api.CodeWorkerUnproven {
				t.Errorf("got %v, want worker_unproven", err)
			}
			if len(l.tokens) > 0 || strings.Contains(strings.Join(l.paths, " "), "exec") {
				t.Errorf("it was sent %v with %v", l.paths, l.tokens)
			}
		})
	}
}

// What speaks first, or not at all, is no worker either; that nothing was written is certain.
func TestAListenerThatDoesNotSpeakHTTP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "220 mail.example ready\r\n")
			_ = c.Close()
		}
	}()
	if err := write(t, "http://"+ln.Addr().String()); api.CodeOf(err) != api.CodeWorkerUnproven && api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("got %v", err)
	}
}

func TestAnUnprovenListenerIsDescribed(t *testing.T) {
	for want, answer := range map[string]func(w http.ResponseWriter, nonce string){
		"it answered 503 to GET /health":                      func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusServiceUnavailable) },
		"it sends no proof that it knows the cluster's token": func(http.ResponseWriter, string) {},
		"its proof does not match the cluster's token":        proof("tik"),
	} {
		l := listen(t, answer)
		if err := write(t, l.URL); api.CodeOf(err) != api.CodeWorkerUnproven || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
