package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"shardeck/master/bind"
	"shardeck/master/intent"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

// maxIdempotencyKey is the maximum length of an Idempotency-Key, in bytes.
const maxIdempotencyKey = 255

// readJSON reads a request's body.
func readJSON(w http.ResponseWriter, r *http.Request, dst any) error {
	return httpserve.ReadJSON(w, r, api.MaxBody, dst)
}

// hashOf is the hash of a write that is not a client's request.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// readOptional reads a body that may be missing, which is as good as {}.
func readOptional(w http.ResponseWriter, r *http.Request, dst any) error {
	if r.ContentLength == 0 {
		return nil
	}
	return readJSON(w, r, dst)
}

// readEmpty accepts no body, or {}.
func readEmpty(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	return readJSON(w, r, &struct{}{})
}

// readWrite reads the body of a write, and its Idempotency-Key if there is one. The key
// applies to this path with exactly these bytes.
func readWrite(w http.ResponseWriter, r *http.Request, dst any) (*api.Idempotency, error) {
	keys := r.Header[api.HeaderIdempotencyKey]
	if len(keys) == 0 {
		return nil, readJSON(w, r, dst)
	}
	if len(keys) > 1 || !validKey(keys[0]) {
		return nil, api.NewProblem(api.CodeInvalidField, "the header %s must occur once and have 1 to %d printable ASCII characters",
			api.HeaderIdempotencyKey, maxIdempotencyKey).At(api.HeaderIdempotencyKey).Hinted("send a UUID, for example")
	}
	hash := sha256.New()
	hash.Write([]byte(r.URL.Path + "\n"))
	r.Body = hashedBody{io.TeeReader(r.Body, hash), r.Body}
	if err := readJSON(w, r, dst); err != nil {
		return nil, err
	}
	return &api.Idempotency{Key: keys[0], Hash: hex.EncodeToString(hash.Sum(nil))}, nil
}

// hashedBody is a body that is hashed as it is read.
type hashedBody struct {
	io.Reader
	io.Closer
}

