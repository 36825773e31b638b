package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

// Bounds of the clients.
const (
	maxAnswer     = 256 << 20 // a JSON response read into memory, in bytes
	maxProblem    = 4 << 20   // a problem document
	maxHeader     = 256 << 10 // a response's headers
	maxDrain      = 64 << 10  // drained from a body to reuse the connection
	pooledMax     = 256 << 10 // larger buffers are not kept
	idlePerHost   = 256
	connBuffer    = 32 << 10
	dialTimeout   = 2 * time.Second
	idleKeptAlive = 90 * time.Second
	keepAlive     = 15 * time.Second
)

// Option configures a client.
type Option func(*options)

type options struct {
	transport http.RoundTripper
	bearer    string
	shard     string
}

// WithTransport replaces the client's own transport, for tests and for sharing connections among
// clients.
func WithTransport(rt http.RoundTripper) Option { return func(o *options) { o.transport = rt } }

// OfShard makes a worker's client send nothing to a worker that proves to hold another shard than
// this, such as "0/3". One that was never given a shard is accepted.
func OfShard(shard string) Option { return func(o *options) { o.shard = shard } }

// WithAPIToken sends the master's public API token with each request.
func WithAPIToken(token string) Option { return func(o *options) { o.bearer = token } }

// NewTransport returns a transport tuned for many short requests to few nearby hosts: as many
// idle connections as callers, no compression, no proxy.
func NewTransport() *http.Transport {
	d := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	return &http.Transport{
		DialContext:         d.DialContext,
		MaxIdleConnsPerHost: idlePerHost,
		IdleConnTimeout:     idleKeptAlive,
		ReadBufferSize:      connBuffer,
		WriteBufferSize:     connBuffer,
		DisableCompression:  true,

		MaxResponseHeaderBytes: maxHeader,
	}
}

// CallOption sets a header of one call.
type CallOption struct{ name, value string }

// RequestID sets the request's id, up to 64 letters, digits and "-_.", by which the logs and the list
// of running statements name it.
func RequestID(id string) CallOption { return CallOption{api.HeaderRequestID, id} }

// IdempotencyKey makes a write repeatable; see api.Idempotency.
func IdempotencyKey(key string) CallOption { return CallOption{api.HeaderIdempotencyKey, key} }

// conn is the connection to one server, common to both clients.
type conn struct {
	base   *url.URL
	bad    error // the base URL is invalid
	rt     http.RoundTripper
	header http.Header // of each write; never changed
	reads  http.Header // of each read; never changed
	noun   string      // "worker" or "master"
	// credential is the name of the header with it; empty for none.
	credential string
}

// newConn returns a conn that sends the credential, a header, with each request.
func newConn(noun, baseURL string, o options, credential CallOption) *conn {
	c := &conn{rt: o.transport, noun: noun, header: http.Header{
		"Content-Type": {api.MediaJSON},
		"Accept":       {api.MediaJSON},
		"User-Agent":   {"shardeck"},
	}}
	if credential.name != "" {
		c.header[credential.name] = []string{credential.value}
		c.credential = credential.name
	}
	c.reads = c.header.Clone()
	// Sent without a value, the header is omitted. Its presence tells net/http that it may resend
	// a POST whose kept connection turns out to be closed, for example by a server's restart.
	c.reads["X-Idempotency-Key"] = []string{}
	u, err := url.Parse(strings.TrimSuffix(baseURL, "/"))
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		c.bad = api.NewProblem(api.CodeShardUnavailable, "the address of the %s, %q, is not a base URL", noun, baseURL).
			Hinted("configure it as http://host:port")
		u = &url.URL{}
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		c.bad = api.NewProblem(api.CodeShardUnavailable, "the address of the %s may only contain a host, a port and a path", noun).
			Hinted("configure it as http://host:port")
		u = &url.URL{}
	}
	c.base = u
	if c.rt == nil {
		c.rt = NewTransport()
	}
	return c
}

