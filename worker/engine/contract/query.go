package contract

import (
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// DecodeQuery checks a query's bounds and decodes its parameters, which it
// appends to dst. types are those of the parameters.
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

// ColumnTypes parses the types of a query's columns, having compared their number
// with the number that the database has.
func ColumnTypes(columns []api.Column, have int) ([]sqltypes.Type, error) {
	if len(columns) != have || have == 0 {
		return nil, api.NewProblem(api.CodeInvalidField, "the statement has %d columns, the request names %d", have, len(columns)).At("columns")
	}
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].Type
	}
	return ParseTypes(names)
}
