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

// Defaults of a server for zero Config fields.
const (
	defaultShutdownGrace = 10 * time.Second
	readHeaderTimeout    = 10 * time.Second
	readTimeout          = 30 * time.Second // headers and body; lifted once the body has arrived
	idleTimeout          = 2 * time.Minute
	writeTimeout         = 30 * time.Second // for one block of a large response
	maxHeaderBytes       = 64 << 10
)

// Config configures a Server.
type Config struct {
	// Handler serves the requests that pass the guard, usually a [NewRouter].
	Handler http.Handler
	// Logger receives the access log; see guard.log for the levels.
	Logger *slog.Logger

	// Host and Port are where to listen. Port 0 picks a free one.
	Host string
	Port int
	// PortSetting names the setting of Port, for the message if it is in use.
	PortSetting string
	// Protected says that requests need a credential. Without it the server
	// refuses to listen beyond loopback.
	Protected bool
	// ProtectHint tells the operator how to configure the protection.
	ProtectHint string

	// Hosts are names allowed in a request's Host header besides IP addresses and localhost. They
	// only matter on loopback, where the check protects against DNS rebinding.
	Hosts []string
	// Origins are the web origins, such as "https://ops.example.com", that browsers may call from
	// (CORS). Cross-origin requests from others are refused if they could do harm.
	Origins []string

	// ShutdownGrace bounds the wait for requests in flight; 0 is 10 seconds.
	ShutdownGrace time.Duration
}

// Server is a listening HTTP server.
type Server struct {
	cfg Config
	ln  net.Listener
	srv *http.Server
	// stopStreams cancels the requests that exceed the grace period.
	stopStreams context.CancelFunc
}

// Listen opens the port. Requests queue until [Server.Run]. It refuses to listen beyond loopback
// without protection.
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
			return nil, fmt.Errorf("cannot listen on port %d of %s, which is in use: is another Shardeck running? stop it, or choose another port with %s", cfg.Port, cfg.Host, cmp.Or(cfg.PortSetting, "its configuration"))
		}
		return nil, fmt.Errorf("cannot listen on port %d of %s: %w", cfg.Port, cfg.Host, err)
	}
	base, stop := context.WithCancel(context.WithoutCancel(ctx))
	return &Server{
		cfg: cfg, ln: ln, stopStreams: stop, srv: newHTTPServer(base, h, cfg.Logger),
	}, nil
}

// newHTTPServer limits how long a slow client can hold resources.
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

// URL is the server's base URL with the actual port and without a trailing slash. For a server
// that listens on every interface it is the loopback address.
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

// Run serves until ctx ends, then lets requests in flight finish within the grace period and
// aborts the rest. Once it accepts requests it writes one line to announce, "listening on
// http://127.0.0.1:8081"; announce may be nil. It returns nil after an orderly shutdown.
func (s *Server) Run(ctx context.Context, announce io.Writer) error {
	defer s.stopStreams()
	served := make(chan error, 1)
	go func() { served <- s.srv.Serve(s.ln) }()
	if announce != nil {
		if _, err := fmt.Fprintf(announce, "listening on %s\n", s.URL()); err != nil {
			_ = s.srv.Close() // report the failed announcement
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
		s.cfg.Logger.Warn("aborting the requests that exceed the grace period", "grace", s.cfg.ShutdownGrace)
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

// isLoopback reports whether a listening host can only be reached from this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// forbidden is the refusal of a request because of its origin or host.
func forbidden(format string, args ...any) *api.Problem {
	return api.NewProblem(api.CodeForbidden, format, args...)
}
