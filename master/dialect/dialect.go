package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/api"
)

// Dialect writes plans for one kind of engine.
type Dialect interface {
	// Name is the engine's name as workers report it, as "sqlite".
	Name() string
	// Query writes the query of a fragment of a plan that reads (see
	// planner.Op.IsRead). It refuses with too_complex what the engine could not take.
	Query(p *plan.Plan, f *plan.Fragment) (*api.QueryRequest, error)
	// Exec writes the statements of a fragment of any other plan, to be run in one
	// transaction. It refuses like Query.
	Exec(p *plan.Plan, f *plan.Fragment) ([]api.Statement, error)
	// EngineComputes lists, in words, what of a plan the engine computes by rules of its
	// own, which are T-SQL's but for documented differences; nothing where all of it is
	// computed by package sqltypes.
	EngineComputes(p *plan.Plan) []string
}

// For returns the dialect of the engine of that name.
func For(engine string) (Dialect, error) {
	switch engine {
	case "sqlite":
		return SQLite{}, nil
	case "sqlserver":
		return SQLServer{}, nil
	}
	return nil, api.NewProblem(api.CodeUnsupported, "the engine %q is not known to this master", engine).
		Hinted("use workers with the engine sqlite or sqlserver")
}
