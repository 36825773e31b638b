package bind_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"shardeck/master/bind"
	"shardeck/master/tsql"
	"shardeck/shared/sqltypes"
)

// columns are the data columns: one of each type, with values besides NULL. c_key is the
// shard key, which has a collation of its own.
var columns = []struct {
	name, typ string
	class     sqltypes.Class
	values    string
}{
	{"c_bit", "BIT", sqltypes.Integers, "0|1"},
	{"c_tiny", "TINYINT", sqltypes.Integers, "0|1|5|200|255"},
	{"c_small", "SMALLINT", sqltypes.Integers, "0|-1|5|300|32767|-32768"},
	{"c_int", "INT", sqltypes.Integers, "0|-1|1|5|6|300|16777217|2147483647|-2147483648"},
	{"c_big", "BIGINT", sqltypes.Integers, "0|5|-6|2147483648|9007199254740993|9223372036854775807|-9223372036854775808"},
	{"c_dec", "DECIMAL(9,2)", sqltypes.Decimals, "0|5.5|5.55|5.56|-0.01|5|300|9999999.99"},
	{"c_real", "REAL", sqltypes.Floats, "0|5.5|0.1|-1|16777216|3e38|1e-7"},
	{"c_float", "FLOAT", sqltypes.Floats, "0|5.5|0.1|300|16777217|9007199254740992|-1e300"},
	{"c_char", "CHAR(5)", sqltypes.Strings, "abc|5|ABCDE||12.5"},
	{"c_var", "VARCHAR(20)", sqltypes.Strings, "abc|Abc |5|-6|5.5|2024-02-29||zzz"},
	{"c_nvar", "NVARCHAR(20)", sqltypes.Strings, "abc|zoë|5|12:30:00|a_c%|"},
	{"c_key", "VARCHAR(20)", sqltypes.Strings, "abc|ABC|5|abc "},
	{"c_bin", "BINARY(4)", sqltypes.Binaries, "\x01\x02\x03\x04|\x00|\x01"},
	{"c_vbin", "VARBINARY(8)", sqltypes.Binaries, "\x01\x02\x03\x04|\x01|\x01\x00|"},
	{"c_date", "DATE", sqltypes.Temporals, "2024-02-29|2024-03-01|0001-01-01"},
	{"c_time", "TIME(3)", sqltypes.Temporals, "12:30:00|12:30:00.123|23:59:59.999"},
	{"c_dt", "DATETIME2(7)", sqltypes.Temporals, "2024-02-29|2024-02-29T12:30:00.1234567|9999-12-31T23:59:59.9999999"},
	{"c_guid", "UNIQUEIDENTIFIER", sqltypes.GUIDs, "6F9619FF-8B86-D011-B42D-00C04FC964FF|00000000-0000-0000-0000-000000000001"},
}

