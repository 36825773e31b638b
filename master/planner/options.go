package planner

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/bind"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
)

// Options are the options of a request besides its statement.
type Options struct {
	// Params are the values of the parameters @name. A JSON integer is an INT or, if it
	// does not fit, a BIGINT or a DECIMAL; a number with a decimal point is a DECIMAL of
	// exactly that many digits; one with an exponent is a FLOAT; a string is an NVARCHAR
	// of its length; true and false are BITs; null is an untyped NULL.
	Params api.Object[jsontext.Value]
	// Session has the time of the statement and what else is constant within it.
	Session bind.Session
	// AllShards allows an update or delete that touches every shard.
	AllShards bool
	// MaxRows is the maximum number of rows that the caller wants. The plan of a SELECT
	// requests at most one more, which tells the caller that there are more. WITH TIES is
	// not limited, because its last row is only known during the merge.
	MaxRows *int64
	// Results are what the steps that have been run returned; nil before the first.
	Results *Results
}

// maxNamedParams is SQL Server's limit on the parameters of a statement.
const maxNamedParams = 2100

// checkParams rejects too many parameters, and those whose names differ only in case or a
// leading @.
func (o *Options) checkParams() *api.Problem {
	if n := len(o.Params); n > maxNamedParams {
		return api.NewProblem(api.CodeTooComplex, "the request has %d parameters; at most %d are allowed", n, maxNamedParams).
			At("params").Hinted("write some of the values as constants, or send several requests").Numbered(mssqlerr.TooManyParameters)
	}
	seen := make(map[string]bool, len(o.Params))
	for _, p := range o.Params {
		name := strings.ToLower(strings.TrimPrefix(p.Name, "@"))
		if seen[name] {
			return api.NewProblem(api.CodeInvalidField, "the parameter @%s appears more than once", api.Clip(name)).
				At("params." + api.Clip(p.Name)).Hinted("names of parameters are case-insensitive; send each once")
		}
		seen[name] = true
	}
	return nil
}
