package planner

import "shardeck/shared/sqltypes"

// foldFunction computes a function of constants that are not NULL.
func foldFunction(e *Expr) (sqltypes.Value, error) {
	x := e.Args[0].Value
	switch e.Func {
	case UpperFunc:
		return sqltypes.Text(sqltypes.Upper(x.Str)), nil
	case LowerFunc:
		return sqltypes.Text(sqltypes.Lower(x.Str)), nil
	case LTrimFunc:
		return sqltypes.Text(sqltypes.LTrim(x.Str)), nil
	case RTrimFunc:
		return sqltypes.Text(sqltypes.RTrim(x.Str)), nil
	case LenFunc:
		return sqltypes.Int64(sqltypes.Len(x.Str)), nil
	case SubstringFunc:
		s, err := sqltypes.Substring(x.Str, e.Args[1].Value.Int, e.Args[2].Value.Int)
		return sqltypes.Text(s), err
	case AbsFunc:
		return sqltypes.Abs(e.Type, x)
	case RoundFunc:
		return sqltypes.Round(e.Type, x, e.Args[1].Value.Int)
	}
	return sqltypes.DatePart(e.Func.Part(), e.Args[0].Type, x)
}

// Part is the part of a date that f takes, one of YearFunc to SecondFunc.
func (f Func) Part() sqltypes.Part { return sqltypes.PartYear + sqltypes.Part(f-YearFunc) }
