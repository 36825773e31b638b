package dialect_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shardeck/master/bind"
	"shardeck/master/planner"
	"shardeck/shared/api"
)

// listColumn is a column of one type. Its values are the literals of rows; lists are drawn
// from these and from more, which are other values, or equal values of other types.
type listColumn struct {
	name, typ string
	rows      []string
	more      []string
	computed  string // an expression with the column's values, or empty
}

// listColumns has a column of every type.
var listColumns = []listColumn{
	{"bit", "BIT", []string{"0", "1"}, []string{"2"}, ""},
	{"tiny", "TINYINT", []string{"0", "7", "255"}, []string{"-1", "7.5", "256"}, "tiny + 0"},
	{"small", "SMALLINT", []string{"-32768", "0", "32767"}, []string{"1e0", "0.5"}, "small + 0"},
	{"i", "INT", []string{"-2147483648", "0", "41"}, []string{"41.0", "1", "1e1"}, "i * 1"},
	{"big", "BIGINT", []string{"-9223372036854775807", "9007199254740993", "9223372036854775807"}, []string{"9007199254740992", "9007199254740993.5"}, "big + 0"},
	{"dec", "DECIMAL(10,3)", []string{"0.001", "-1.500", "9999999.999"}, []string{"-1.5", "0.0010", "0.0015", "7"}, "dec + 0"},
	{"wide", "DECIMAL(38,10)", []string{"1234567890123456789012345678.0123456789", "0.1"}, []string{"0.10"}, "wide * 1"},
	{"r", "REAL", []string{"0.1", "3.5", "16777217", "3.4e38", "1.17549435e-38", "-0.3"}, []string{"0.1e0", "16777216", "0", "1e-45"}, "r * 1"},
	{"f", "FLOAT", []string{"0.1", "1e300", "5e-324", "1.7976931348623157e308", "123456789.125", "-2.2250738585072014e-308", "0.30000000000000004"}, []string{"0.3", "3e-1", "0", "1"}, "f * 1"},
	{"c", "CHAR(4)", []string{"'ab'", "''", "'ß'"}, []string{"'AB  '", "'ab x'"}, "c + ''"},
	{"v", "VARCHAR(20)", []string{"'x'", "'it''s'", `'a"b\c/d'`, "' lead'"}, []string{"'X '", "'É'"}, "v + ''"},
	{"nc", "NCHAR(3)", []string{"N'é'", "N'zzz'"}, []string{"'É'"}, "nc + N''"},
	{"n", "NVARCHAR(20)", []string{"N'😀'", "N'zoë'", "N'tab\tand\nline'", "N'nul\x00end'", "N'\u2028\ue000'"}, []string{"N'ZOË'", "N'nul'", "N''"}, "n + N''"},
	{"b", "BINARY(3)", []string{"0x010203", "0x01"}, []string{"0x0100", "0x"}, ""},
	{"vb", "VARBINARY(8)", []string{"0xC0FFEE", "0x", "0x00"}, []string{"0xC0FFEE00"}, ""},
	{"dt", "DATE", []string{"'2026-11-22'", "'0001-01-01'", "'9999-12-31'"}, []string{"'20261122'", "'2026-11-22 10:00'"}, ""},
	{"tm", "TIME(3)", []string{"'20:24:00.125'", "'00:00'", "'23:59:59.999'"}, []string{"'20:24:00.1250'", "'20:24:00.1251'"}, ""},
	{"m", "DATETIME2(7)", []string{"'2026-11-22T20:24:00.1234567'", "'0001-01-01'", "'9999-12-31 23:59:59.9999999'"}, []string{"'2026-11-22'"}, ""},
	{"g", "UNIQUEIDENTIFIER", []string{"'6F9619FF-8B86-D011-B42D-00C04FC964FF'", "'00000000-0000-0000-0000-000000000001'"}, []string{"'{6f9619ff-8b86-d011-b42d-00c04fc964ff}'"}, ""},
}

