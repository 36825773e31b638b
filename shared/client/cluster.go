package client

import (
	"context"
	"strings"
	"sync"

	"shardeck/shared/api"
)

// Cluster is a client of several masters of one cluster, which it uses as one: a request goes to
// the master that last worked, and to another one if that fails in a way that another attempt can
// mend. Only the masters that it was made with are ever sent anything, whatever address an answer
// names, and none that says that it belongs to another cluster than the first that answered.
//
// Each write of rows has an Idempotency-Key, the same for all its attempts: the caller's, or a
// random one. So a write whose answer was lost is repeated without being applied twice. A key is
// stored on a shard; if a shard is unavailable, a random key is replaced as long as nothing can have
// been written under it. Changes of the schema have no such key; if one was lost, the answer to its
// repetition says so. The attempts are bounded in number and in time, and end with the context.
//
// It is safe for concurrent use.
type Cluster struct {
	masters []*member

	mu      sync.Mutex
	current int    // the master that last worked
	id      string // of the cluster, see api.ClusterID; empty until a master has answered
	named   int    // the master that id is from
}

// member is a master of a Cluster.
type member struct {
	*Master
	mu    sync.Mutex
	known bool // its cluster has been compared since it last failed
}

// NewCluster returns a client of the masters at the base URLs, such as "http://127.0.0.1:8080", in
// the order in which they are tried first. The options apply to each of them. An invalid base URL
// is reported by the calls.
func NewCluster(baseURLs []string, opts ...Option) *Cluster {
	c := new(Cluster)
	for _, u := range baseURLs {
		m := NewMaster(u, opts...)
		if c.find(m.URL()) < 0 || m.c.bad != nil {
			c.masters = append(c.masters, &member{Master: m})
		}
	}
	return c
}

// Close closes idle connections.
func (c *Cluster) Close() {
	for _, m := range c.masters {
		m.Close()
	}
}

// Current is the base URL of the master that the next request goes to first.
func (c *Cluster) Current() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.masters) == 0 {
		return ""
	}
	return c.masters[c.current].URL()
}

// Prefer makes the master at baseURL the first to try, if it is one of the cluster's.
func (c *Cluster) Prefer(baseURL string) {
	if i := c.find(baseURL); i >= 0 {
		c.worked(i)
	}
}

// find returns the index of the master at baseURL, or -1.
func (c *Cluster) find(baseURL string) int {
	baseURL = strings.TrimSuffix(baseURL, "/")
	for i, m := range c.masters {
		if strings.EqualFold(m.URL(), baseURL) && baseURL != "" {
			return i
		}
	}
	return -1
}

func (c *Cluster) worked(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = i
}

// CreateDB creates a database on every shard.
func (c *Cluster) CreateDB(ctx context.Context, req *api.CreateDBRequest, opts ...CallOption) (*api.DDLResponse, error) {
	return run(ctx, c, schemaChange, (*Master).CreateDB, req, opts)
}

// DropDB drops a database on every shard.
func (c *Cluster) DropDB(ctx context.Context, req *api.DropDBRequest, opts ...CallOption) (*api.DDLResponse, error) {
	return run(ctx, c, schemaChange, (*Master).DropDB, req, opts)
}

// CreateTable creates a table on every shard.
func (c *Cluster) CreateTable(ctx context.Context, req *api.CreateTableRequest, opts ...CallOption) (*api.DDLResponse, error) {
	return run(ctx, c, schemaChange, (*Master).CreateTable, req, opts)
}

// DeleteTable drops a table on every shard.
func (c *Cluster) DeleteTable(ctx context.Context, req *api.DeleteTableRequest, opts ...CallOption) (*api.DDLResponse, error) {
	return run(ctx, c, schemaChange, (*Master).DeleteTable, req, opts)
}

// RepairTable makes the copies of a reference table equal.
func (c *Cluster) RepairTable(ctx context.Context, req *api.RepairTableRequest, opts ...CallOption) (*api.RepairTableResponse, error) {
	return run(ctx, c, schemaChange, (*Master).RepairTable, req, opts)
}

// Insert inserts rows.
func (c *Cluster) Insert(ctx context.Context, req *api.InsertRequest, opts ...CallOption) (*api.WriteResponse, error) {
	return run(ctx, c, rowWrite, (*Master).Insert, req, opts)
}

// Update changes rows.
func (c *Cluster) Update(ctx context.Context, req *api.UpdateRequest, opts ...CallOption) (*api.WriteResponse, error) {
	return run(ctx, c, rowWrite, (*Master).Update, req, opts)
}

// Delete deletes rows.
func (c *Cluster) Delete(ctx context.Context, req *api.DeleteRequest, opts ...CallOption) (*api.WriteResponse, error) {
	return run(ctx, c, rowWrite, (*Master).Delete, req, opts)
}

// Select is [Master.Select].
func (c *Cluster) Select(ctx context.Context, req *api.SelectRequest, opts ...CallOption) (*api.SelectResponse, error) {
	return run(ctx, c, read, (*Master).Select, req, opts)
}

// SelectStream is [Master.SelectStream]. It returns when the first rows have arrived; what fails
// after that is not repeated.
func (c *Cluster) SelectStream(ctx context.Context, req *api.SelectRequest, opts ...CallOption) (*RowStream, error) {
	return run(ctx, c, read, (*Master).SelectStream, req, opts)
}

// Query is [Master.Query]. INSERT, UPDATE and DELETE are sent with an Idempotency-Key, CREATE and
// DROP are repeated like the other changes of the schema.
func (c *Cluster) Query(ctx context.Context, req *api.SQLRequest, opts ...CallOption) (*api.SQLResponse, error) {
	op := read
	switch {
	case !mayWrite(req):
	case req.ChangesSchema():
		op = schemaChange
	default:
		op = rowWrite
	}
	return run(ctx, c, op, (*Master).Query, req, opts)
}

// QueryStream is [Master.QueryStream]. It returns when the first rows have arrived; what fails
// after that is not repeated.
func (c *Cluster) QueryStream(ctx context.Context, req *api.SQLRequest, opts ...CallOption) (*RowStream, error) {
	return run(ctx, c, read, (*Master).QueryStream, req, opts)
}

// Running returns the statement that runs under a request id, see [RequestID], on whichever master;
// nil if there is none. It asks only masters that requests have been sent to already, the current one
// first. If one that may run the statement does not answer, it returns an error.
func (c *Cluster) Running(ctx context.Context, requestID string) (*api.RunningQuery, error) {
	c.mu.Lock()
	first := c.current
	c.mu.Unlock()
	var failed error
	for i := range c.masters {
		m := c.masters[(first+i)%len(c.masters)]
		if len(c.masters) > 1 && !m.admitted() {
			continue
		}
		run, err := m.Running(ctx, requestID)
		if run != nil {
			return run, nil
		}
		if failed == nil {
			failed = err
		}
	}
	return nil, failed
}

// Count is [Master.Count].
func (c *Cluster) Count(ctx context.Context, req *api.MapReduceCountRequest, opts ...CallOption) (*api.MapReduceCountResponse, error) {
	return run(ctx, c, read, (*Master).Count, req, opts)
}

// SecurityCheck is [Master.SecurityCheck].
func (c *Cluster) SecurityCheck(ctx context.Context, opts ...CallOption) (*api.SecurityCheckResponse, error) {
	check := func(m *Master, ctx context.Context, _ *struct{}, opts ...CallOption) (*api.SecurityCheckResponse, error) {
		return m.SecurityCheck(ctx, opts...)
	}
	return run(ctx, c, read, check, nil, opts)
}
