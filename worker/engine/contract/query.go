package contract

import (
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// DecodeQuery checks a query's bounds and appends its decoded parameters to dst. types are the
// types of the parameters.
func DecodeQuery(dst []sqltypes.Value, req *api.QueryRequest) (types []sqltypes.Type, params []sqltypes.Value, err error) {
	if len(req.SQL) > MaxSQL || len(req.Types) > MaxParams {
		return nil, dst, api.NewProblem(api.CodeTooComplex, "a query has at most %d bytes and %d parameters", MaxSQL, MaxParams).At("sql")
	}
	if types, err = ParseTypes(req.Types); err != nil {
		return nil, dst, err
	}
	if len(types) == 0 && len(req.Params) == 0 {
		return nil, dst, nil
	}
	if params, _, err = AppendRow(dst, types, req.Params); err != nil {
		return nil, dst, Refusal(err)
	}
	return types, params, nil
}

// ResultTypes parses the types of a query's result, after comparing their number with the
// statement's number of columns.
func ResultTypes(names []string, have int) ([]sqltypes.Type, error) {
	if len(names) != have || have == 0 {
		return nil, ColumnCount(have, len(names))
	}
	return parseTypes(names, resultTypes)
}

const resultTypes = "result_types"

// ColumnCount is the problem of a statement with another number of columns than its request has
// types.
func ColumnCount(have, types int) *api.Problem {
	return api.NewProblem(api.CodeInvalidField, "the statement has %d columns, the request %d types", have, types).At(resultTypes)
}