func validKey(key string) bool {
	if len(key) == 0 || len(key) > maxIdempotencyKey {
		return false
	}
	if intent.IsReservedKey(key) {
		return false
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

// accepted returns the media type of rows that the client accepts.
func accepted(r *http.Request) string {
	for _, accept := range r.Header["Accept"] {
		switch {
		case strings.Contains(accept, api.MediaNDJSON):
			return api.MediaNDJSON
		case strings.Contains(accept, api.MediaCSV):
			return api.MediaCSV
		}
	}
	return api.MediaJSON
}

// table looks up the table that a request names. An unknown table may just have been
// created through the other master, so the workers are probed before the request fails.
func (s *Service) table(ctx context.Context, db, table string) (*bind.Table, error) {
	if p := api.CheckIdentifier("db_name", db); p != nil {
		return nil, p
	}
	if p := api.CheckIdentifier("table", table); p != nil {
		return nil, p
	}
	if intent.IsReserved(table) {
		return nil, intent.Reserved()
	}
	t, err := s.catalog.Load().Table(db, table)
	if isUnknown(err) && s.prober.Refresh(ctx, refreshGap) {
		t, err = s.catalog.Load().Table(db, table)
	}
	if isUnknown(err) && s.neverHeard() {
		return nil, api.NewProblem(api.CodeShardUnavailable, "no worker has answered yet, so no table is known").
			Hinted("start the workers, or check MASTER_WORKERS")
	}
	return t, err
}

// neverHeard reports whether no worker has responded yet.
func (s *Service) neverHeard() bool {
	for _, sh := range s.prober.Snapshot().Shards {
		if sh.Stats != nil {
			return false
		}
	}
	return true
}

func isUnknown(err error) bool {
	code := api.CodeOf(err)
	return code == api.CodeUnknownTable || code == api.CodeUnknownDatabase
}

// maxReplans is how often a request is planned again because the schema has changed meanwhile.
const maxReplans = 5

// planAndRun plans a request and runs the plan. If a worker reports that the plan is for
// another table definition than its own, because the other master changed the schema, the
// catalog is refreshed and the request is planned and run again, maxReplans times if need be; so is a
// read of a reference table whose shard turns out not to answer, on another one. run must not have had
// any effect when it returns such an error.
func (s *Service) planAndRun(ctx context.Context, makePlan func(context.Context) (*plan.Plan, error), run func(*plan.Plan) error) error {
	failed := -1 // the shard whose copy of a reference table could not be read
	for attempt := 0; ; attempt++ {
		last := attempt == maxReplans
		p, err := makePlan(ctx)
		if api.CodeOf(err) == api.CodeStaleSchema && !last { // of a part that had to be run first
			s.prober.Refresh(ctx, refreshGap)
			continue
		}
		if api.CodeOf(err) == api.CodeUnknownColumn && attempt == 0 && s.prober.Refresh(ctx, refreshGap) {
			continue // another master may just have added it
		}
		if err != nil {
			return err
		}
		copied := p.Route.Kind == api.RouteCopy
		if copied {
			s.chooseCopy(p, failed)
		}
		began := time.Now()
		err = run(p)
		s.recent.note(began, p, err)
		switch {
		case last, attempt > 0 && isUnknown(err):
			return s.lostOnShard(err)
		case isStale(err):
			s.prober.Refresh(ctx, refreshGap)
		case copied && attempt == 0 && len(p.Fragments) == 1 && api.CodeOf(err) == api.CodeShardUnavailable:
			failed = p.Fragments[0].Shard
		default:
			return s.lostOnShard(err)
		}
	}
}

// chooseCopy sends a read of reference tables to one of the shards that answer, and reads in turn
// to different ones, but not to the one that has failed the request already; -1 for none.
func (s *Service) chooseCopy(p *plan.Plan, failed int) {
	snap := s.prober.Snapshot()
	n := len(snap.Shards)
	first := int(s.copyTurn.Add(1) % uint64(n))
	for i := range n {
		sh := &snap.Shards[(first+i)%n]
		if sh.Shard != failed && ready(sh) && sh.Refusal() == nil {
			p.ReadFrom(sh.Shard)
			return
		}
	}
	// None is known to answer: the shard of the plan says why.
}

// lostOnShard rewords a worker's error that there is no such database or table if other shards
// have it: advice to create it would have it created empty.
func (s *Service) lostOnShard(err error) error {
	if !isUnknown(err) {
		return err
	}
	p := api.AsProblem(err)
	if p.Shard == nil {
		return err
	}
	q := *p
	q.Detail = fmt.Sprintf("shard %d lacks what other shards have: %s", *p.Shard, p.Detail)
	q.Hint = "see drift in GET " + api.PathMetadata + " before creating it there again, which would create it empty: has the shard lost its data?"
	return &q
}

// onTable returns a makePlan function for planAndRun that plans over the named table.
func (s *Service) onTable(db, table string, makePlan func(*bind.Table) (*plan.Plan, error)) func(context.Context) (*plan.Plan, error) {
	return func(ctx context.Context) (*plan.Plan, error) {
		t, err := s.table(ctx, db, table)
		if err != nil {
			return nil, err
		}
		return makePlan(t)
	}
}

// isStale reports whether a worker's error may be due to this master's outdated catalog.
func isStale(err error) bool {
	return err != nil && (api.CodeOf(err) == api.CodeStaleSchema || isUnknown(err))
}

// mainProblem returns the most informative of several problems, with all of them as
// causes. A single one is returned as it is.
func mainProblem(problems []api.Problem) *api.Problem {
	p := problems[0]
	for i := range problems {
		// A client error is more informative than an unavailable shard.
		if problems[i].Status < 500 && p.Status >= 500 || problems[i].Code == api.CodeStaleSchema {
			p = problems[i]
		}
	}
	if len(problems) > 1 {
		p.Causes = problems
	}
	return &p
}
