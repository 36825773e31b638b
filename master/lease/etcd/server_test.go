//go:build unix

package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shardeck/shared/childproc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// binaries returns the etcd programs to test with.
func binaries(t *testing.T) []string {
	t.Helper()
	if list := os.Getenv("SHARDECK_TEST_ETCD"); list != "" {
		return filepath.SplitList(list)
	}
	if path, err := exec.LookPath("etcd"); err == nil {
		return []string{path}
	}
	const how = "install it (Debian: etcd-server), or set SHARDECK_TEST_ETCD to a list of programs"
	if slices.Contains(strings.Split(os.Getenv("SHARDECK_REQUIRE"), ","), "etcd") {
		t.Fatalf("ETCD IS REQUIRED AND NOT THERE: %s", how)
	}
	t.Skipf("NOT RUN: %s has not been tested, because there is no etcd: %s", t.Name(), how)
	return nil
}

// forEach runs a test with every etcd program.
func forEach(t *testing.T, test func(t *testing.T, bin string)) {
	for _, bin := range binaries(t) {
		out, err := exec.Command(bin, "--version").Output()
		if err != nil {
			t.Fatalf("%s --version: %v", bin, err)
		}
		line, _, _ := strings.Cut(string(out), "\n")
		t.Run(strings.ReplaceAll(line, " ", ""), func(t *testing.T) {
			t.Parallel()
			test(t, bin)
		})
	}
}

// member is one etcd process, which can be ended and started again on its data.
type member struct {
	t      testing.TB
	bin    string
	args   []string
	data   string
	client string      // URL
	tls    *tls.Config // nil: http
	child  *childproc.Child
	out    *childproc.Tail
}

// startCluster starts etcd with n members.
func startCluster(t testing.TB, bin string, n int) []*member {
	t.Helper()
	addrs := freeAddrs(t, 2*n)
	var initial []string
	for i := range n {
		initial = append(initial, fmt.Sprintf("m%d=http://%s", i, addrs[2*i+1]))
	}
	var all []*member
	for i := range n {
		all = append(all, newMember(t, bin, i, "http://"+addrs[2*i], "http://"+addrs[2*i+1], strings.Join(initial, ",")))
	}
	for _, m := range all {
		m.start()
	}
	for _, m := range all {
		m.await()
	}
	return all
}

// newMember describes a member; extra are more flags.
func newMember(t testing.TB, bin string, i int, client, peer, initial string, extra ...string) *member {
	t.Helper()
	m := &member{t: t, bin: bin, data: filepath.Join(t.TempDir(), fmt.Sprint("m", i)), client: client}
	m.args = append([]string{
		"--name", fmt.Sprint("m", i), "--data-dir", m.data,
		"--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
		"--initial-cluster", initial, "--logger", "zap", "--log-level", "error",
	}, extra...)
	t.Cleanup(func() {
		if m.child != nil {
			_ = m.child.Kill()
		}
	})
	return m
}

func (m *member) signal(s syscall.Signal) {
	m.t.Helper()
	if err := m.child.Signal(s); err != nil {
		m.t.Fatal(err)
	}
}

func (m *member) kill() {
	m.t.Helper()
	if err := m.child.Kill(); err != nil {
		m.t.Fatal(err)
	}
}

func (m *member) start() {
	m.t.Helper()
	m.out = childproc.NewTail(1 << 16)
	c, err := childproc.Start(childproc.Spec{Name: "etcd", Path: m.bin, Args: m.args, Stdout: m.out, Stderr: m.out})
	if err != nil {
		m.t.Fatal(err)
	}
	m.child = c
}

// await waits until the member serves.
func (m *member) await() {
	m.t.Helper()
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: m.tls}}
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		resp, err := client.Get(m.client + "/health")
		if err == nil {
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK && strings.Contains(string(body), "true") {
				return
			}
		}
		if !m.child.Alive() || time.Since(start) > time.Minute {
			m.t.Fatalf("etcd does not serve: %v\n%s", err, m.out)
		}
	}
}

func freeAddrs(t testing.TB, n int) []string {
	t.Helper()
	var addrs []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs
}

// relay is a network between one master and etcd that can be cut.
type relay struct {
	listener net.Listener
	target   string
	work     sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

func startRelay(t testing.TB, targetURL string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l, target: strings.TrimPrefix(targetURL, "http://")}
	r.work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.work.Go(func() { r.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.set(false)
		r.work.Wait()
	})
	return r
}

func (r *relay) serve(c net.Conn) {
	up, err := new(net.Dialer).DialContext(context.Background(), "tcp", r.target)
	if err != nil {
		_ = c.Close()
		return
	}
	r.mu.Lock()
	r.conns = append(r.conns, c, up)
	r.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { r.copy(up, c) })
	both.Go(func() { r.copy(c, up) })
	both.Wait()
}

// copy passes on what arrives; while the network is cut, nothing arrives, not even the end.
func (r *relay) copy(to, from net.Conn) {
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		r.mu.Lock()
		cut := r.cut
		r.mu.Unlock()
		if cut && !errors.Is(err, net.ErrClosed) {
			continue // lost; reads fail once set closes the connections
		}
		if n > 0 {
			_, _ = to.Write(buf[:n])
		}
		if err != nil {
			_ = to.Close()
			_ = from.Close()
			return
		}
	}
}

// set cuts the network or restores it; connections do not survive that.
func (r *relay) set(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
	if !cut {
		for _, c := range r.conns {
			_ = c.Close()
		}
		r.conns = nil
	}
}