// literals are the constants, with their types and values.
var literals = []struct {
	text, typ, value string
	class            sqltypes.Class
}{
	{"0", "INT", "0", sqltypes.Integers},
	{"1", "INT", "1", sqltypes.Integers},
	{"5", "INT", "5", sqltypes.Integers},
	{"255", "INT", "255", sqltypes.Integers},
	{"256", "INT", "256", sqltypes.Integers},
	{"300", "INT", "300", sqltypes.Integers},
	{"32768", "INT", "32768", sqltypes.Integers},
	{"2147483647", "INT", "2147483647", sqltypes.Integers},
	{"-6", "INT", "-6", sqltypes.Integers},
	{"CAST(9223372036854775807 AS BIGINT)", "BIGINT", "9223372036854775807", sqltypes.Integers},
	{"CAST(5 AS TINYINT)", "TINYINT", "5", sqltypes.Integers},
	{"CAST(1 AS BIT)", "BIT", "1", sqltypes.Integers},

	{"2147483648", "DECIMAL(10,0)", "2147483648", sqltypes.Decimals},
	{"99999999999999999999", "DECIMAL(20,0)", "99999999999999999999", sqltypes.Decimals},
	{"5.5", "DECIMAL(2,1)", "5.5", sqltypes.Decimals},
	{"-0.5", "DECIMAL(1,1)", "-0.5", sqltypes.Decimals},
	{"5.0", "DECIMAL(2,1)", "5.0", sqltypes.Decimals},
	{"5.555", "DECIMAL(4,3)", "5.555", sqltypes.Decimals},
	{"0.010", "DECIMAL(3,3)", "0.010", sqltypes.Decimals},
	{"0.0", "DECIMAL(1,1)", "0.0", sqltypes.Decimals},
	{"300.", "DECIMAL(3,0)", "300", sqltypes.Decimals},
	{"99999999.99", "DECIMAL(10,2)", "99999999.99", sqltypes.Decimals},

	{"5.5e0", "FLOAT", "5.5", sqltypes.Floats},
	{"0e0", "FLOAT", "0", sqltypes.Floats},
	{"1e-1", "FLOAT", "0.1", sqltypes.Floats},
	{"16777217e0", "FLOAT", "16777217", sqltypes.Floats},
	{"9007199254740992e0", "FLOAT", "9007199254740992", sqltypes.Floats},
	{"4e38", "FLOAT", "4e38", sqltypes.Floats},
	{"1e300", "FLOAT", "1e300", sqltypes.Floats},
	{"CAST(16777217 AS REAL)", "REAL", "16777216", sqltypes.Floats},
	{"CAST(5.5 AS REAL)", "REAL", "5.5", sqltypes.Floats},

	{"''", "VARCHAR(1)", "", sqltypes.Strings},
	{"'5'", "VARCHAR(1)", "5", sqltypes.Strings},
	{"' 5 '", "VARCHAR(3)", " 5 ", sqltypes.Strings},
	{"'-6'", "VARCHAR(2)", "-6", sqltypes.Strings},
	{"'300'", "VARCHAR(3)", "300", sqltypes.Strings},
	{"'5.555'", "VARCHAR(5)", "5.555", sqltypes.Strings},
	{"'99999999999'", "VARCHAR(11)", "99999999999", sqltypes.Strings},
	{"'abc'", "VARCHAR(3)", "abc", sqltypes.Strings},
	{"'ABC  '", "VARCHAR(5)", "ABC  ", sqltypes.Strings},
	{"'a_c%'", "VARCHAR(4)", "a_c%", sqltypes.Strings},
	{"N'abc'", "NVARCHAR(3)", "abc", sqltypes.Strings},
	{"N'ZOË '", "NVARCHAR(4)", "ZOË ", sqltypes.Strings},
	{"N'5'", "NVARCHAR(1)", "5", sqltypes.Strings},
	{"'2024-02-29'", "VARCHAR(10)", "2024-02-29", sqltypes.Strings},
	{"'2024-02-29T12:30:00.1234567'", "VARCHAR(27)", "2024-02-29T12:30:00.1234567", sqltypes.Strings},
	{"'2024-02-30'", "VARCHAR(10)", "2024-02-30", sqltypes.Strings},
	{"N'12:30:00.1230'", "NVARCHAR(13)", "12:30:00.1230", sqltypes.Strings},
	{"'12:30:00.1234'", "VARCHAR(13)", "12:30:00.1234", sqltypes.Strings},
	{"'6f9619ff-8b86-d011-b42d-00c04fc964ff'", "VARCHAR(36)", "6f9619ff-8b86-d011-b42d-00c04fc964ff", sqltypes.Strings},

	// Shardeck compares binary values of different lengths byte by byte, while SQL Server
	// ignores trailing zeros (binary-zeros in docs/sql-server.md). To agree with SQL Server
	// in the frequent case, the binder pads a literal compared with a BINARY(n) column;
	// a column it does not. So the literals here are at least as long as c_bin.
	{"0x01020304", "VARBINARY(4)", "\x01\x02\x03\x04", sqltypes.Binaries},
	{"0x00000000", "VARBINARY(4)", "\x00\x00\x00\x00", sqltypes.Binaries},
	{"0x0102030405", "VARBINARY(5)", "\x01\x02\x03\x04\x05", sqltypes.Binaries},

	{"CAST('2024-02-29' AS DATE)", "DATE", "2024-02-29", sqltypes.Temporals},
	{"CAST('12:30:00.1234' AS TIME(4))", "TIME(4)", "12:30:00.1234", sqltypes.Temporals},
	{"CAST('2024-02-29' AS DATETIME2(0))", "DATETIME2(0)", "2024-02-29", sqltypes.Temporals},
	{"CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS UNIQUEIDENTIFIER)", "UNIQUEIDENTIFIER", "6F9619FF-8B86-D011-B42D-00C04FC964FF", sqltypes.GUIDs},
}

