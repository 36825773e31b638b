package client

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"

	"shardeck/shared/api"
)

// Worker is a client of one worker. It is safe for concurrent use.
type Worker struct{ c *conn }

// NewWorker returns a client of the worker at baseURL, as "http://127.0.0.1:8081".
// Each of its connections is proven before the token is sent on it (see
// [api.HeaderProof]), unless a transport is given, which has to see to that itself.
// An invalid base URL shows in the first call's error.
func NewWorker(baseURL, token string, opts ...Option) *Worker {
	var o options
	for _, f := range opts {
		f(&o)
	}
	proven := o.transport == nil
	c := newConn("worker", baseURL, o, CallOption{api.HeaderToken, token})
	if proven {
		c.rt = provenTransport(&prover{secret: token, base: c.base, shard: o.shard})
	}
	return &Worker{c}
}

// URL is the worker's base URL.
func (w *Worker) URL() string { return w.c.base.String() }

// Close closes idle connections.
func (w *Worker) Close() { w.c.close() }

// Health asks for the worker's identity, without the token, which /health does not require.
func (w *Worker) Health(ctx context.Context) (*api.WorkerHealth, error) {
	out := new(api.WorkerHealth)
	return out, w.c.do(ctx, &call{method: http.MethodGet, path: api.WorkerHealthPath, open: true}, out)
}

// CreateDB creates a database.
func (w *Worker) CreateDB(ctx context.Context, req *api.DBRequest, opts ...CallOption) (*api.DBResponse, error) {
	out := new(api.DBResponse)
	return out, w.c.do(ctx, &call{method: http.MethodPost, path: api.WorkerCreateDBPath, body: req, write: true, opts: opts}, out)
}

// DropDB drops a database.
func (w *Worker) DropDB(ctx context.Context, req *api.DBRequest, opts ...CallOption) (*api.DBResponse, error) {
	out := new(api.DBResponse)
	return out, w.c.do(ctx, &call{method: http.MethodPost, path: api.WorkerDropDBPath, body: req, write: true, opts: opts}, out)
}

// Exec runs statements in one transaction.
func (w *Worker) Exec(ctx context.Context, req *api.ExecRequest, opts ...CallOption) (*api.ExecResponse, error) {
	var body struct {
		RowsAffected []*int64 `json:"rows_affected"` // nil for null
		Replayed     bool     `json:"replayed"`
	}
	out := new(api.ExecResponse)
	k := &call{method: http.MethodPost, path: api.WorkerExecPath, body: req, write: true, opts: opts}
	// Any JSON object decodes; one without a possible number of rows for each statement is not from
	// a worker that ran them. A stored response may be to a request with one statement more or less,
	// and is returned as it is: a write's first part is sent with the master's own entry in a log, if
	// there is one, and a write of what was read before may be another one when it is repeated.
	k.valid = func() string {
		if d := len(body.RowsAffected) - len(req.Statements); d != 0 && (!body.Replayed || d < -1 || d > 1) {
			return "it does not have a number of rows for each statement"
		}
		for i, n := range body.RowsAffected {
			var st api.Statement
			if !body.Replayed {
				st = req.Statements[i]
			}
			if why := wrongRows(&st, n); why != "" {
				return why
			}
			out.RowsAffected = append(out.RowsAffected, *n)
		}
		out.Replayed = body.Replayed
		return ""
	}
	return out, w.c.do(ctx, k, &body)
}

// wrongRows returns why a statement, which is empty if it is not known, cannot have affected n rows, or "".
func wrongRows(st *api.Statement, n *int64) string {
	switch {
	case n == nil || *n < 0:
		return "a number of rows is null or negative"
	case *n > maxRows:
		return "a number of rows is impossibly large"
	case st.Effect == api.EffectInsert && len(st.Rows) > 0 && *n > int64(len(st.Rows)):
		return fmt.Sprintf("an insert of %d rows affected %d", len(st.Rows), *n)
	}
	return ""
}

// maxRows is more rows than a worker can have, so that sums of numbers up to it do not overflow.
const maxRows = 1 << 48

// Query runs a SELECT. The stream must be closed, and ends with ctx.
func (w *Worker) Query(ctx context.Context, req *api.QueryRequest, opts ...CallOption) (*RowStream, error) {
	k := &call{method: http.MethodPost, path: api.WorkerQueryPath, body: req, opts: opts}
	resp, err := w.c.send(ctx, k)
	if err != nil {
		return nil, err
	}
	s := newRowStream(ctx, w.c, k, resp)
	s.columns = len(req.ResultTypes)
	return s, nil
}

// Stats lists databases and tables with their row counts.
func (w *Worker) Stats(ctx context.Context, opts ...CallOption) (*api.WorkerStats, error) {
	out := new(api.WorkerStats)
	k := &call{method: http.MethodGet, path: api.WorkerStatsPath, opts: opts}
	k.valid = func() string { return wrongStats(out) }
	return out, w.c.do(ctx, k, out)
}

// wrongStats returns why a worker cannot have these databases and tables, or "".
func wrongStats(st *api.WorkerStats) string {
	if st.Databases == nil {
		return "it has no list of databases"
	}
	for i := range st.Databases {
		d := &st.Databases[i]
		switch {
		case d.Tables == nil:
			return fmt.Sprintf("database %s has no list of tables", api.Clip(d.Name))
		case d.SizeBytes < 0:
			return fmt.Sprintf("database %s has a negative size", api.Clip(d.Name))
		}
		for j := range d.Tables {
			if n := d.Tables[j].Rows; n < 0 || n > maxRows {
				return fmt.Sprintf("table %s has %d rows", api.Clip(d.Tables[j].Definition.Name), n)
			}
		}
	}
	return ""
}

// State returns the worker's stored fence.
func (w *Worker) State(ctx context.Context, opts ...CallOption) (*api.WorkerState, error) {
	out := new(api.WorkerState)
	return out, w.c.do(ctx, &call{method: http.MethodGet, path: api.WorkerStatePath, opts: opts}, out)
}

// SetState acquires a term on the worker. It is idempotent, so a lost response is not
// outcome_unknown.
func (w *Worker) SetState(ctx context.Context, up *api.StateUpdate, opts ...CallOption) (*api.WorkerState, error) {
	out := new(api.WorkerState)
	return out, w.c.do(ctx, &call{method: http.MethodPost, path: api.WorkerStatePath, body: up, opts: opts}, out)
}

// Probe sends an empty request to an endpoint with the given headers instead of the client's own
// token, and returns the status of the response. It checks access control: the empty request has
// no effect. An error means that there was no response at all.
func (w *Worker) Probe(ctx context.Context, ep api.Endpoint, credential http.Header) (status int, err error) {
	if w.c.bad != nil {
		return 0, w.c.bad
	}
	h := w.c.header.Clone()
	delete(h, api.HeaderToken)
	maps.Copy(h, credential)
	req := &http.Request{
		Method: ep.Method, URL: w.c.url(ep.Path), Host: w.c.base.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h,
	}
	if ep.Method != http.MethodGet {
		const empty = "{}"
		req.ContentLength, req.Body = int64(len(empty)), io.NopCloser(strings.NewReader(empty))
	}
	resp, err := w.c.rt.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return 0, w.c.unanswered(ctx, err)
	}
	drain(resp.Body)
	return resp.StatusCode, nil
}