// IN selects the rows that comparisons with each value select, whatever the length of the
// list, which determines how its values are passed.
func TestListsOfAnyLengthSelectTheSameRows(t *testing.T) {
	onEachEngine(t, func(t *testing.T, open func(...string) *testDB) {
		db := open()
		cat := listTable(t, db)
		rapid.Check(t, func(rt *rapid.T) {
			c := rapid.SampledFrom(listColumns).Draw(rt, "column")
			values := rapid.SliceOfN(rapid.SampledFrom(append(c.rows[:len(c.rows):len(c.rows)], c.more...)), 1, 5).Draw(rt, "values")
			x := c.name
			if c.computed != "" && rapid.Bool().Draw(rt, "computed") {
				x = c.computed
			}
			not := rapid.SampledFrom([]string{"", "NOT "}).Draw(rt, "not")
			one := make([]string, len(values))
			for i, v := range values {
				one[i] = x + " = " + v
			}
			want := answer(t, db, cat, not+"("+strings.Join(one, " OR ")+")")
			for _, n := range []int{1, 16, 17, 60} {
				list := strings.Repeat(strings.Join(values, ", ")+", ", n/len(values)+1)
				in := x + " " + not + "IN (" + strings.TrimSuffix(list, ", ") + ")"
				when := "CASE WHEN " + in + " THEN 1 ELSE 0 END = 1"
				for _, condition := range []string{in, when} {
					if got := answer(t, db, cat, condition); got != want {
						rt.Fatalf("%s\nselects the rows %s, but = selects %s", condition, got, want)
					}
				}
			}
		})
	})
}

// listTable creates the table of all types and its rows.
func listTable(t *testing.T, db *testDB) catalog {
	t.Helper()
	create := "CREATE TABLE L (user_id INT PRIMARY KEY"
	rows := 0
	for _, c := range listColumns {
		create += ", " + c.name + " " + c.typ
		rows = max(rows, len(c.rows))
	}
	cat := catalog{}
	p, err := cat.statement(t, create+")")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.exec(t, p); err != nil {
		t.Fatal(err)
	}
	if cat["l"], err = bind.NewTable("School", p.Definition); err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		insert := fmt.Sprintf("INSERT INTO L VALUES (%d", i)
		for _, c := range listColumns {
			v := "NULL"
			if i < len(c.rows) {
				v = c.rows[i]
			}
			insert += ", " + v
		}
		p, err := cat.statement(t, insert+")")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.exec(t, p); err != nil {
			t.Fatal(err)
		}
	}
	return cat
}

// answer returns the keys of the rows that a condition selects, by the plan of POST /query.
// Those of /select and of the count must agree.
func answer(t *testing.T, db *testDB, cat catalog, condition string) string {
	t.Helper()
	p, err := cat.statement(t, "SELECT user_id FROM L WHERE "+condition+" ORDER BY user_id")
	if err != nil {
		t.Fatalf("%s: %v", condition, err)
	}
	rows, err := db.rows(t, p)
	if err != nil {
		t.Fatalf("%s: %v", condition, err)
	}
	m := newMap(t, 1)
	p, err = planner.Select(cat["l"], m, &api.SelectRequest{Columns: api.NameList{"user_id"}, Condition: condition, OrderBy: "user_id"})
	if err != nil {
		t.Fatalf("%s: %v", condition, err)
	}
	selected, err := db.rows(t, p)
	if err != nil || strings.Join(selected, "") != strings.Join(rows, "") {
		t.Fatalf("%s selects %v by /select (%v), %v by /query", condition, selected, err, rows)
	}
	p, err = planner.Count(cat["l"], m, &api.MapReduceCountRequest{Condition: condition})
	if err != nil {
		t.Fatalf("%s: %v", condition, err)
	}
	counted, err := db.rows(t, p)
	if want := fmt.Sprintf("[%d]", len(rows)); p.Route.Kind != api.RouteNone && (err != nil || strings.Join(counted, "") != want) {
		t.Fatalf("%s counts %v (%v), want %s", condition, counted, err, want)
	}
	return strings.Join(rows, " ")
}