// nullText and nullBytes are constant columns that are always NULL.
const nullText, nullBytes = "n_text", "n_bytes"

func constantColumn(i int) string { return fmt.Sprintf("l_%d", i) }

func isConstantColumn(name string) bool { return name[:2] == "l_" || name[:2] == "n_" }

// castTypes are the types that expressions of each class are cast to.
var castTypes = map[sqltypes.Class][]string{
	sqltypes.Integers:  {"BIT", "TINYINT", "SMALLINT", "INT", "BIGINT"},
	sqltypes.Decimals:  {"DECIMAL(9,2)", "DECIMAL(4,3)", "DECIMAL(38,10)"},
	sqltypes.Floats:    {"REAL", "FLOAT"},
	sqltypes.Strings:   {"VARCHAR(3)", "NVARCHAR(30)", "CHAR(5)", "VARCHAR(30)"},
	sqltypes.Binaries:  {"BINARY(4)", "VARBINARY(8)"},
	sqltypes.Temporals: {"DATE", "TIME(3)", "DATETIME2(3)"},
	sqltypes.GUIDs:     {"UNIQUEIDENTIFIER"},
}

// term is an expression written with literals, and with constant columns.
type term struct {
	lit, col string
	// digits means that it is an integer literal or its negation. Beside a decimal this is
	// a decimal of exactly its digits, while an INT column is a DECIMAL(10,0): their
	// results have different types. So where the type of a result depends on a decimal, it
	// is wrapped in a CAST.
	digits bool
}

// all applies a format to the two forms of terms.
func all(format string, terms ...term) term {
	lits, cols := make([]any, len(terms)), make([]any, len(terms))
	for i, t := range terms {
		lits[i], cols[i] = t.lit, t.col
	}
	return term{lit: fmt.Sprintf(format, lits...), col: fmt.Sprintf(format, cols...)}
}

type generator struct {
	*rand.Rand
	f *fixture
}

func (g generator) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g generator) class() sqltypes.Class {
	classes := [...]sqltypes.Class{
		sqltypes.Integers, sqltypes.Integers, sqltypes.Integers, sqltypes.Decimals, sqltypes.Decimals, sqltypes.Floats,
		sqltypes.Strings, sqltypes.Strings, sqltypes.Temporals, sqltypes.GUIDs, sqltypes.Binaries,
	}
	return classes[g.IntN(len(classes))]
}

// beside returns a class to combine with c: usually one that T-SQL converts to or from it.
func (g generator) beside(c sqltypes.Class) sqltypes.Class {
	switch g.IntN(10) {
	case 0:
		return g.class()
	case 1, 2, 3:
		return sqltypes.Strings
	case 4, 5:
		if c <= sqltypes.Floats {
			return sqltypes.Integers + sqltypes.Class(g.IntN(3))
		}
	}
	return c
}

func (g generator) literal(c sqltypes.Class) term {
	for {
		i := g.IntN(len(literals))
		if l := &literals[i]; l.class == c {
			return term{lit: l.text, col: constantColumn(i), digits: l.typ == "INT"}
		}
	}
}

func (g generator) column(c sqltypes.Class) term {
	for {
		if col := &columns[g.IntN(len(columns))]; col.class == c {
			return term{lit: col.name, col: col.name}
		}
	}
}

// nullOf is NULL of a type.
func nullOf(lit, typ string) term {
	from := nullText
	if strings.Contains(typ, "BINARY") {
		from = nullBytes
	}
	return term{lit: lit, col: "CAST(" + from + " AS " + typ + ")"}
}

// nullBeside is the keyword NULL, which takes the type of the operand beside it.
func (g generator) nullBeside(t term) term {
	ast, err := tsql.ParseCondition(t.col + " IS NULL")
	if err == nil {
		b := bind.Binder{Scope: g.f.table.Scope, DB: "D", Field: "condition"}
		if e, err := b.Value(ast.(*tsql.IsNull).X); err == nil {
			return nullOf("NULL", e.Type.String())
		}
	}
	return nullOf("CAST(NULL AS INT)", "INT") // the condition is refused
}

// orNull is, now and then, NULL instead of t.
func (g generator) orNull(t, beside term) term {
	if g.IntN(12) == 0 {
		return g.nullBeside(beside)
	}
	return t
}

// exact is t, except that a literal's digits do not determine its type.
func exact(t term) term {
	if t.digits {
		return all("CAST(%s AS INT)", t)
	}
	return t
}
