package sqlite

import (
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// bind binds a row of values to a statement's parameters by number.
func bind(s *raw.Stmt, values []sqltypes.Value) error {
	for i, n := range s.Params() {
		if n > len(values) {
			return api.NewProblem(api.CodeInvalidField, "the statement uses @p%d, but there are %d types", n, len(values)).At("types")
		}
		if err := bindValue(s, i, &values[n-1]); err != nil {
			return err
		}
	}
	return nil
}

func bindValue(s *raw.Stmt, i int, v *sqltypes.Value) error {
	switch v.Form {
	case sqltypes.FormInt:
		return s.BindInt(i, v.Int)
	case sqltypes.FormFloat:
		return s.BindFloat(i, v.Float)
	case sqltypes.FormText:
		return s.BindText(i, v.Str)
	case sqltypes.FormBytes:
		return s.BindBytes(i, v.Str)
	}
	return s.BindNull(i)
}
