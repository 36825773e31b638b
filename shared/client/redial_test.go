package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// mortalConn is a connection on which writing fails, and writes nothing, once it is dead. Until
// then net/http believes it to be usable.
type mortalConn struct {
	net.Conn
	dead *atomic.Bool
}

func (c mortalConn) Write(b []byte) (int, error) {
	if c.dead.Load() {
		return 0, errors.New("broken pipe")
	}
	return c.Conn.Write(b)
}

// mortalTransport is a proven transport whose first connection dies once dead is set. From
// then on it connects to the address in next.
func mortalTransport(t *testing.T, base string, dead *atomic.Bool, next string) *http.Transport {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	tr := client.ProvenTransport("tok", u)
	dial := tr.DialContext
	tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dead.Load() {
			return dial(ctx, network, next)
		}
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return mortalConn{c, dead}, nil
	}
	return tr
}

// acceptWith listens and passes each connection to handle, in order.
func acceptWith(t *testing.T, handle func(net.Conn)) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			handle(c)
		}
	}()
	return ln.Addr().String()
}

// If a kept connection turns out to be dead, nothing was sent on it, and nothing is sent on a
// new one that is not proven. So the outcome of the write is known.
func TestADeadConnectionWithoutAReplacementLeavesNoOutcomeUnknown(t *testing.T) {
	closed := acceptWith(t, func(c net.Conn) { _ = c.Close() })
	// The connection stays open until the test ends.
	silent := acceptWith(t, func(c net.Conn) { t.Cleanup(func() { _ = c.Close() }) })
	mail := acceptWith(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 mail.example ready\r\n\r\n")
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := ln.Addr().String()
	_ = ln.Close()
	impostor := func(answer func(http.ResponseWriter, string)) string {
		return listen(t, answer).Listener.Addr().String()
	}
	for name, c := range map[string]struct {
		next    string
		timeout time.Duration // of the write; 0: none
		want    api.Code
	}{
		"no listener":                      {refused, 0, api.CodeShardUnavailable},
		"a listener that hangs up":         {closed, 0, api.CodeShardUnavailable},
		"a silent listener":                {silent, 0, api.CodeShardTimeout},
		"a silent listener and a deadline": {silent, 100 * time.Millisecond, api.CodeShardTimeout},
		"another protocol":                 {mail, 0, api.CodeWorkerUnproven},
		"another secret":                   {impostor(proof("tik")), 0, api.CodeWorkerUnproven},
		"an error":                         {impostor(func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusBadGateway) }), 0, api.CodeWorkerUnproven},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, proof("tok"))
			var dead atomic.Bool
			w := client.NewWorker(l.URL, "tok", client.WithTransport(mortalTransport(t, l.URL, &dead, c.next)))
			t.Cleanup(w.Close)
			exec := func(ctx context.Context) error {
				_, err := w.Exec(ctx, &api.ExecRequest{DB: "D", Statements: []api.Statement{{SQL: "x"}}})
				return err
			}
			if err := exec(t.Context()); err != nil {
				t.Fatal(err)
			}
			dead.Store(true)
			ctx := t.Context()
			if c.timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.timeout)
				defer cancel()
			}
			if err := exec(ctx); api.CodeOf(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// net/http resends a write with an Idempotency-Key although it was written. If the worker or
// master is then gone, the first attempt may have succeeded.
func TestAResentKeyedWriteLeavesTheOutcomeUnknown(t *testing.T) {
	var calls atomic.Int32
	var ln net.Listener
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if calls.Add(1) == 1 {
			_, _ = io.WriteString(w, `{"rows_affected":1,"route":{"kind":"point","shards":[2],"why":""},"shards":[]}`)
			return
		}
		_ = ln.Close() // the write is applied, then the process dies
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = c.Close()
		}
	})}
	var err error
	if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	m := client.NewMaster("http://" + ln.Addr().String())
	t.Cleanup(m.Close)
	insert := func() error {
		_, err := m.Insert(t.Context(), &api.InsertRequest{DB: "D", Table: "T"}, client.IdempotencyKey("k1"))
		return err
	}
	if err := insert(); err != nil {
		t.Fatal(err)
	}
	if err := insert(); api.CodeOf(err) != api.CodeOutcomeUnknown || calls.Load() != 2 {
		t.Errorf("got %v after %d requests, want outcome_unknown after 2", err, calls.Load())
	}
}
