package contracttest

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"testing"

	"shardeck/shared/api"
)

// Transport is an http.RoundTripper that checks every response, and every request that succeeded:
// what a service accepts, the document must allow. Bodies are held in memory, except for row
// streams, which are passed on as they arrive and checked at their end if they are short: checking
// a row takes longer than sending it.
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
	check := func(body []byte) { tr.check(req, resp, sent, body) }
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media == api.MediaNDJSON {
		resp.Body = &streamBody{ReadCloser: resp.Body, check: check}
		return resp, nil
	}
	body, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	check(body)
	return resp, nil
}

func (tr *Transport) check(req *http.Request, resp *http.Response, sent, body []byte) {
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
}

// streamBody keeps a row stream of up to maxChecked bytes and checks it once it has been read to
// its end, or to its last record and is then closed. It is for one goroutine.
type streamBody struct {
	io.ReadCloser
	check func(body []byte) // nil after the check
	read  bytes.Buffer
	long  bool
}

const maxChecked = 64 << 10

func (b *streamBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.long = b.long || b.read.Len()+n > maxChecked; !b.long {
		b.read.Write(p[:n])
	}
	if err == io.EOF {
		b.finish()
	}
	return n, err
}

// Close checks a stream whose reader has stopped at the last record, as at an error.
func (b *streamBody) Close() error {
	text := bytes.TrimSuffix(b.read.Bytes(), []byte("\n"))
	if last := text[bytes.LastIndexByte(text, '\n')+1:]; len(text) < b.read.Len() && bytes.HasPrefix(last, []byte("{")) {
		b.finish()
	}
	return b.ReadCloser.Close()
}

func (b *streamBody) finish() {
	if !b.long && b.check != nil {
		b.check(b.read.Bytes())
		b.check = nil
	}
}

func clip(b []byte) []byte {
	const most = 2000
	if len(b) > most {
		return append(bytes.Clone(b[:most]), "..."...)
	}
	return b
}
