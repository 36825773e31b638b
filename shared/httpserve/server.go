package httpserve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"shardeck/shared/api"
)

// Bounds of a server where its Config leaves them at zero.
const (
	defaultShutdownGrace = 10 * time.Second
	readHeaderTimeout    = 10 * time.Second
	readTimeout          = 30 * time.Second // headers and body; lifted once the body is in
	idleTimeout          = 2 * time.Minute
	writeTimeout         = 30 * time.Second // for one block of a large answer
	maxHeaderBytes       = 64 << 10
)

// Config is what a Server needs to know.
type Config struct {
	// Handler serves what the guards let through, usually a [NewRouter].
	Handler http.Handler
	// Logger gets the access log: failures as they are, the rest at debug level.
	Logger *slog.Logger

	// Host and Port are where to listen. Port 0 takes a free one.
	Host string
	Port int
	// PortSetting names what sets Port, for the message when it is taken.
	PortSetting string
	// Protected says that requests need a credential. Without it the server
	// refuses to listen beyond loopback.
	Protected bool
	// ProtectHint tells the operator how to configure the protection.
	ProtectHint string

	// Hosts are names that may stand in a request's Host header besides IP
	// addresses and localhost; it matters only on loopback, where it keeps web
	// pages out that rebind their own name to this machine.
	Hosts []string
	// Origins are the web origins, as "https://ops.example.com", that browsers may
	// call from (CORS). Requests of other origins are refused where they could do harm.
	Origins []string

	// ShutdownGrace bounds the wait for requests under way; 0 is 10 seconds.
	ShutdownGrace time.Duration
}

// Server is a listening HTTP server.
type Server struct {
	cfg Config
	ln  net.Listener
	srv *http.Server
	// stopStreams ends the requests that outlast the grace.
	stopStreams context.CancelFunc
}

// Listen opens the port. Requests wait until [Server.Run]. It refuses to
// listen beyond loopback without protection.
func Listen(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.ShutdownGrace <= 0 {
		cfg.ShutdownGrace = defaultShutdownGrace
	}
	if cfg.Host == "" {
		cfg.Host = "127.0.0.1"
	}
	local := isLoopback(cfg.Host)
	if !local && !cfg.Protected {
		return nil, fmt.Errorf("refusing to listen on %s, beyond loopback, without protection: %s", cfg.Host, cfg.ProtectHint)
	}
	h, err := Guard(cfg, local)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)))
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("cannot listen on port %d of %s, which is taken: is another Shardeck running? stop it, or choose another port with %s", cfg.Port, cfg.Host, cmp.Or(cfg.PortSetting, "its configuration"))
		}
		return nil, fmt.Errorf("cannot listen on port %d of %s: %w", cfg.Port, cfg.Host, err)
	}
	base, stop := context.WithCancel(context.WithoutCancel(ctx))
	return &Server{
		cfg: cfg, ln: ln, stopStreams: stop, srv: newHTTPServer(base, h, cfg.Logger),
	}, nil
}

// newHTTPServer bounds what a client can hold up by being slow.
func newHTTPServer(base context.Context, h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
}

// URL is the server's base URL with the real port and without a final slash. A
// server that listens on every interface is named by its loopback address.
func (s *Server) URL() string {
	host, port, err := net.SplitHostPort(s.ln.Addr().String())
	if err != nil {
		return "http://" + s.ln.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Run serves until ctx ends, then lets the requests under way finish within the
// grace and cuts the rest. Once it accepts requests it writes one line to
// announce, "listening on http://127.0.0.1:8081"; announce may be nil. It returns
// nil after an orderly end.
func (s *Server) Run(ctx context.Context, announce io.Writer) error {
	defer s.stopStreams()
	served := make(chan error, 1)
	go func() { served <- s.srv.Serve(s.ln) }()
	if announce != nil {
		if _, err := fmt.Fprintf(announce, "listening on %s\n", s.URL()); err != nil {
			_ = s.srv.Close() // the announcement is what failed
			<-served
			return fmt.Errorf("cannot announce the listener: %w", err)
		}
	}
	select {
	case err := <-served:
		return fmt.Errorf("the listener on %s failed: %w", s.ln.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.ShutdownGrace)
	defer cancel()
	err := s.srv.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		s.cfg.Logger.Warn("cutting the requests that outlast the grace", "grace", s.cfg.ShutdownGrace)
		s.stopStreams()
		err = s.srv.Close()
	}
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// Close releases a server whose Run is never called.
func (s *Server) Close() error {
	s.stopStreams()
	return errors.Join(s.srv.Close(), ignoreClosed(s.ln.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// isLoopback says whether a host to listen on can only be reached from this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// forbidden is the refusal of a request for where it comes from.
func forbidden(format string, args ...any) *api.Problem {
	return api.NewProblem(api.CodeForbidden, format, args...)
}
