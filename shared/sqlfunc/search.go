package sqlfunc

import "shardeck/shared/sqltypes"

// position is the type of a position in the second argument.
func position(args []sqltypes.Type) sqltypes.Type {
	if args[1].Length == sqltypes.Max {
		return sqltypes.BigIntType
	}
	return sqltypes.IntType
}

// searchFunctions are the string functions that find or compare parts of strings; for the source of
// examples see stringFunctions.
var searchFunctions = []Func{
	{
		Name: "CHARINDEX", Class: Scalar, Params: []Param{{"part", Text}, text, {"start", Integer}}, Optional: 1, Collated: true,
		Help:   "the position of the part in the string, from the position start on; 0 if it is not there",
		Result: position,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			start := int64(1)
			if len(args) > 2 {
				start = args[2].Int
			}
			return sqltypes.Int64(sqltypes.CharIndex(args[0].Str, args[1].Str, start, c.Binary)), nil
		},
		SQLite: "sd_charindex",
		Examples: []Example{
			{Expr: "CHARINDEX('bicycle', 'a red bicycle', 5)", Type: "INT", Want: "7"},
			{Expr: "CHARINDEX('TEST', 'This is a Test')", Type: "INT", Want: "11"},
			{Expr: "CHARINDEX('at', 'This is a string')", Type: "INT", Want: "0"},
		},
	},
	{
		Name: "DIFFERENCE", Class: Scalar, Params: []Param{text, text}, Help: "how many characters of the SOUNDEX codes of the strings are equal, 0 to 4",
		Result: intResult,
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.Int64(sqltypes.Difference(args[0].Str, args[1].Str)), nil
		},
		SQLite:   "sd_difference",
		Examples: []Example{{Expr: "DIFFERENCE('Smithers', 'Smythers')", Type: "INT", Want: "4"}, {Expr: "DIFFERENCE('Anothers', 'Brothers')", Type: "INT", Want: "2"}},
	},
	{
		Name: "LEFT", Class: Scalar, Params: []Param{text, count}, Help: "the first characters of the string",
		Result: varying,
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			s, err := sqltypes.Left(args[0].Str, args[1].Int)
			return sqltypes.Text(s), err
		},
		SQLite:   "sd_left",
		Examples: []Example{{Expr: "LEFT('abcdefg', 2)", Type: "VARCHAR(7)", Want: `"ab"`}, {Expr: "LEFT('abc', -1)", Type: "VARCHAR(3)", Error: 537}},
	},
	{
		Name: "PATINDEX", Class: Scalar, Params: []Param{{"pattern", Characters}, characters}, Collated: true,
		Help:   "the position of the first part of the string that matches the pattern, as of LIKE; 0 if none does",
		Result: position,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			n, err := sqltypes.PatIndex(args[0].Str, args[1].Str, sqltypes.LikeRulesOf(c.Argument, c.Argument, c.Binary))
			return sqltypes.Int64(n), err
		},
		SQLite: "sd_patindex", TypeArg: StringsType,
		Examples: []Example{
			{Expr: "PATINDEX('%en_ure%', 'Please ensure it')", Type: "INT", Want: "8"},
			{Expr: "PATINDEX('%[^ 0-9A-Za-z]%', 'door 5 is locked!')", Type: "INT", Want: "17"},
			{Expr: "PATINDEX('ter%', 'interesting data')", Type: "INT", Want: "0"},
		},
	},
	{
		Name: "REPLACE", Class: Scalar, Params: []Param{text, {"part", Text}, {"replacement", Text}}, Collated: true,
		Help:   "the string with every occurrence of the part replaced",
		Result: longest,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.Replace(c.Result, args[0].Str, args[1].Str, args[2].Str, c.Binary)
		},
		SQLite: "sd_replace", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "REPLACE('abcdefghicde', 'cde', 'xxx')", Type: "VARCHAR(8000)", Want: `"abxxxfghixxx"`},
			{Expr: "REPLACE('abc', '', 'x')", Type: "VARCHAR(8000)", Want: `"abc"`},
			{Expr: "REPLACE(N'ABC', 'b', 'x')", Type: "NVARCHAR(4000)", Want: `"AxC"`},
		},
	},
	{
		Name: "RIGHT", Class: Scalar, Params: []Param{text, count}, Help: "the last characters of the string",
		Result: varying,
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			s, err := sqltypes.Right(args[0].Str, args[1].Int)
			return sqltypes.Text(s), err
		},
		SQLite:   "sd_right",
		Examples: []Example{{Expr: "RIGHT('abcdefg', 2)", Type: "VARCHAR(7)", Want: `"fg"`}, {Expr: "RIGHT('abc', -1)", Type: "VARCHAR(3)", Error: 536}},
	},
	{
		Name: "SOUNDEX", Class: Scalar, Params: []Param{text}, Help: "a code of four characters for how the string sounds in English",
		Result: fixed(varText(4)), Eval: ofText(sqltypes.Soundex), SQLite: "sd_soundex",
		Examples: []Example{{Expr: "SOUNDEX('Smith')", Type: "VARCHAR(4)", Want: `"S530"`}, {Expr: "SOUNDEX('Smythe')", Type: "VARCHAR(4)", Want: `"S530"`}},
	},
	{
		Name: "TRANSLATE", Class: Scalar, Params: []Param{characters, {"characters", Characters}, {"translations", Characters}}, Collated: true,
		Help:   "the string with each of the characters replaced by the translation at the same position",
		Result: varying,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			s, err := sqltypes.Translate(args[0].Str, args[1].Str, args[2].Str, c.Binary)
			return sqltypes.Text(s), err
		},
		SQLite: "sd_translate",
		Examples: []Example{
			{Expr: "TRANSLATE('2*[3+4]/{7-2}', '[]{}', '()()')", Type: "VARCHAR(13)", Want: `"2*(3+4)/(7-2)"`},
			{Expr: "TRANSLATE('abc', 'ab', 'x')", Type: "VARCHAR(3)", Error: 9828},
		},
	},
}
