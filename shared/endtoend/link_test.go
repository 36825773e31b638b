package endtoend_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

// fault is what a link does to requests.
type fault string

// The faults. The request of those in the second group reaches the worker.
const (
	intact     fault = "intact"
	reset      fault = "reset"       // the connection is reset before the request is sent on
	blackHole  fault = "black hole"  // the request is swallowed, and never answered
	failed     fault = "500"         // answered with a status of 500, without the worker
	huge       fault = "huge term"   // refused, or answered, with the greatest term there is
	misrouted  fault = "misrouted"   // connections lead to another worker
	delay      fault = "delay"       // the request arrives late, even if the master no longer waits for it
	truncated  fault = "truncated"   // half of the answer arrives
	lost       fault = "lost answer" // the answer does not arrive
	stray      fault = "stray"       // answered with the answer to another request, of another worker
	failedLate fault = "500 after"   // the worker's answer is replaced by a status of 500
)

var faults = []fault{reset, blackHole, failed, huge, misrouted, delay, truncated, lost, stray, failedLate}

// maxDelay is longer than a hasty master waits for a worker.
const maxDelay = 1500 * time.Millisecond

// network is the links between masters and workers, by master and worker.
type network struct {
	t    *testing.T
	seed uint64

	mu    sync.Mutex
	links map[[2]int]*link
	hold  *hold // nil: no request is held
}

// hold keeps some requests of a master in the network until free is closed. Then they reach
// their workers, whoever still waits for the answers.
type hold struct {
	master int
	match  func(path, body string) bool
	free   chan struct{}

	mu      sync.Mutex
	held    int
	answers []heldAnswer
}

type heldAnswer struct {
	worker int
	status int
	text   string
}

// counts returns how many requests were held so far, and the answers to them.
func (h *hold) counts() (held int, answers []heldAnswer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.held, slices.Clone(h.answers)
}

func (n *network) setHold(h *hold) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hold = h
}

func newNetwork(t *testing.T, seed uint64) *network {
	return &network{t: t, seed: seed, links: map[[2]int]*link{}}
}

// between is for [testcluster.Options.Between].
func (n *network) between(master, worker int, url string) string {
	l := &link{net: n, master: master, worker: worker, url: url, mode: intact, over: make(chan struct{}),
		rng:       rand.New(rand.NewPCG(n.seed, uint64(1000+100*master+worker))),
		transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	l.server = httptest.NewServer(http.HandlerFunc(l.serve))
	n.t.Cleanup(func() {
		close(l.over)
		l.server.CloseClientConnections()
		l.server.Close()
		l.transport.CloseIdleConnections()
	})
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links[[2]int{master, worker}] = l
	return l.server.URL
}

// set gives links a fault, which strikes a share of the requests. A negative number stands for
// every master, or every worker.
func (n *network) set(master, worker int, f fault, share float64) {
	n.mu.Lock()
	var chosen []*link
	for at, l := range n.links {
		if (master < 0 || at[0] == master) && (worker < 0 || at[1] == worker) {
			chosen = append(chosen, l)
		}
	}
	n.mu.Unlock()
	for _, l := range chosen {
		l.set(f, share)
	}
}

func (n *network) heal() { n.set(-1, -1, intact, 0) }

// other is the URL of another worker, as the same master reaches it.
func (n *network) other(l *link) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.links[[2]int{l.master, (l.worker + 1) % workers}].url
}

// link is a proxy between one master and one worker.
type link struct {
	net            *network
	master, worker int
	url            string // the worker's
	server         *httptest.Server
	transport      *http.Transport
	over           chan struct{} // closed with the test

	mu    sync.Mutex
	mode  fault
	share float64
	rng   *rand.Rand
}

func (l *link) set(f fault, share float64) {
	l.mu.Lock()
	moved := (l.mode == misrouted) != (f == misrouted)
	l.mode, l.share = f, share
	l.mu.Unlock()
	if moved {
		l.server.CloseClientConnections() // so that the worker proves itself again, or fails to
	}
}

// strike draws the fault of the next request.
func (l *link) strike() (fault, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mode == misrouted || l.rng.Float64() < l.share {
		return l.mode, time.Duration(l.rng.Int64N(int64(maxDelay)))
	}
	return intact, 0
}

