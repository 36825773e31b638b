package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

const (
	// proveTimeout bounds the proof of a new connection.
	proveTimeout = 2 * time.Second
	// maxHealth bounds the answer, in bytes.
	maxHealth = 64 << 10
)

// prover dials connections to one worker, which must prove on each that it knows the secret
// before anything else is sent; see [api.HeaderProof] for the protocol.
type prover struct {
	secret string
	base   *url.URL
	shard  string // that the worker must hold if it was given one; "" is any
}

// ProvenTransport returns a transport to the worker at base that proves all its connections, as
// [NewWorker] uses it without [WithTransport].
func ProvenTransport(secret string, base *url.URL) *http.Transport {
	return provenTransport(&prover{secret: secret, base: base})
}

func provenTransport(p *prover) *http.Transport {
	t := NewTransport()
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return p.proven(ctx, c)
	}
	t.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := tls.Dialer{NetDialer: dialer, Config: &tls.Config{NextProtos: []string{"http/1.1"}}}
		c, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return p.proven(ctx, c)
	}
	return t
}

// unprovenError says why a listener has not proven that it knows the secret.
type unprovenError struct{ why string }

func (e *unprovenError) Error() string { return e.why }

// otherShardError is the error for a worker that has proven to hold another shard.
type otherShardError struct{ got, want string }

func (e *otherShardError) Error() string { return "it holds shard " + e.got + ", not " + e.want }

// proven returns c once it is proven, and closes it otherwise.
func (p *prover) proven(ctx context.Context, c net.Conn) (net.Conn, error) {
	deadline := time.Now().Add(proveTimeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }) // unblocks reads and writes
	err := c.SetDeadline(deadline)
	if err == nil {
		err = p.prove(c)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = c.SetDeadline(time.Time{})
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (p *prover) prove(c net.Conn) error {
	nonce := api.NewNonce()
	path := p.base.EscapedPath() + api.WorkerHealthPath
	_, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: shardeck\r\n%s: %s\r\n\r\n", path, p.base.Host, api.HeaderNonce, nonce)
	if err != nil {
		return err
	}
	// Nothing else may arrive on this connection, so r must be empty afterwards.
	r := bufio.NewReader(io.LimitReader(c, maxHealth+maxHeader))
	resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodGet})
	switch {
	case isNetError(err):
		return err
	case err != nil:
		return &unprovenError{"the process at that address does not speak HTTP"}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxHealth))
	_ = resp.Body.Close()
	switch {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusOK:
		return &unprovenError{fmt.Sprintf("it answered %d to GET %s", resp.StatusCode, api.WorkerHealthPath)}
	case resp.Header.Get(api.HeaderProof) == "":
		return &unprovenError{"it sends no proof that it knows the cluster's token"}
	case !api.CheckProof(p.secret, nonce, body, strings.TrimSpace(resp.Header.Get(api.HeaderProof))):
		return &unprovenError{"its proof does not match the cluster's token"}
	case resp.Close || r.Buffered() > 0:
		return &unprovenError{"it closes the connection after its proof"}
	}
	return p.checkShard(body)
}

// checkShard compares the shard in a proven answer, as two workers may have swapped addresses.
func (p *prover) checkShard(body []byte) error {
	var h api.WorkerHealth
	if err := json.Unmarshal(body, &h); err != nil {
		return &unprovenError{"its answer to GET " + api.WorkerHealthPath + " is not JSON"}
	}
	if p.shard != "" && h.Shard != "" && h.Shard != p.shard {
		return &otherShardError{h.Shard, p.shard}
	}
	return nil
}

// isNetError reports whether the connection failed, rather than the data that it carried.
func isNetError(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
