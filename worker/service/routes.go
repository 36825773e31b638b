package service

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/httpserve"
	"shardeck/worker/engine"
)

// holder is the master that holds a term.
type holder struct {
	term   uint64
	leader string
}

// server holds the handlers' shared state. Its fields except shard and holder are immutable once
// it serves.
type server struct {
	cfg    Config
	logger *slog.Logger
	token  httpserve.Token
	secret string                 // what the token is made of, for proofs
	shard  atomic.Pointer[string] // that the worker was first given, once it was read
	holder atomic.Pointer[holder] // as last logged, or found at the start
	engine engine.Engine
	start  time.Time
}

// routes lists all endpoints of a worker.
func (s *server) routes() http.Handler {
	s.start = time.Now()
	guard := func(h httpserve.Handler) httpserve.Handler { return httpserve.RequireMasterToken(s.token, h) }
	return httpserve.NewRouter(
		httpserve.Route{Method: http.MethodGet, Path: api.WorkerHealthPath, Handler: s.health},
		httpserve.Route{Method: http.MethodPost, Path: api.WorkerCreateDBPath, Handler: guard(s.createDB)},
		httpserve.Route{Method: http.MethodPost, Path: api.WorkerDropDBPath, Handler: guard(s.dropDB)},
		httpserve.Route{Method: http.MethodPost, Path: api.WorkerExecPath, Handler: guard(s.exec)},
		httpserve.Route{Method: http.MethodPost, Path: api.WorkerQueryPath, Handler: guard(s.query)},
		httpserve.Route{Method: http.MethodGet, Path: api.WorkerStatsPath, Handler: guard(s.stats)},
		httpserve.Route{Method: http.MethodGet, Path: api.WorkerStatePath, Handler: guard(s.state)},
		httpserve.Route{Method: http.MethodPost, Path: api.WorkerStatePath, Handler: guard(s.setState)},
	)
}
