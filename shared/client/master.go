package client

import (
	"context"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
)

// Master is a client of a master's public API. It is safe for concurrent use.
type Master struct{ c *conn }

// NewMaster returns a client of the master at baseURL, such as "http://127.0.0.1:8080". An
// invalid base URL is reported by the first call.
func NewMaster(baseURL string, opts ...Option) *Master {
	var o options
	for _, f := range opts {
		f(&o)
	}
	var credential CallOption
	if o.bearer != "" {
		credential = CallOption{"Authorization", "Bearer " + o.bearer}
	}
	return &Master{newConn("master", baseURL, o, credential)}
}

// URL is the master's base URL.
func (m *Master) URL() string { return m.c.base.String() }

// Close closes idle connections.
func (m *Master) Close() { m.c.close() }

func (m *Master) post(ctx context.Context, path string, write bool, body, out any, opts []CallOption) error {
	return m.c.do(ctx, &call{method: http.MethodPost, path: path, body: body, write: write, opts: opts}, out)
}

func (m *Master) get(ctx context.Context, path string, out any) error {
	return m.c.do(ctx, &call{method: http.MethodGet, path: path}, out)
}

// CreateDB creates a database on every shard.
func (m *Master) CreateDB(ctx context.Context, req *api.CreateDBRequest, opts ...CallOption) (*api.DDLResponse, error) {
	out := new(api.DDLResponse)
	return out, m.post(ctx, api.PathCreateDB, true, req, out, opts)
}

// DropDB drops a database on every shard.
func (m *Master) DropDB(ctx context.Context, req *api.DropDBRequest, opts ...CallOption) (*api.DDLResponse, error) {
	out := new(api.DDLResponse)
	return out, m.post(ctx, api.PathDropDB, true, req, out, opts)
}

// CreateTable creates a table on every shard.
func (m *Master) CreateTable(ctx context.Context, req *api.CreateTableRequest, opts ...CallOption) (*api.DDLResponse, error) {
	out := new(api.DDLResponse)
	return out, m.post(ctx, api.PathCreateTable, true, req, out, opts)
}

// DeleteTable drops a table on every shard.
func (m *Master) DeleteTable(ctx context.Context, req *api.DeleteTableRequest, opts ...CallOption) (*api.DDLResponse, error) {
	out := new(api.DDLResponse)
	return out, m.post(ctx, api.PathDeleteTable, true, req, out, opts)
}

// RepairTable makes the copies of a reference table equal.
func (m *Master) RepairTable(ctx context.Context, req *api.RepairTableRequest, opts ...CallOption) (*api.RepairTableResponse, error) {
	out := new(api.RepairTableResponse)
	return out, m.post(ctx, api.PathRepairTable, true, req, out, opts)
}

// ForwardDDL sends a schema change as another master received it: the body of one of the four
// requests above, for its path.
func (m *Master) ForwardDDL(ctx context.Context, path string, body jsontext.Value, opts ...CallOption) (*api.DDLResponse, error) {
	out := new(api.DDLResponse)
	return out, m.post(ctx, path, true, body, out, opts)
}

// Insert inserts rows.
func (m *Master) Insert(ctx context.Context, req *api.InsertRequest, opts ...CallOption) (*api.WriteResponse, error) {
	out := new(api.WriteResponse)
	return out, m.post(ctx, api.PathInsert, true, req, out, opts)
}

// Update changes rows.
func (m *Master) Update(ctx context.Context, req *api.UpdateRequest, opts ...CallOption) (*api.WriteResponse, error) {
	out := new(api.WriteResponse)
	return out, m.post(ctx, api.PathUpdate, true, req, out, opts)
}

// Delete deletes rows.
func (m *Master) Delete(ctx context.Context, req *api.DeleteRequest, opts ...CallOption) (*api.WriteResponse, error) {
	out := new(api.WriteResponse)
	return out, m.post(ctx, api.PathDelete, true, req, out, opts)
}

// Select reads rows into memory, at most 256 MiB; use SelectStream for more.
func (m *Master) Select(ctx context.Context, req *api.SelectRequest, opts ...CallOption) (*api.SelectResponse, error) {
	out := new(api.SelectResponse)
	if err := m.post(ctx, api.PathSelect, false, req, out, opts); err != nil {
		return nil, err
	}
	if out.Error != nil {
		return nil, out.Error
	}
	return out, nil
}

// SelectStream reads rows as a stream, which must be closed and ends with ctx.
func (m *Master) SelectStream(ctx context.Context, req *api.SelectRequest, opts ...CallOption) (*RowStream, error) {
	k := &call{method: http.MethodPost, path: api.PathSelect, body: req, accept: api.MediaNDJSON, opts: opts}
	resp, err := m.c.send(ctx, k)
	if err != nil {
		return nil, err
	}
	return newHeadedStream(ctx, m.c, k, resp)
}

