package planner

import "shardeck/shared/sqltypes"

// foldFunction computes a function of constants.
func foldFunction(e *Expr) (sqltypes.Value, error) {
	return sqltypes.Value{}, nil
}
