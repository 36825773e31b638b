package sqlfunc

import "shardeck/shared/sqltypes"

// Win is the operation of a window function that is not an aggregate.
type Win uint8

// The window functions.
const (
	RowNumber Win = iota + 1
	Rank
	DenseRank
	NTile
	CumeDist
	PercentRank
	Lag
	Lead
	FirstValue
	LastValue
)

// Framed reports whether the function depends on the frame; the others are of the whole partition.
func (w Win) Framed() bool { return w == FirstValue || w == LastValue }

func bigIntResult([]sqltypes.Type) sqltypes.Type { return sqltypes.BigIntType }

func floatResult([]sqltypes.Type) sqltypes.Type { return sqltypes.FloatType }

func firstArgument(args []sqltypes.Type) sqltypes.Type { return args[0] }

// windowFunctions are the functions that require OVER. Aggregates take it too.
// Source: https://learn.microsoft.com/sql/t-sql/functions/ranking-functions-transact-sql and
// https://learn.microsoft.com/sql/t-sql/functions/analytic-functions-transact-sql
var windowFunctions = []Func{
	{Name: "CUME_DIST", Class: Windowed, Win: CumeDist, Result: floatResult, Help: "the share of rows up to this one and those equal to it in the order"},
	{Name: "DENSE_RANK", Class: Windowed, Win: DenseRank, Result: bigIntResult, Help: "the rank of the row, without gaps after equal rows"},
	{Name: "FIRST_VALUE", Class: Windowed, Win: FirstValue, Params: []Param{value}, Result: firstArgument, Help: "the value of the first row of the frame"},
	{Name: "LAG", Class: Windowed, Win: Lag, Params: []Param{value, {"offset", Integer}, {"default", Value}}, Optional: 2, Result: firstArgument, Help: "the value of the row that many rows before, 1 if omitted; default, or NULL, if there is none"},
	{Name: "LAST_VALUE", Class: Windowed, Win: LastValue, Params: []Param{value}, Result: firstArgument, Help: "the value of the last row of the frame"},
	{Name: "LEAD", Class: Windowed, Win: Lead, Params: []Param{value, {"offset", Integer}, {"default", Value}}, Optional: 2, Result: firstArgument, Help: "the value of the row that many rows after, 1 if omitted; default, or NULL, if there is none"},
	{Name: "NTILE", Class: Windowed, Win: NTile, Params: []Param{{"groups", Integer}}, Result: bigIntResult, Help: "the number of the row's group, of that many groups of nearly equal size"},
	{Name: "PERCENT_RANK", Class: Windowed, Win: PercentRank, Result: floatResult, Help: "the rank as a share of the other rows, from 0 to 1"},
	{Name: "RANK", Class: Windowed, Win: Rank, Result: bigIntResult, Help: "the rank of the row; equal rows have the same, and leave a gap"},
	{Name: "ROW_NUMBER", Class: Windowed, Win: RowNumber, Result: bigIntResult, Help: "the number of the row, from 1"},
}
