package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/api"
)

// Dialect renders plans for one kind of engine.
type Dialect interface {
	// Name is the engine's name as reported by workers, such as "sqlite".
	Name() string
	// Version is the version of the SQL that it writes, such as api.SQLiteDialect.
	Version() string
	// Query renders the query of a fragment of a plan that reads (see plan.Op.IsRead). It
	// fails with too_complex if the query would exceed the engine's limits.
	Query(p *plan.Plan, f *plan.Fragment) (*api.QueryRequest, error)
	// Exec renders the statements of a fragment of any other plan, to be run in one
	// transaction. It fails like Query.
	Exec(p *plan.Plan, f *plan.Fragment) ([]api.Statement, error)
	// EngineComputes lists, in words, what of a plan the engine computes by rules of its
	// own, which are T-SQL's but for documented differences; nothing where all of it is
	// computed by package sqltypes.
	EngineComputes(p *plan.Plan) []string
}

// Check returns a problem if a worker's dialect is not the one this master writes.
func Check(h *api.WorkerHealth) error {
	d, err := For(h.Engine)
	if err != nil {
		return err
	}
	if h.Dialect != d.Version() {
		return api.NewProblem(api.CodeUnsupported, "worker %s implements the dialect %q; this master sends %q", h.Name, h.Dialect, d.Version()).
			Hinted("run the same version of Shardeck on masters and workers")
	}
	return nil
}

// For returns the dialect of the named engine.
func For(engine string) (Dialect, error) {
	switch engine {
	case "sqlite":
		return SQLite{}, nil
	case "sqlserver":
		return SQLServer{}, nil
	}
	return nil, api.NewProblem(api.CodeUnsupported, "this master does not support the engine %q", engine).
		Hinted("use workers with the engine sqlite or sqlserver")
}
