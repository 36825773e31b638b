package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

const (
	authTimeout   = 800 * time.Millisecond
	streamSpacing = 20 * time.Millisecond
)

// conn is the client of etcd, which is made when it is first needed: with a user and password, that
// requires etcd to answer, and a master must be able to start before it does.
type conn struct {
	cfg clientv3.Config

	turn   chan struct{} // guards what follows; a mutex that a context can give up waiting for
	client *clientv3.Client
	closed bool
}

var errClosed = errors.New("the lease is closed")

func newConn(cfg Config) (*conn, error) {
	t, err := cfg.tlsConfig()
	if err != nil {
		return nil, err
	}
	return &conn{turn: make(chan struct{}, 1), cfg: clientv3.Config{
		Endpoints: cfg.Endpoints, TLS: t, Username: cfg.User, Password: cfg.Password,
		DialTimeout:          authTimeout,
		DialKeepAliveTime:    10 * time.Second, // gRPC accepts no less
		DialKeepAliveTimeout: 2 * time.Second,
		MaxCallRecvMsgSize:   4 << 20,
		Logger:               zap.NewNop(), // failures are logged here, with what they mean
		DialOptions: append([]grpc.DialOption{
			// The default waits for up to two minutes before it connects again.
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
				MinConnectTimeout: 2 * time.Second,
			}),
			grpc.WithChainStreamInterceptor(spaced()),
		}, cfg.dial...),
	}}, nil
}

// spaced bounds how often streams are opened: KeepAliveOnce retries without a pause while etcd
// refuses connections.
func spaced() grpc.StreamClientInterceptor {
	var mu sync.Mutex
	var next time.Time
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		mu.Lock()
		now := time.Now()
		wait := max(0, next.Sub(now))
		next = now.Add(wait + streamSpacing)
		mu.Unlock()
		if wait > 0 {
			timer := time.NewTimer(wait)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return streamer(ctx, desc, cc, method, opts...)
	}
}

// get returns the client.
func (c *conn) get(ctx context.Context) (*clientv3.Client, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c.closed {
		return nil, errClosed
	}
	if c.client == nil {
		cfg := c.cfg // New heeds no context
		if end, ok := ctx.Deadline(); ok {
			cfg.DialTimeout = max(time.Millisecond, min(cfg.DialTimeout, time.Until(end)))
		}
		client, err := clientv3.New(cfg)
		if err != nil {
			return nil, err
		}
		c.client = client
	}
	return c.client, nil
}

func (c *conn) close() error {
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	c.closed = true
	if c.client == nil {
		return nil
	}
	err := c.client.Close()
	c.client = nil
	return err
}

// each calls do until it succeeds, each time with a part of the time, and so on another member if
// one hangs. An answer of etcd's that another member would give too ends it.
func each(ctx context.Context, part time.Duration, do func(context.Context) error) error {
	for {
		partial, cancel := context.WithTimeout(ctx, part)
		err := do(partial)
		cancel()
		if err == nil || final(err) {
			return err
		}
		pause := time.NewTimer(streamSpacing)
		select {
		case <-ctx.Done():
			pause.Stop()
			return err // says more than the context's
		case <-pause.C:
		}
	}
}

// final reports whether to try again is of no use.
func final(err error) bool {
	for _, e := range []error{
		rpctypes.ErrLeaseNotFound, rpctypes.ErrAuthFailed, rpctypes.ErrPermissionDenied, rpctypes.ErrUserEmpty,
		rpctypes.ErrNoSpace, errClosed, errForeign,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// explain adds where and what to do to an error of etcd's.
func (l *Lease) explain(what string, err error) error {
	if errors.Is(err, errClosed) || errors.Is(err, errForeign) {
		return err
	}
	advice := "check that a majority of etcd's members runs and can be reached"
	switch {
	case errors.Is(err, rpctypes.ErrAuthFailed), errors.Is(err, rpctypes.ErrUserEmpty):
		advice = "check user and password"
	case errors.Is(err, rpctypes.ErrPermissionDenied):
		advice = "grant the user read and write on " + l.cfg.Prefix + "/"
	case errors.Is(err, rpctypes.ErrNoSpace):
		advice = "etcd is full: compact and defragment it"
	}
	return fmt.Errorf("etcd at %s: %s: %w: %s", l.cfg.hosts(), what, err, advice)
}