// close closes idle connections, if the transport has any.
func (c *conn) close() {
	if t, ok := c.rt.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// call is one request.
type call struct {
	method, path string
	body         any           // JSON; nil for none
	write        bool          // a failure after it was sent leaves the outcome unknown
	valid        func() string // why the decoded response is not plausible for this request, or ""; nil: any is
	open         bool          // sent without the credential
	accept       string
	opts         []CallOption
}

// send sends the request and returns a 2xx response, whose body the caller closes.
func (c *conn) send(ctx context.Context, k *call) (*http.Response, error) {
	if c.bad != nil {
		return nil, c.bad
	}
	req := &http.Request{
		Method: k.method, URL: c.url(k.path), Host: c.base.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: c.headers(k),
	}
	if k.body != nil {
		body, err := json.Marshal(k.body)
		if err != nil {
			return nil, api.NewProblem(api.CodeInvalidField, "the request cannot be written as JSON: %v", err)
		}
		// A body that is not one of the standard library's in-memory types would cost an extra
		// packet, as net/http sends the headers ahead of it.
		req.ContentLength = int64(len(body))
		req.Body = io.NopCloser(bytes.NewReader(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	var sent atomic.Bool
	if k.write {
		ctx = traceSent(ctx, req.Header, &sent)
	}
	resp, err := c.rt.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, c.failed(ctx, k, sent.Load(), err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return resp, nil
	}
	defer drain(resp.Body)
	return nil, c.refused(ctx, k, resp)
}

// traceSent records whether the write may have been sent: once there is a connection for it.
// net/http looks for another connection only if it wrote nothing on the previous one, which was
// dead, or if the write has an Idempotency-Key. The latter it resends even if it was written.
func traceSent(ctx context.Context, header http.Header, sent *atomic.Bool) context.Context {
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }}
	if header.Get(api.HeaderIdempotencyKey) == "" {
		trace.GetConn = func(string) { sent.Store(false) }
	}
	return httptrace.WithClientTrace(ctx, trace)
}

// do sends the request and decodes the response into dst, or discards it if dst is nil.
func (c *conn) do(ctx context.Context, k *call, dst any) error {
	resp, err := c.send(ctx, k)
	if err != nil {
		return err
	}
	defer drain(resp.Body)
	if dst == nil {
		return nil
	}
	b := buffers.Get().(*bytes.Buffer)
	defer putBuffer(b)
	n, err := b.ReadFrom(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return c.broken(ctx, k, err)
	case n > maxAnswer:
		return c.badResponse(k, resp, "it is larger than %d bytes", int64(maxAnswer))
	}
	if err := json.Unmarshal(b.Bytes(), dst); err != nil {
		return c.badResponse(k, resp, "it is not the expected JSON: %v", err)
	}
	if string(bytes.TrimSpace(b.Bytes())) == "null" {
		return c.badResponse(k, resp, "it is null")
	}
	if k.valid != nil {
		if why := k.valid(); why != "" {
			return c.badResponse(k, resp, "%s", why)
		}
	}
	return nil
}

func (c *conn) url(path string) *url.URL {
	u := *c.base
	path, u.RawQuery, _ = strings.Cut(path, "?")
	u.Path += path
	return &u
}

func (c *conn) headers(k *call) http.Header {
	base := c.reads
	if k.write {
		base = c.header
	}
	if k.accept == "" && len(k.opts) == 0 && !k.open {
		return base // a transport must not modify its input
	}
	h := make(http.Header, len(base)+len(k.opts))
	for name, v := range base {
		h[name] = v
	}
	if k.open {
		delete(h, c.credential)
	}
	if k.accept != "" {
		h["Accept"] = []string{k.accept}
	}
	for _, o := range k.opts {
		if o.value != "" {
			h[o.name] = []string{o.value}
		}
	}
	return h
}

// drain reads off a short remainder, so that the connection can be reused, and closes the body.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, maxDrain) // an error only costs the connection
	_ = body.Close()
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= pooledMax {
		b.Reset()
		buffers.Put(b)
	}
}

// String names the server for messages.
func (c *conn) String() string { return fmt.Sprintf("the %s at %s", c.noun, c.base) }
