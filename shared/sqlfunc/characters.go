package sqlfunc

import "shardeck/shared/sqltypes"

// The greatest lengths of strings other than those of MAX types.
const (
	maxBytes = 8000
	maxUnits = 4000
)

// joined is the type of strings one after another, with extra more bytes or UTF-16 units.
func joined(extra int, args []sqltypes.Type) sqltypes.Type {
	t := sqltypes.Type{Kind: sqltypes.VarChar, Length: extra}
	limit := maxBytes
	for _, a := range args {
		if a.Kind.IsUnicode() {
			t.Kind, limit = sqltypes.NVarChar, maxUnits
		}
		if a.Length == sqltypes.Max || t.Length == sqltypes.Max {
			t.Length = sqltypes.Max
			continue
		}
		t.Length += a.Length
	}
	if t.Length != sqltypes.Max {
		t.Length = min(t.Length, limit)
	}
	return t
}

// longest is the type of a string that may be any number of times as long as the first argument:
// the longest type, and MAX only if that is a MAX type.
func longest(args []sqltypes.Type) sqltypes.Type {
	t := joined(0, args)
	switch {
	case args[0].Length == sqltypes.Max:
		t.Length = sqltypes.Max
	case t.Kind.IsUnicode():
		t.Length = maxUnits
	default:
		t.Length = maxBytes
	}
	return t
}

func fixed(t sqltypes.Type) func([]sqltypes.Type) sqltypes.Type {
	return func([]sqltypes.Type) sqltypes.Type { return t }
}

func varText(length int) sqltypes.Type {
	return sqltypes.Type{Kind: sqltypes.VarChar, Length: length}
}

func unicodeText(length int) sqltypes.Type {
	return sqltypes.Type{Kind: sqltypes.NVarChar, Length: length}
}

var count = Param{"count", Integer}

