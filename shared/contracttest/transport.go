package contracttest

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// Transport is an http.RoundTripper that checks every response, and every request that succeeded:
// what a service accepts, the document must allow. Bodies are held in memory, so it is not
// suitable for endless streams.
type Transport struct {
	T    testing.TB
	Doc  *Document
	Base http.RoundTripper // nil: http.DefaultTransport
}

// RoundTrip sends the request through Base and checks both halves of the exchange.
func (tr *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		var err error
		if sent, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		if err := req.Body.Close(); err != nil {
			return nil, err
		}
	}
	out := req.Clone(req.Context())
	if len(sent) > 0 {
		out.Body = io.NopCloser(bytes.NewReader(sent))
	} else {
		out.Body, out.ContentLength = http.NoBody, 0 // otherwise it would be sent as a body of unknown length
	}
	base := tr.Base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if err := tr.Doc.CheckResponse(req, resp, body); err != nil {
		tr.T.Errorf("%s %s responded %d in violation of the document: %v\nsent: %s\ngot: %s",
			req.Method, req.URL.Path, resp.StatusCode, err, clip(sent), clip(body))
	}
	if resp.StatusCode < 300 {
		if err := tr.Doc.CheckRequest(req, sent); err != nil {
			tr.T.Errorf("%s %s accepted a request that the document forbids: %v\nsent: %s",
				req.Method, req.URL.Path, err, clip(sent))
		}
	}
	return resp, nil
}

func clip(b []byte) []byte {
	const most = 2000
	if len(b) > most {
		return append(bytes.Clone(b[:most]), "..."...)
	}
	return b
}
