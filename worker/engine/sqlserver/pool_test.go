package sqlserver

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shardeck/shared/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// silent is a server that accepts connections and never responds.
func silent(t *testing.T) (address string, closed <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{}, 16)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				var b [512]byte
				for {
					if _, err := c.Read(b[:]); err != nil {
						ended <- struct{}{}
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return l.Addr().String(), ended
}

func openAt(t *testing.T, address string, o poolOptions) *pool {
	t.Helper()
	s, err := parseServer(fmt.Sprintf("sqlserver://someone:pass-word@%s?encrypt=disable", address), o)
	if err != nil {
		t.Fatal(err)
	}
	p := s.open("x")
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// The driver dials with a timeout, but then waits for the server without one.
func TestAServerThatDoesNotRespondTimesOut(t *testing.T) {
	address, closed := silent(t)
	p := openAt(t, address, poolOptions{ConnectTimeout: 50 * time.Millisecond})
	err := p.PingContext(t.Context())
	if api.CodeOf(err) != api.CodeShardUnavailable || !strings.Contains(err.Error(), address) || strings.Contains(err.Error(), "pass-word") {
		t.Errorf("got %v", err)
	}
	<-closed // nothing is left of the attempt
}

func TestACancelledCallerDoesNotWaitForALogin(t *testing.T) {
	address, closed := silent(t)
	p := openAt(t, address, poolOptions{ConnectTimeout: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Conn(ctx); ctx.Err() == nil || err == nil {
		t.Errorf("got %v", err)
	}
	<-closed
}

func TestNothingListening(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	err = openAt(t, l.Addr().String(), poolOptions{}).PingContext(t.Context())
	if p := api.AsProblem(err); p.Code != api.CodeShardUnavailable || !strings.Contains(p.Detail, l.Addr().String()) || p.Hint == "" {
		t.Errorf("got %v", err)
	}
}

func TestQueriesLeaveConnectionsToWriters(t *testing.T) {
	for connections, want := range map[int]int{0: 48, 1: 1, 2: 1, 3: 2, 4: 3, 8: 6, 100: 75} {
		p := openAt(t, "127.0.0.1:1", poolOptions{Connections: connections})
		if got := cap(p.readers); got != want {
			t.Errorf("of %d connections queries may use %d, want %d", connections, got, want)
		}
		if bound := p.Stats().MaxOpenConnections; bound <= cap(p.readers) {
			t.Errorf("queries may use all of %d connections", bound)
		}
	}
}

func TestACutLineClosesAddedConnections(t *testing.T) {
	a, b := net.Pipe()
	c, d := net.Pipe()
	defer b.Close()
	defer d.Close()
	l := &line{}
	l.add(a)
	l.cut()
	l.add(c)
	for _, end := range []net.Conn{b, d} {
		if _, err := end.Read(make([]byte, 1)); err == nil {
			t.Error("the line is open")
		}
	}
	l.cut()
}
