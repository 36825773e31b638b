package sqlfunc

import "shardeck/shared/sqltypes"

// varying is the type of what a function makes of a string: CHAR becomes VARCHAR.
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

// ofText evaluates a function from a string to a string.
func ofText(f func(string) string) func(Call, []sqltypes.Value) (sqltypes.Value, error) {
	return func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.Text(f(args[0].Str)), nil }
}

var (
	text       = Param{"string", Text}
	characters = Param{"string", Characters}
)

// stringFunctions are the functions of strings. Characters are code points, and
// positions begin at 1. Examples are of the page of the function's name below
// https://learn.microsoft.com/sql/t-sql/functions/ or follow from its text.
var stringFunctions = []Func{
	{
		Name: "LEN", Class: Scalar, Params: []Param{text}, Help: "number of characters, without spaces at the end",
		Result: func(args []sqltypes.Type) sqltypes.Type {
			if args[0].Length == sqltypes.Max {
				return sqltypes.BigIntType
			}
			return sqltypes.IntType
		},
		Eval:   func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.Int64(sqltypes.Len(args[0].Str)), nil },
		SQLite: "sd_len",
		Examples: []Example{
			{"LEN('Five Ring  ')", "INT", "9"},
			{"LEN(N'Zoë')", "INT", "3"},
			{"LEN(CAST('2026-11-22T20:24:00' AS DATETIME2(3)))", "INT", "23"},
			{"LEN(CAST(NULL AS VARCHAR(3)))", "INT", "null"},
		},
	},
	{
		Name: "LOWER", Class: Scalar, Params: []Param{text}, Help: "in small letters",
		Result: varying, Eval: ofText(sqltypes.Lower), SQLite: "sd_lower",
		Examples: []Example{{"LOWER('ABcd-1')", "VARCHAR(6)", `"abcd-1"`}, {"LOWER(N'ZOË')", "NVARCHAR(3)", `"zoë"`}},
	},
	{
		Name: "LTRIM", Class: Scalar, Params: []Param{text}, Help: "without spaces at the beginning",
		Result: varying, Eval: ofText(sqltypes.LTrim), SQLite: "sd_ltrim",
		Examples: []Example{{"LTRIM('   Five spaces')", "VARCHAR(14)", `"Five spaces"`}},
	},
	{
		Name: "RTRIM", Class: Scalar, Params: []Param{text}, Help: "without spaces at the end",
		Result: varying, Eval: ofText(sqltypes.RTrim), SQLite: "sd_rtrim",
		Examples: []Example{{"RTRIM('Removes trailing spaces.   ')", "VARCHAR(27)", `"Removes trailing spaces."`}},
	},
	{
		Name: "SUBSTRING", Class: Scalar, Params: []Param{characters, {"start", Integer}, {"length", Integer}},
		Help:   "the characters from a position on, at most so many",
		Result: varying,
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			s, err := sqltypes.Substring(args[0].Str, args[1].Int, args[2].Int)
			return sqltypes.Text(s), err
		},
		SQLite: "sd_substring",
		Examples: []Example{
			{"SUBSTRING('abcdef', 2, 3)", "VARCHAR(6)", `"bcd"`},
			{"SUBSTRING('abcdef', 0, 3)", "VARCHAR(6)", `"ab"`},
			{"SUBSTRING('abcdef', 5, 10)", "VARCHAR(6)", `"ef"`},
			{"SUBSTRING('abc', 1, -1)", "VARCHAR(3)", "537"},
		},
	},
	{
		Name: "TRIM", Class: Scalar, Params: []Param{characters}, Help: "without spaces at either end",
		Result: varying,
		Eval:   ofText(func(s string) string { return sqltypes.LTrim(sqltypes.RTrim(s)) }),
		SQLite: "sd_trim",
		Examples: []Example{{"TRIM('     test    ')", "VARCHAR(13)", `"test"`}},
	},
	{
		Name: "UPPER", Class: Scalar, Params: []Param{text}, Help: "in capital letters",
		Result: varying, Eval: ofText(sqltypes.Upper), SQLite: "sd_upper",
		Examples: []Example{{"UPPER('abCd-1')", "VARCHAR(6)", `"ABCD-1"`}, {"UPPER(N'zoë')", "NVARCHAR(3)", `"ZOË"`}},
	},
}
