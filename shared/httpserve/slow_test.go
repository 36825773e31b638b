package httpserve

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shardeck/shared/api"
)

// pipes is a listener with in-memory connections, so that the tests below run on synctest's clock
// and take no time.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// slowly runs client against a server with the handler, on a fake clock.
func slowly(t *testing.T, h Handler, client func(t *testing.T, conn net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		guarded, err := Guard(Config{Logger: log, Handler: NewRouter(
			Route{Method: http.MethodPost, Path: "/", Handler: h}, Route{Method: http.MethodGet, Path: "/", Handler: h},
		)}, true)
		if err != nil {
			t.Fatal(err)
		}
		srv := newHTTPServer(context.Background(), guarded, log)
		ln := &pipes{make(chan net.Conn), make(chan struct{})}
		served := make(chan error, 1)
		go func() { served <- srv.Serve(ln) }()
		here, there := net.Pipe()
		ln.conns <- there
		client(t, here)
		here.Close()
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
}

const post = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"

func readJSON(w http.ResponseWriter, r *http.Request) error {
	var v struct{}
	return ReadJSON(w, r, 1000, &v)
}

func TestSlowHeadersTimeOut(t *testing.T) {
	slowly(t, readJSON, func(t *testing.T, conn net.Conn) {
		start := time.Now()
		fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: local")
		_, _ = io.Copy(io.Discard, conn) // until the server hangs up
		if d := time.Since(start); d > readHeaderTimeout+time.Second {
			t.Errorf("the server waited %s", d)
		}
	})
}

func TestSlowBodyTimesOut(t *testing.T) {
	slowly(t, readJSON, func(t *testing.T, conn net.Conn) {
		start := time.Now()
		fmt.Fprint(conn, post+"{")
		answer, _ := io.ReadAll(conn)
		if d := time.Since(start); d > readTimeout+5*time.Second {
			t.Errorf("the server waited %s", d)
		}
		if !strings.Contains(string(answer), `"code":"invalid_json"`) {
			t.Errorf("answer: %s", answer)
		}
	})
}

func TestHandlerIsNotBoundByTheReadTimeout(t *testing.T) {
	for name, request := range map[string]string{"with a body": post + "{}", "without": "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			slowly(t, func(w http.ResponseWriter, r *http.Request) error {
				if r.Method == http.MethodPost {
					if err := readJSON(w, r); err != nil {
						return err
					}
				}
				select {
				case <-time.After(20 * readTimeout):
					return WriteJSON(w, http.StatusOK, "done")
				case <-r.Context().Done():
					return r.Context().Err()
				}
			}, func(t *testing.T, conn net.Conn) {
				fmt.Fprint(conn, request)
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if b, _ := io.ReadAll(resp.Body); string(b) != "\"done\"\n" {
					t.Errorf("got %s %s", resp.Status, b)
				}
			})
		})
	}
}

func TestClientThatDoesNotReadIsDisconnected(t *testing.T) {
	ended := make(chan error, 1)
	var took time.Duration
	slowly(t, func(w http.ResponseWriter, r *http.Request) error {
		start := time.Now()
		rows := NewRowWriter(w, r)
		defer rows.Discard()
		var err error
		for err == nil {
			err = rows.Row([]byte(`["` + strings.Repeat("x", 1000) + `"]`))
		}
		took = time.Since(start)
		ended <- err
		return nil
	}, func(t *testing.T, conn net.Conn) {
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		_, _ = io.CopyN(io.Discard, conn, 100_000) // and then no more
		time.Sleep(10 * writeTimeout)
		synctest.Wait()
	})
	if err := <-ended; api.CodeOf(err) != api.CodeCanceled || took > writeTimeout+time.Second {
		t.Errorf("after %s: %v", took, err)
	}
}
