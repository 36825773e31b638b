package sqlfunc

import "shardeck/shared/sqltypes"

// varying is the result type of a function from string to string: CHAR becomes VARCHAR.
func varying(args []sqltypes.Type) sqltypes.Type {
	t := args[0]
	switch t.Kind {
	case sqltypes.Char:
		t.Kind = sqltypes.VarChar
	case sqltypes.NChar:
		t.Kind = sqltypes.NVarChar
	}
	return t
}

// ofText returns an Eval for a function from string to string.
func ofText(f func(string) string) func(Call, []sqltypes.Value) (sqltypes.Value, error) {
	return func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.Text(f(args[0].Str)), nil }
}

// trim returns an Eval for a function that removes spaces, or the characters of a second argument.
func trim(spaces func(string) string, set func(s, set string, binary bool) string) func(Call, []sqltypes.Value) (sqltypes.Value, error) {
	return func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
		if len(args) > 1 {
			return sqltypes.Text(set(args[0].Str, args[1].Str, c.Binary)), nil
		}
		return sqltypes.Text(spaces(args[0].Str)), nil
	}
}

var (
	trimmed    = Param{"characters", Characters}
	text       = Param{"string", Text}
	characters = Param{"string", Characters}
)

// stringFunctions are the string functions. Characters are code points, and positions
// start at 1. The examples are from the function's page under
// https://learn.microsoft.com/sql/t-sql/functions/ or follow from its text.
var stringFunctions = []Func{
	{
		Name: "LEN", Class: Scalar, Params: []Param{text}, Help: "the number of characters, without trailing spaces",
		Result: func(args []sqltypes.Type) sqltypes.Type {
			if args[0].Length == sqltypes.Max {
				return sqltypes.BigIntType
			}
			return sqltypes.IntType
		},
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.Int64(sqltypes.Len(args[0].Str)), nil
		},
		SQLite: "sd_len",
		Examples: []Example{
			{Expr: "LEN('Five Ring  ')", Type: "INT", Want: "9"},
			{Expr: "LEN(N'Zoë')", Type: "INT", Want: "3"},
			{Expr: "LEN(CAST('2026-11-22T20:24:00' AS DATETIME2(3)))", Type: "INT", Want: "23"},
			{Expr: "LEN(CAST(NULL AS VARCHAR(3)))", Type: "INT", Want: "null"},
		},
	},
	{
		Name: "LOWER", Class: Scalar, Params: []Param{text}, Help: "the string in lower case",
		Result: varying, Eval: ofText(sqltypes.Lower), SQLite: "sd_lower",
		Examples: []Example{{Expr: "LOWER('ABcd-1')", Type: "VARCHAR(6)", Want: `"abcd-1"`}, {Expr: "LOWER(N'ZOË')", Type: "NVARCHAR(3)", Want: `"zoë"`}},
	},
	{
		Name: "LTRIM", Class: Scalar, Params: []Param{text, trimmed}, Optional: 1, Collated: true,
		Help:   "the string without leading spaces, or without any of these characters at its beginning",
		Result: varying, Eval: trim(sqltypes.LTrim, sqltypes.TrimLeading), SQLite: "sd_ltrim",
		Examples: []Example{
			{Expr: "LTRIM('   Five spaces')", Type: "VARCHAR(14)", Want: `"Five spaces"`},
			{Expr: "LTRIM('123abc.', '123.')", Type: "VARCHAR(7)", Want: `"abc."`},
		},
	},
	{
		Name: "RTRIM", Class: Scalar, Params: []Param{text, trimmed}, Optional: 1, Collated: true,
		Help:   "the string without trailing spaces, or without any of these characters at its end",
		Result: varying, Eval: trim(sqltypes.RTrim, sqltypes.TrimTrailing), SQLite: "sd_rtrim",
		Examples: []Example{
			{Expr: "RTRIM('Removes trailing spaces.   ')", Type: "VARCHAR(27)", Want: `"Removes trailing spaces."`},
			{Expr: "RTRIM('.123abc.', 'abc.')", Type: "VARCHAR(8)", Want: `".123"`},
		},
	},
	{
		Name: "SUBSTRING", Class: Scalar, Params: []Param{characters, {"start", Integer}, {"length", Integer}},
		Help:   "up to length characters from the position start; the first is 1",
		Result: varying,
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			s, err := sqltypes.Substring(args[0].Str, args[1].Int, args[2].Int)
			return sqltypes.Text(s), err
		},
		SQLite: "sd_substring",
		Examples: []Example{
			{Expr: "SUBSTRING('abcdef', 2, 3)", Type: "VARCHAR(6)", Want: `"bcd"`},
			{Expr: "SUBSTRING('abcdef', 0, 3)", Type: "VARCHAR(6)", Want: `"ab"`},
			{Expr: "SUBSTRING('abcdef', 5, 10)", Type: "VARCHAR(6)", Want: `"ef"`},
			{Expr: "SUBSTRING('abc', 1, -1)", Type: "VARCHAR(3)", Error: 537},
		},
	},
	{
		Name: "TRIM", Class: Scalar, Params: []Param{characters, trimmed}, Optional: 1, Collated: true,
		Syntax: "TRIM([characters FROM] string)",
		Help:   "the string without leading and trailing spaces, or without any of these characters there; LEADING or TRAILING before the characters says on which side",
		Result: varying,
		Eval: trim(
			func(s string) string { return sqltypes.LTrim(sqltypes.RTrim(s)) },
			func(s, set string, binary bool) string {
				return sqltypes.TrimLeading(sqltypes.TrimTrailing(s, set, binary), set, binary)
			}),
		SQLite: "sd_trim",
		Examples: []Example{
			{Expr: "TRIM('     test    ')", Type: "VARCHAR(13)", Want: `"test"`},
			{Expr: "TRIM('.,! ' FROM '     #     test    .')", Type: "VARCHAR(20)", Want: `"#     test"`},
			{Expr: "TRIM(BOTH '123' FROM '123abc123')", Type: "VARCHAR(9)", Want: `"abc"`},
		},
	},
	{
		Name: "UPPER", Class: Scalar, Params: []Param{text}, Help: "the string in upper case",
		Result: varying, Eval: ofText(sqltypes.Upper), SQLite: "sd_upper",
		Examples: []Example{{Expr: "UPPER('abCd-1')", Type: "VARCHAR(6)", Want: `"ABCD-1"`}, {Expr: "UPPER(N'zoë')", Type: "NVARCHAR(3)", Want: `"ZOË"`}},
	},
}
