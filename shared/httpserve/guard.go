package httpserve

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"shardeck/shared/api"
)

// guard is the one middleware: it identifies, logs and checks each request.
type guard struct {
	next    http.Handler
	logger  *slog.Logger
	local   bool // check the Host header
	hosts   map[string]bool
	origins map[string]bool
	cross   *http.CrossOriginProtection
}

// Guard returns cfg.Handler behind everything a Server puts in front of it, for tests that need
// no listener. local says that the listener is on loopback. It fails on an invalid origin.
func Guard(cfg Config, local bool) (http.Handler, error) {
	g := &guard{
		next: cfg.Handler, logger: cfg.Logger, local: local,
		hosts: map[string]bool{}, origins: map[string]bool{},
		cross: http.NewCrossOriginProtection(),
	}
	for _, h := range cfg.Hosts {
		g.hosts[strings.ToLower(h)] = true
	}
	for _, o := range cfg.Origins {
		o = strings.TrimSuffix(strings.TrimSpace(o), "/")
		if o == "" {
			continue
		}
		if err := g.cross.AddTrustedOrigin(o); err != nil {
			return nil, fmt.Errorf("%q is not an origin; name each as scheme://host[:port]: %w", o, err)
		}
		g.origins[strings.ToLower(o)] = true
	}
	return g, nil
}

// RequestID returns the id of a request that passed the guard: the client's own if it sent a
// valid one.
func RequestID(r *http.Request) string {
	if v := r.Header[api.HeaderRequestID]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// ServeHTTP assigns the request an id, checks it, serves it, and logs the outcome.
func (g *guard) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	// The id is stored in the request's own header map rather than in a context, which would cost
	// a copy of the request.
	id := r.Header[api.HeaderRequestID]
	if len(id) != 1 || !validID(id[0]) {
		id = []string{newID()}
		r.Header[api.HeaderRequestID] = id
	}
	rw.Header()[api.HeaderRequestID] = id
	w := &watcher{ResponseWriter: rw}
	start := time.Now()
	defer func() {
		v := recover()
		if v != nil && v != http.ErrAbortHandler {
			g.logger.Error("a handler panicked", "request_id", id[0], "path", r.URL.Path,
				"panic", v, "stack", string(debug.Stack()))
			if w.status == 0 {
				WriteProblem(w, r, api.NewProblem(api.CodeInternal,
					"an unexpected error occurred; see the service's log for this request_id"))
				v = nil
			} else {
				v = http.ErrAbortHandler // the response has begun: abort it, so that it cannot pass as complete
			}
		}
		g.log(w, r, id[0], time.Since(start))
		if v != nil {
			panic(v)
		}
	}()
	if r.ContentLength == 0 {
		liftReadDeadline(w)
	}
	if g.admit(w, r) {
		g.next.ServeHTTP(w, r)
	}
}

// admit answers preflights itself and refuses requests for a wrong host or from a wrong origin.
func (g *guard) admit(w http.ResponseWriter, r *http.Request) bool {
	if g.local && !g.allowedHost(r.Host) {
		WriteProblem(w, r, forbidden("this service is not served under the host name of this request").
			Hinted("call it by its IP address or as localhost"))
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" && r.Header["Sec-Fetch-Site"] == nil {
		return true // not a browser
	}
	h := w.Header()
	if g.origins[strings.ToLower(origin)] {
		h.Add("Vary", "Origin")
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", api.HeaderRequestID)
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, "+api.HeaderIdempotencyKey+", "+api.HeaderRequestID)
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return false
		}
	}
	if err := g.cross.Check(r); err != nil {
		WriteProblem(w, r, forbidden("a web page of another origin must not call this service").
			Hinted("add the page's origin to the configured CORS origins, if you trust it"))
		return false
	}
	return true
}

// allowedHost reports whether a Host header is plausible for a loopback listener. A page that
// rebinds its own name to 127.0.0.1 (DNS rebinding) still sends that name.
func (g *guard) allowedHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	return host == "localhost" || net.ParseIP(host) != nil || g.hosts[strings.ToLower(host)]
}

// log writes the access log: server failures at warning or error level, refusals at info, and the
// rest at debug, so that a busy service does not spend its time on logging.
func (g *guard) log(w *watcher, r *http.Request, id string, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case w.err != nil && api.CodeOf(w.err) == api.CodeInternal:
		level = slog.LevelError
	case w.status >= 500:
		level = slog.LevelWarn
	case w.status == http.StatusUnauthorized || w.status == http.StatusForbidden:
		level = slog.LevelInfo
	}
	if !g.logger.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", id), slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", w.status), slog.Int64("bytes", w.bytes), slog.Duration("took", took),
		slog.String("remote", r.RemoteAddr),
	}
	if w.err != nil {
		attrs = append(attrs, slog.String("error", w.err.Error()))
	}
	g.logger.LogAttrs(r.Context(), level, "request", attrs...)
}

// validID reports whether a client's request id may be used in logs and responses.
func validID(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// newID returns 16 random hex digits: enough to find a log line, not a secret.
func newID() string {
	const digits = "0123456789abcdef"
	var b [16]byte
	for i, n := 0, rand.Uint64(); i < len(b); i, n = i+1, n>>4 {
		b[i] = digits[n&15]
	}
	return string(b[:])
}

// watcher records how a request was answered.
type watcher struct {
	http.ResponseWriter
	status int
	bytes  int64
	err    error // the error passed to WriteProblem
}

// WriteHeader records the status of the final response; 1xx statuses may precede it.
func (w *watcher) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watcher) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find the underlying writer.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// liftReadDeadline lifts the read timeout. Otherwise net/http would treat a slow handler as a
// slow client and cancel its context.
func liftReadDeadline(w http.ResponseWriter) {
	// A writer without deadlines (such as a test's recorder) has nothing to lift.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}