// Query runs a T-SQL statement and reads its result into memory, at most 256 MiB; use QueryStream
// for more. If a statement that may write fails after it was sent, its outcome is unknown, as
// with Insert. If one of several statements fails, the results of those before it are returned as well.
func (m *Master) Query(ctx context.Context, req *api.SQLRequest, opts ...CallOption) (*api.SQLResponse, error) {
	out := new(api.SQLResponse)
	if err := m.post(ctx, api.PathQuery, mayWrite(req), req, out, opts); err != nil {
		return nil, err
	}
	switch {
	case out.Error == nil:
		return out, nil
	case out.Results != nil:
		return out, out.Error
	}
	return nil, out.Error
}

// QueryStream runs a SELECT and returns its rows as a stream, which must be closed and ends with
// ctx. Other statements do not return streams: use Query.
func (m *Master) QueryStream(ctx context.Context, req *api.SQLRequest, opts ...CallOption) (*RowStream, error) {
	k := &call{method: http.MethodPost, path: api.PathQuery, body: req, accept: api.MediaNDJSON, opts: opts}
	resp, err := m.c.send(ctx, k)
	if err != nil {
		return nil, err
	}
	return newHeadedStream(ctx, m.c, k, resp)
}

// mayWrite reports whether a request can change anything.
func mayWrite(req *api.SQLRequest) bool { return !req.Explain && !req.IsSelect() }

// Queries lists the statements running at the master.
func (m *Master) Queries(ctx context.Context) (*api.QueriesResponse, error) {
	out := new(api.QueriesResponse)
	return out, m.get(ctx, api.PathQueries, out)
}

// Running returns the statement that runs at the master under a request id, see [RequestID]; nil if
// there is none.
func (m *Master) Running(ctx context.Context, requestID string) (*api.RunningQuery, error) {
	list, err := m.Queries(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list.Queries {
		if list.Queries[i].RequestID == requestID {
			return &list.Queries[i], nil
		}
	}
	return nil, nil
}

// CancelQuery cancels a running statement.
func (m *Master) CancelQuery(ctx context.Context, id string) error {
	return m.c.do(ctx, &call{method: http.MethodDelete, path: api.PathQueries + "/" + id}, nil)
}

// Count counts rows on the shards and reduces the counts.
func (m *Master) Count(ctx context.Context, req *api.MapReduceCountRequest, opts ...CallOption) (*api.MapReduceCountResponse, error) {
	out := new(api.MapReduceCountResponse)
	return out, m.post(ctx, api.PathMapReduceCount, false, req, out, opts)
}

// SecurityCheck has the master probe its workers' access control.
func (m *Master) SecurityCheck(ctx context.Context, opts ...CallOption) (*api.SecurityCheckResponse, error) {
	out := new(api.SecurityCheckResponse)
	return out, m.post(ctx, api.PathSecurityCheck, false, struct{}{}, out, opts)
}

// Failover makes this master, or req.To, the primary; req may be nil.
func (m *Master) Failover(ctx context.Context, req *api.FailoverRequest, opts ...CallOption) (*api.FailoverResponse, error) {
	if req == nil {
		req = &api.FailoverRequest{}
	}
	out := new(api.FailoverResponse)
	return out, m.post(ctx, api.PathFailover, !req.DryRun, req, out, opts)
}

// Failovers lists the failovers that the master has carried out since it started.
func (m *Master) Failovers(ctx context.Context) (*api.FailoversResponse, error) {
	out := new(api.FailoversResponse)
	return out, m.get(ctx, api.PathFailover, out)
}

// Metadata returns the cluster's state as last seen by the master.
func (m *Master) Metadata(ctx context.Context) (*api.Metadata, error) {
	out := new(api.Metadata)
	return out, m.get(ctx, api.PathMetadata, out)
}

// Traffic calls GET /traffic. The recent requests in the answer are those after number after.
func (m *Master) Traffic(ctx context.Context, after uint64) (*api.TrafficReport, error) {
	out := new(api.TrafficReport)
	return out, m.get(ctx, api.PathTraffic+"?after="+strconv.FormatUint(after, 10), out)
}

// Health summarizes the cluster as last seen by the master.
func (m *Master) Health(ctx context.Context) (*api.Health, error) {
	out := new(api.Health)
	return out, m.get(ctx, api.PathHealth, out)
}

// StepDown tells the master that another holds a newer term. It requires the token shared by
// masters and workers, and is idempotent.
func (m *Master) StepDown(ctx context.Context, token string, req *api.StepDownRequest) error {
	return m.c.do(ctx, &call{method: http.MethodPost, path: api.StepDownPath, body: req,
		opts: []CallOption{{api.HeaderToken, token}}}, nil)
}
