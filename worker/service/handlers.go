package service

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/shared/daemon"
	"shardeck/shared/httpserve"
)

// health describes the worker, and proves to a master that sends a nonce that it knows the
// secret (see [api.HeaderProof]).
func (s *server) health(w http.ResponseWriter, r *http.Request) error {
	h := &api.WorkerHealth{
		Status: api.WorkerOK, Name: s.cfg.Name, Language: "go",
		Engine: s.engine.Name(), EngineVersion: s.engine.Version(), Dialect: s.engine.Dialect(),
		Version: daemon.Version, UptimeSeconds: time.Since(s.start).Seconds(),
	}
	if shard := s.shard.Load(); shard != nil {
		h.Shard = *shard // from memory: /health waits for no database
	}
	if failures := s.engine.Storage(); len(failures) > 0 {
		h.Status, h.Storage = api.WorkerFailing, &failures[0].StorageProblem
	}
	nonces := r.Header[api.HeaderNonce]
	if len(nonces) != 1 || !api.IsNonce(nonces[0]) {
		return httpserve.WriteJSON(w, http.StatusOK, h)
	}
	body, err := json.Marshal(h)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", api.MediaJSON)
	w.Header().Set(api.HeaderProof, api.Proof(s.secret, nonces[0], body))
	_, err = w.Write(body)
	return err
}

func (s *server) createDB(w http.ResponseWriter, r *http.Request) error {
	return s.changeDB(w, r, s.engine.CreateDB)
}

func (s *server) dropDB(w http.ResponseWriter, r *http.Request) error {
	return s.changeDB(w, r, s.engine.DropDB)
}

func (s *server) changeDB(w http.ResponseWriter, r *http.Request, change func(context.Context, string, api.Fence) (string, error)) error {
	var req dbRequest
	if err := httpserve.ReadJSON(w, r, api.MaxWorkerBody, &req); err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	physical, err := change(r.Context(), req.DB, *req.Fence)
	if err != nil {
		return err
	}
	return httpserve.WriteJSON(w, http.StatusOK, &api.DBResponse{DB: req.DB, Physical: physical})
}

func (s *server) exec(w http.ResponseWriter, r *http.Request) error {
	var req execRequest
	if err := httpserve.ReadJSON(w, r, api.MaxWorkerBody, &req); err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	resp, err := s.engine.Exec(r.Context(), &api.ExecRequest{
		DB: req.DB, Fence: *req.Fence, Idempotency: req.Idempotency, Statements: req.Statements, TimeoutMS: req.TimeoutMS,
	})
	if err != nil {
		return err
	}
	return httpserve.WriteJSON(w, http.StatusOK, resp)
}

func (s *server) query(w http.ResponseWriter, r *http.Request) error {
	var req api.QueryRequest
	if err := httpserve.ReadJSON(w, r, api.MaxWorkerBody, &req); err != nil {
		return err
	}
	if err := checkQuery(&req); err != nil {
		return err
	}
	ctx := r.Context()
	if req.TimeoutMS > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(req.TimeoutMS)*time.Millisecond)
		defer cancel()
	}
	rows := httpserve.NewRowWriter(w, r)
	defer rows.Discard()
	if err := s.engine.Query(ctx, &req, rows.Row); err != nil {
		rows.Fail(late(ctx, err))
		return nil
	}
	return rows.End(api.EndInfo{})
}

// late maps a query that exceeded its timeout_ms to a problem, and returns any other error
// unchanged.
func late(ctx context.Context, err error) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return err
	}
	if c := api.CodeOf(err); c != api.CodeInternal && c != api.CodeCanceled {
		return err
	}
	return api.NewProblem(api.CodeShardTimeout, "the query took longer than its timeout_ms").
		Hinted("allow more time, or request less")
}

func (s *server) stats(w http.ResponseWriter, r *http.Request) error {
	state, err := s.engine.State(r.Context())
	if err != nil {
		return err
	}
	dbs, err := s.engine.Stats(r.Context())
	if err != nil {
		return err
	}
	if dbs == nil {
		dbs = []api.DatabaseStats{}
	}
	return httpserve.WriteJSON(w, http.StatusOK, &api.WorkerStats{State: state, Databases: dbs, At: time.Now().UTC(), Storage: s.engine.Storage()})
}

func (s *server) state(w http.ResponseWriter, r *http.Request) error {
	st, err := s.engine.State(r.Context())
	if err != nil {
		return err
	}
	s.shard.Store(&st.Shard)
	return httpserve.WriteJSON(w, http.StatusOK, st)
}

func (s *server) setState(w http.ResponseWriter, r *http.Request) error {
	var up api.StateUpdate
	if err := httpserve.ReadJSON(w, r, api.MaxWorkerBody, &up); err != nil {
		return err
	}
	if err := checkState(&up); err != nil {
		return err
	}
	st, err := s.engine.SetState(r.Context(), up)
	if err != nil {
		return err
	}
	s.shard.Store(&st.Shard)
	if was := s.holder.Swap(&holder{st.Term, st.Leader}); was == nil || *was != (holder{st.Term, st.Leader}) {
		s.logger.Info("a master holds the term", "term", st.Term, "leader", st.Leader, "shard", st.Shard)
	}
	return httpserve.WriteJSON(w, http.StatusOK, st)
}
