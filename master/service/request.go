package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

// maxIdempotencyKey bounds an Idempotency-Key, in bytes.
const maxIdempotencyKey = 255

// readJSON reads a request's body.
func readJSON(w http.ResponseWriter, r *http.Request, dst any) error {
	return httpserve.ReadJSON(w, r, api.MaxBody, dst)
}

// readEmpty accepts no body at all or {}.
func readEmpty(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	return readJSON(w, r, &struct{}{})
}

// readWrite reads the body of a write and what its Idempotency-Key, if any, stands
// for: this path with these very bytes.
func readWrite(w http.ResponseWriter, r *http.Request, dst any) (*api.Idempotency, error) {
	keys := r.Header[api.HeaderIdempotencyKey]
	if len(keys) == 0 {
		return nil, readJSON(w, r, dst)
	}
	if len(keys) > 1 || !saneKey(keys[0]) {
		return nil, api.NewProblem(api.CodeInvalidField, "the header %s must be 1 to %d printable ASCII characters, once",
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

// hashedBody is a body of which all that is read is hashed.
type hashedBody struct {
	io.Reader
	io.Closer
}

func saneKey(key string) bool {
	if len(key) == 0 || len(key) > maxIdempotencyKey {
		return false
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

// accepted is the media type of rows that the client asks for.
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

// table finds the table that a request names. One that is not known may have been
// created through the other master a moment ago, so the workers are asked before
// the request is refused.
func (s *Service) table(ctx context.Context, db, table string) (*bind.Table, error) {
	if p := api.CheckIdentifier("db_name", db); p != nil {
		return nil, p
	}
	if p := api.CheckIdentifier("table", table); p != nil {
		return nil, p
	}
	t, err := s.catalog.Load().Table(db, table)
	if isUnknown(err) && s.prober.Refresh(ctx, refreshGap) {
		t, err = s.catalog.Load().Table(db, table)
	}
	if isUnknown(err) && s.unheard() {
		return nil, api.NewProblem(api.CodeShardUnavailable, "no worker has answered yet, so no table is known").
			Hinted("start the workers, or check MASTER_WORKERS")
	}
	return t, err
}

// unheard says that no worker was ever heard.
func (s *Service) unheard() bool {
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

// planned plans a request and runs the plan. When a worker says that the plan was
// made for a definition it does not have (the other master changed the schema), the
// catalog is brought up to date and the request is planned and run once more. run
// must have done nothing when it returns such an error.
func (s *Service) planned(ctx context.Context, makePlan func(context.Context) (*plan.Plan, error), run func(*plan.Plan) error) error {
	for again := false; ; again = true {
		p, err := makePlan(ctx)
		if err != nil {
			return err
		}
		err = run(p)
		if again || !isStale(err) {
			return err
		}
		s.prober.Refresh(ctx, refreshGap)
	}
}

// over returns a function for planned that plans over the table a request names.
func (s *Service) over(db, table string, makePlan func(*bind.Table) (*plan.Plan, error)) func(context.Context) (*plan.Plan, error) {
	return func(ctx context.Context) (*plan.Plan, error) {
		t, err := s.table(ctx, db, table)
		if err != nil {
			return nil, err
		}
		return makePlan(t)
	}
}

// isStale says whether a worker's refusal may be for this master's old catalog.
func isStale(err error) bool {
	return err != nil && (api.CodeOf(err) == api.CodeStaleSchema || isUnknown(err))
}

// first returns the problem that stands for several, with all of them as causes. One
// alone stands for itself.
func first(problems []api.Problem) *api.Problem {
	p := problems[0]
	for i := range problems {
		// A refusal of the request says more than a shard that is not there.
		if problems[i].Status < 500 && p.Status >= 500 || problems[i].Code == api.CodeStaleSchema {
			p = problems[i]
		}
	}
	if len(problems) > 1 {
		p.Causes = problems
	}
	return &p
}
