package httpserve

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

// Header values are shared by all responses and must not be modified.
var (
	headerJSON    = []string{api.MediaJSON}
	headerProblem = []string{api.MediaProblem}
	headerNDJSON  = []string{api.MediaNDJSON}
	headerNosniff = []string{"nosniff"}
	headerNoStore = []string{"no-store"}
)

// pooledMax is the size above which a buffer is left to the garbage collector instead of being
// reused.
const pooledMax = 256 << 10

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= pooledMax {
		b.Reset()
		buffers.Put(b)
	}
}

// ReadJSON reads the body, one strict JSON value of at most limit bytes, into dst. The error is a
// *api.Problem. A slow body times out; once it has arrived, the request may take as long as its
// context allows.
func ReadJSON(w http.ResponseWriter, r *http.Request, limit int64, dst any) error {
	if !isJSON(r.Header.Get("Content-Type")) {
		return api.NewProblem(api.CodeUnsupportedMedia, "the Content-Type of the request is not %s", api.MediaJSON).
			Hinted("send the header Content-Type: %s", api.MediaJSON)
	}
	if r.ContentLength > limit {
		return api.NewProblem(api.CodeBodyTooLarge, "the body is larger than %d bytes", limit).
			Hinted("send less at a time, for example an insert in batches")
	}
	if err := api.Decode(r.Body, limit, dst); err != nil {
		return err
	}
	if r.ContentLength != 0 {
		liftReadDeadline(w)
	}
	return nil
}

// isJSON accepts application/json with or without parameters. The plain form, used by nearly
// every request, is not parsed.
func isJSON(contentType string) bool {
	if contentType == api.MediaJSON {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == api.MediaJSON
}

// WriteJSON responds with v as JSON in one write. If v does not marshal, the error is returned
// and nothing is written; a disconnected client is not an error.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	return writeBody(w, status, headerJSON, v)
}

func writeBody(w http.ResponseWriter, status int, media []string, v any) error {
	b := buffers.Get().(*bytes.Buffer)
	defer putBuffer(b)
	if err := json.MarshalWrite(b, v); err != nil {
		return err
	}
	b.WriteByte('\n')
	h := w.Header()
	h["Content-Type"] = media
	h["X-Content-Type-Options"] = headerNosniff
	h["Cache-Control"] = headerNoStore
	h["Content-Length"] = []string{strconv.Itoa(b.Len())}
	w.WriteHeader(status)
	if b.Len() > pooledMax {
		defer limitWrite(w)()
	}
	_, _ = w.Write(b.Bytes()) // the response is complete; a failed write means the client is gone
	return nil
}

// limitWrite sets a write deadline for a large block; the returned func lifts it.
func limitWrite(w http.ResponseWriter) func() {
	rc := http.NewResponseController(w)
	// A writer without deadlines (such as a test's recorder) needs none.
	_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	return func() { _ = rc.SetWriteDeadline(time.Time{}) }
}

// WriteProblem responds with err as a problem document that carries the request's id. An error
// that is not an *api.Problem becomes internal with a detail that reveals nothing, and is logged
// unchanged.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		err = api.NewProblem(api.CodeCanceled, "the client disconnected before the response was ready")
	}
	p := *api.AsProblem(err)
	p.RequestID = RequestID(r)
	noteError(w, err)
	if p.Status < 400 || p.Status > 599 {
		p.Status = p.Code.Status()
	}
	switch p.Status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	case http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // the rest of the body is not worth reading
	}
	if e := writeBody(w, p.Status, headerProblem, &p); e != nil {
		// Only text that is not UTF-8 fails to marshal; the code alone always does.
		q := api.NewProblem(p.Code, "the details of this problem cannot be encoded")
		q.RequestID = p.RequestID
		_ = writeBody(w, p.Status, headerProblem, q)
	}
}

// noteError passes an error to the access log.
func noteError(w http.ResponseWriter, err error) {
	for {
		switch t := w.(type) {
		case *watcher:
			t.err = err
			return
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return
		}
	}
}