// characterFunctions are the string functions that make strings of others, and characters of their
// codes; for the source of examples see stringFunctions.
var characterFunctions = []Func{
	{
		Name: "ASCII", Class: Scalar, Params: []Param{text}, Help: "the code of the first character, in Windows code page 1252",
		Result:   intResult,
		Eval:     func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.ASCII(args[0].Str), nil },
		SQLite:   "sd_ascii",
		Examples: []Example{{Expr: "ASCII('P')", Type: "INT", Want: "80"}, {Expr: "ASCII('Pq')", Type: "INT", Want: "80"}, {Expr: "ASCII('')", Type: "INT", Want: "null"}},
	},
	{
		Name: "CHAR", Class: Scalar, Params: []Param{{"code", Integer}}, Help: "the character with the code, 0 to 255, in Windows code page 1252",
		// In UTF-8, a character of the code page has up to three bytes.
		Result:   fixed(varText(3)),
		Eval:     func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.CharOf(args[0].Int), nil },
		SQLite:   "sd_char",
		Examples: []Example{{Expr: "CHAR(65)", Type: "VARCHAR(3)", Want: `"A"`}, {Expr: "CHAR(256)", Type: "VARCHAR(3)", Want: "null"}},
	},
	{
		Name: "CONCAT", Class: Scalar, Params: []Param{text, text}, Variadic: true, Nulls: true,
		Help:   "the strings one after another; NULL counts as an empty one",
		Result: func(args []sqltypes.Type) sqltypes.Type { return joined(0, args) },
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.Join(c.Result, "", args)
		},
		SQLite: "sd_concat_all", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "CONCAT('Happy ', 'Birthday ', 11, '/', '25')", Type: "VARCHAR(68)", Want: `"Happy Birthday 11/25"`},
			{Expr: "CONCAT('a', NULL)", Type: "VARCHAR(51)", Want: `"a"`},
			{Expr: "CONCAT(CAST(NULL AS VARCHAR(3)), NULL)", Type: "VARCHAR(53)", Want: `""`},
		},
	},
	{
		Name: "CONCAT_WS", Class: Scalar, Params: []Param{{"separator", Characters}, text, text}, Variadic: true, Nulls: true,
		Help:   "the strings that are not NULL, with the separator between them",
		Result: func(args []sqltypes.Type) sqltypes.Type { return joined((len(args)-3)*max(args[0].Length, 0), args) },
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.Join(c.Result, args[0].Str, args[1:])
		},
		SQLite: "sd_concat_ws", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "CONCAT_WS(',', '1 Microsoft Way', NULL, NULL, 'Redmond', 'WA', 98052)", Type: "VARCHAR(179)", Want: `"1 Microsoft Way,Redmond,WA,98052"`},
			{Expr: "CONCAT_WS('-', 'a', '', 'b')", Type: "VARCHAR(5)", Want: `"a--b"`},
		},
	},
	{
		Name: "DATALENGTH", Class: Scalar, Params: []Param{value}, Help: "the number of bytes of the value; VARCHAR is UTF-8, and NVARCHAR UTF-16",
		Result: func(args []sqltypes.Type) sqltypes.Type {
			if args[0].Length == sqltypes.Max {
				return sqltypes.BigIntType
			}
			return sqltypes.IntType
		},
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.DataLength(c.Argument, args[0])
		},
		SQLite: "sd_datalength", TypeArg: ArgumentType,
		Examples: []Example{
			{Expr: "DATALENGTH('ab ')", Type: "INT", Want: "3"},
			{Expr: "DATALENGTH(CAST('ab' AS NCHAR(5)))", Type: "INT", Want: "10"},
			{Expr: "DATALENGTH(CAST(1 AS SMALLINT))", Type: "INT", Want: "2"},
			{Expr: "DATALENGTH(CAST('ab' AS VARCHAR(MAX)))", Type: "BIGINT", Want: "2"},
		},
	},
	{
		Name: "NCHAR", Class: Scalar, Params: []Param{{"number", Integer}}, Help: "the character with the Unicode number",
		Result:   fixed(unicodeText(2)),
		Eval:     func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.NCharOf(args[0].Int) },
		SQLite:   "sd_nchar",
		Examples: []Example{{Expr: "NCHAR(248)", Type: "NVARCHAR(2)", Want: `"ø"`}, {Expr: "NCHAR(-1)", Type: "NVARCHAR(2)", Want: "null"}},
	},
	{
		Name: "QUOTENAME", Class: Scalar, Params: []Param{text, {"quote", Characters}}, Optional: 1,
		Help:   "the string as a quoted name, in brackets or in other quotes",
		Result: fixed(unicodeText(258)),
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			if len(args) > 1 {
				return sqltypes.QuoteName(args[0].Str, args[1].Str), nil
			}
			return sqltypes.QuoteName(args[0].Str, "["), nil
		},
		SQLite: "sd_quotename",
		Examples: []Example{
			{Expr: "QUOTENAME('abc[]def')", Type: "NVARCHAR(258)", Want: `"[abc[]]def]"`},
			{Expr: "QUOTENAME('abc', '(')", Type: "NVARCHAR(258)", Want: `"(abc)"`},
			{Expr: "QUOTENAME('abc', 'x')", Type: "NVARCHAR(258)", Want: "null"},
		},
	},
	{
		Name: "REPLICATE", Class: Scalar, Params: []Param{text, count}, Help: "the string repeated, up to 8000 bytes unless its type is a MAX type",
		Result: longest,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.Replicate(c.Result, args[0].Str, args[1].Int)
		},
		SQLite: "sd_replicate", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "REPLICATE('0', 4)", Type: "VARCHAR(8000)", Want: `"0000"`},
			{Expr: "REPLICATE(N'ab', 0)", Type: "NVARCHAR(4000)", Want: `""`},
			{Expr: "REPLICATE('0', -1)", Type: "VARCHAR(8000)", Want: "null"},
		},
	},
	{
		Name: "REVERSE", Class: Scalar, Params: []Param{text}, Help: "the string backwards",
		Result: varying, Eval: ofText(sqltypes.Reverse), SQLite: "sd_reverse",
		Examples: []Example{{Expr: "REVERSE('Terri')", Type: "VARCHAR(5)", Want: `"irreT"`}},
	},
	{
		Name: "SPACE", Class: Scalar, Params: []Param{count}, Help: "that many spaces, at most 8000",
		Result: fixed(varText(maxBytes)),
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.Replicate(varText(maxBytes), " ", args[0].Int)
		},
		SQLite:   "sd_space",
		Examples: []Example{{Expr: "SPACE(2)", Type: "VARCHAR(8000)", Want: `"  "`}, {Expr: "SPACE(-1)", Type: "VARCHAR(8000)", Want: "null"}},
	},
	{
		Name: "STRING_ESCAPE", Class: Scalar, Params: []Param{text, {"rules", Characters}},
		Help:   "the string with escapes for what cannot be in a string of JSON; rules is 'json'",
		Result: fixed(unicodeText(sqltypes.Max)),
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			s, err := sqltypes.EscapeJSON(args[0].Str, args[1].Str)
			return sqltypes.Text(s), err
		},
		SQLite: "sd_string_escape",
		Examples: []Example{
			{Expr: `STRING_ESCAPE('\	/' + CHAR(10) + '\\	"	' + CHAR(1), 'json')`, Type: "NVARCHAR(MAX)", Want: `"\\\\\\t\\/\\n\\\\\\\\\\t\\\"\\t\\u0001"`},
		},
	},
	{
		Name: "STUFF", Class: Scalar, Params: []Param{text, {"start", Integer}, {"length", Integer}, {"replacement", Text}}, Nulls: true,
		Help:   "the string with length characters from the position start on replaced; by nothing if the replacement is NULL",
		Result: func(args []sqltypes.Type) sqltypes.Type { return joined(0, []sqltypes.Type{args[0], args[3]}) },
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			if args[0].IsNull() || args[1].IsNull() || args[2].IsNull() {
				return sqltypes.Null(), nil
			}
			return sqltypes.Stuff(c.Result, args[0].Str, args[1].Int, args[2].Int, args[3].Str)
		},
		SQLite: "sd_stuff", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "STUFF('abcdef', 2, 3, 'ijklmn')", Type: "VARCHAR(12)", Want: `"aijklmnef"`},
			{Expr: "STUFF('abcdef', 2, 3, NULL)", Type: "VARCHAR(56)", Want: `"aef"`},
			{Expr: "STUFF('abc', 0, 1, 'X')", Type: "VARCHAR(4)", Want: "null"},
		},
	},
	{
		Name: "UNICODE", Class: Scalar, Params: []Param{text}, Help: "the Unicode number of the first character",
		Result:   intResult,
		Eval:     func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.Unicode(args[0].Str), nil },
		SQLite:   "sd_unicode",
		Examples: []Example{{Expr: "UNICODE(N'Åkergatan 24')", Type: "INT", Want: "197"}, {Expr: "UNICODE(N'')", Type: "INT", Want: "null"}},
	},
}