func (l *link) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	l.net.mu.Lock()
	h := l.net.hold
	l.net.mu.Unlock()
	if h != nil && h.master == l.master && h.match(r.URL.Path, string(body)) {
		l.delay(h, w, r, body)
		return
	}
	f, pause := l.strike()
	late := context.WithoutCancel(r.Context())
	switch f {
	case intact:
		l.stream(w, r, body, l.url)
	case misrouted:
		l.stream(w, r, body, l.net.other(l))
	case reset:
		cutOff(w)
	case blackHole:
		l.wait(r.Context(), 0)
		panic(http.ErrAbortHandler)
	case failed:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case huge:
		l.answerHuge(w, r, body)
	case delay:
		l.wait(context.Background(), pause)
		status, header, answer := l.forward(late, r, body, l.url)
		reply(w, status, header, answer)
	case truncated:
		status, header, answer := l.forward(late, r, body, l.url)
		header.Set("Content-Length", fmt.Sprint(len(answer)))
		reply(w, status, header, answer[:len(answer)/2])
		panic(http.ErrAbortHandler)
	case lost:
		l.forward(late, r, body, l.url)
		cutOff(w)
	case stray:
		l.forward(late, r, body, l.url)
		other := r.Clone(late)
		other.Method, other.URL.Path, other.URL.RawQuery = http.MethodGet, api.WorkerHealthPath, ""
		status, header, answer := l.forward(late, other, nil, l.net.other(l))
		reply(w, status, header, answer)
	case failedLate:
		l.forward(late, r, body, l.url)
		http.Error(w, "out of order", http.StatusInternalServerError)
	}
}

// delay sends a request on once it is no longer held.
func (l *link) delay(h *hold, w http.ResponseWriter, r *http.Request, body []byte) {
	h.mu.Lock()
	h.held++
	h.mu.Unlock()
	select {
	case <-h.free:
	case <-l.over:
		panic(http.ErrAbortHandler)
	}
	status, header, answer := l.forward(context.WithoutCancel(r.Context()), r, body, l.url)
	h.mu.Lock()
	h.answers = append(h.answers, heldAnswer{l.worker, status, string(answer)})
	h.mu.Unlock()
	reply(w, status, header, answer)
}

var termMember = regexp.MustCompile(`"term":\d+`)

// answerHuge refuses a write, and changes the term in the answer to everything else.
func (l *link) answerHuge(w http.ResponseWriter, r *http.Request, body []byte) {
	if r.Method == http.MethodPost && r.URL.Path != api.WorkerQueryPath {
		p := api.NewProblem(api.CodeStaleTerm, "term %d is stored", uint64(api.MaxTerm))
		p.Term = api.MaxTerm
		answer, err := json.Marshal(p)
		if err != nil {
			panic(err)
		}
		reply(w, p.Status, http.Header{"Content-Type": {api.MediaProblem}}, answer)
		return
	}
	status, header, answer := l.forward(r.Context(), r, body, l.url)
	if r.URL.Path != api.WorkerHealthPath && r.URL.Path != api.WorkerQueryPath {
		answer = termMember.ReplaceAll(answer, fmt.Appendf(nil, `"term":%d`, uint64(api.MaxTerm)))
		header.Del("Content-Length")
	}
	reply(w, status, header, answer)
}

// wait returns after d, 0 for never, when ctx ends, or with the test.
func (l *link) wait(ctx context.Context, d time.Duration) {
	var timer <-chan time.Time
	if d > 0 {
		timer = time.After(d)
	}
	select {
	case <-timer:
	case <-ctx.Done():
	case <-l.over:
	}
}

// send sends a request on. It ends the connection to the master if there is no answer.
func (l *link) send(ctx context.Context, r *http.Request, body []byte, url string) *http.Response {
	q, err := http.NewRequestWithContext(ctx, r.Method, url+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	q.Header = r.Header.Clone()
	resp, err := l.transport.RoundTrip(q)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return resp
}

// forward sends a request on and reads the whole answer.
func (l *link) forward(ctx context.Context, r *http.Request, body []byte, url string) (int, http.Header, []byte) {
	resp := l.send(ctx, r, body, url)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return resp.StatusCode, resp.Header, answer
}

// stream sends a request on and passes the answer back as it comes.
func (l *link) stream(w http.ResponseWriter, r *http.Request, body []byte, url string) {
	resp := l.send(r.Context(), r, body, url)
	defer resp.Body.Close()
	reply(w, resp.StatusCode, resp.Header, nil)
	buf := make([]byte, 32<<10)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				panic(http.ErrAbortHandler)
			}
			_ = http.NewResponseController(w).Flush()
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func reply(w http.ResponseWriter, status int, header http.Header, answer []byte) {
	for name, values := range header {
		if !strings.EqualFold(name, "Connection") {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// cutOff resets the connection.
func cutOff(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
