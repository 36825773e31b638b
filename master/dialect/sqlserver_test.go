package dialect_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"shardeck/master/bind"
	"shardeck/master/dialect"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// Every plan of the golden files runs on a real server.
func TestGoldenPlansRunOnSQLServer(t *testing.T) {
	db := openSQLServer(t)
	db.create(t, studentsTable, coursesTable, enrollmentsTable, logTable)
	files, err := filepath.Glob("testdata/plans/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts in testdata/plans", err)
	}
	g := newGolden(t)
	if db.babelfish {
		// The tables must match those of testDB.create.
		g.tables["Courses"] = newTable(t, strings.Replace(coursesTable, "VARCHAR(20) UNIQUE", "NVARCHAR(20) UNIQUE", 1))
	}
	for _, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g.each(t, string(script), func(c goldenCase) {
			p, err := g.plan(t, c.op, c.request)
			if err != nil || p.Op == plan.OpDropTable {
				return
			}
			if p.Op == plan.OpCreateTable && db.babelfish && strings.Contains(string(texts(t, db.d, p, &p.Fragments[0])[0]), "_UTF8") {
				return
			}
			if err := db.run(t, p); err != nil && api.CodeOf(err) != api.CodeDuplicateKey {
				t.Errorf("%s: %v\n%s", c.name, err, strings.Join(texts(t, db.d, p, &p.Fragments[0]), "\n"))
			}
		})
	}
}

// run runs a plan's first fragment. It drops the table again if the plan created one.
func (db *testDB) run(t *testing.T, p *plan.Plan) error {
	if p.Op.IsRead() {
		_, err := db.rows(t, p)
		return err
	}
	_, err := db.exec(t, &plan.Plan{
		Op: p.Op, DB: p.DB, Table: p.Table, SchemaVersion: p.SchemaVersion, Definition: p.Definition, Write: p.Write,
		Fragments: p.Fragments[:min(1, len(p.Fragments))],
	})
	if err != nil || p.Op != plan.OpCreateTable {
		return err
	}
	_, err = db.exec(t, &plan.Plan{Op: plan.OpDropTable, DB: p.DB, Table: p.Table, SchemaVersion: p.SchemaVersion, Fragments: p.Fragments[:1]})
	return err
}

// words are strings that are easily ordered wrongly.
var words = []string{
	"", "a", "A", "a ", "á", "Á", "b", "a b", "a_b", "aZb", "ab", "zoë", "ZOË", "ß", "ss", "SS", "σ", "ς", "Σ", "k", "K", "İ", "ı", "i", "I",
	"Ж", "ж", "з", "µ", "μ", "ÿ", "Ÿ", "ā", "Ā", "😀", "z", "-", "a-b", "co-op", "coop", "1", "10", "9", "a\t", "a\tb", "''", "æ", "ae", "ǆ", "Ǆ", "ﬁ", "fi",
}

// differentOnBabelfish are characters whose case Babelfish maps by whole strings, or by
// Turkish rules, where SQL Server maps single characters. Nor does it pad strings for
// comparison, which matters for the tab.
const differentOnBabelfish = "ßİıﬁ\t"

// The server's order and groups are consistent with the master's merge of several shards.
func TestEngineOrderMatchesMergeOrder(t *testing.T) {
	onEachEngine(t, func(t *testing.T, open func(...string) *testDB) {
		const def = `{"db_name": "School", "table": "Words", "columns": {
			"id": "INT PRIMARY KEY", "n": "NVARCHAR(20)", "m": "NVARCHAR(MAX)", "v": "VARCHAR(20)", "c": "CHAR(10)", "d": "DECIMAL(9,3)", "g": "UNIQUEIDENTIFIER"}, "shard_key": "id"}`
		const keyed = `{"db_name": "School", "table": "Keys", "columns": {"k": "NVARCHAR(20) PRIMARY KEY", "id": "INT"}, "shard_key": "k"}`
		db := open(def, keyed)
		table, keys := newTable(t, def), newTable(t, keyed)
		rows, keyRows := []string{`{"id": -1}`}, []string{}
		for i, w := range words {
			if db.babelfish && strings.ContainsAny(w, differentOnBabelfish) {
				continue
			}
			text := quoted(t, w)
			narrow := text
			if db.babelfish && !isASCII(w) {
				narrow = "null" // VARCHAR has a code page there
			}
			rows = append(rows, fmt.Sprintf(`{"id": %d, "n": %s, "m": %s, "v": %s, "c": %s, "d": %d.%03d, "g": "%02X%02X0000-0000-0000-0000-%012X"}`,
				i, text, text, narrow, narrow, (i*7)%13-6, i, i*5%256, i, i%3))
			if w != "a " { // equal to the key "a"
				keyRows = append(keyRows, fmt.Sprintf(`{"id": %d, "k": %s}`, i, text))
			}
		}
		db.insert(t, table, rows...)
		db.insert(t, keys, keyRows...)
		for _, column := range []string{"n", "m", "v", "c", "d", "g", "n + 'x'", "v + n"} {
			for _, desc := range []string{"", " DESC"} {
				if column == "g" && db.babelfish {
					continue // it orders GUIDs by their bytes
				}
				db.checkOrder(t, table, column+desc)
			}
		}
		db.checkOrder(t, keys, "k")
		db.checkOrder(t, keys, "k + N'!' DESC")
		db.checkGroups(t, table, "n")
		db.checkGroups(t, table, "v")
		db.checkGroups(t, keys, "k")
	})
}

// checkOrder reads an ordered table and compares adjacent rows by the merge keys.
func (db *testDB) checkOrder(t *testing.T, table *bind.Table, orderBy string) {
	t.Helper()
	p, err := planner.Select(table, newMap(t, 3), &api.SelectRequest{Columns: api.NameList{"id"}, OrderBy: orderBy})
	if err != nil {
		t.Fatal(err)
	}
	db.checkMerge(t, p, orderBy, true)
}

// checkGroups counts rows by group, and checks that no two groups are equal.
func (db *testDB) checkGroups(t *testing.T, table *bind.Table, by string) {
	t.Helper()
	p, err := planner.Count(table, newMap(t, 3), &api.MapReduceCountRequest{GroupBy: api.NameList{by}})
	if err != nil {
		t.Fatal(err)
	}
	db.checkMerge(t, p, "groups of "+by, false)
}

func (db *testDB) checkMerge(t *testing.T, p *plan.Plan, name string, duplicates bool) {
	t.Helper()
	rows, err := db.rows(t, p)
	if err != nil {
		t.Fatal(err)
	}
	key := p.Merge[0]
	var before sqltypes.Value
	for i, r := range rows {
		var fields []any
		if err := json.Unmarshal([]byte(r), &fields); err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(fields[key.Column])
		if err != nil {
			t.Fatal(err)
		}
		v, err := sqltypes.DecodeJSON(key.Type, raw)
		if err != nil {
			t.Fatal(err)
		}
		order := sqltypes.Compare(key.Type, before, v)
		if key.Binary {
			order = sqltypes.CompareBinary(before.Str, v.Str)
		}
		if key.Desc {
			order = -order
		}
		if i > 0 && (order > 0 || order == 0 && !duplicates) {
			t.Errorf("%s: %+v comes before %+v", name, before, v)
		}
		before = v
	}
	if len(rows) < 10 {
		t.Errorf("%s: %d rows", name, len(rows))
	}
}

// A condition considers a string less than another exactly if ORDER BY sorts it before that.
func TestConditionsCompareStringsInTheOrderOfRows(t *testing.T) {
	onEachEngine(t, func(t *testing.T, open func(...string) *testDB) {
		const def = `{"db_name": "School", "table": "Words", "columns": {"id": "INT PRIMARY KEY", "n": "NVARCHAR(20)"}}`
		db := open(strings.Replace(def, `{"id`, `{"student_id`, 1))
		table := newTable(t, strings.Replace(def, `{"id`, `{"student_id`, 1))
		var rows []string
		for i, w := range words {
			if !db.babelfish || !strings.ContainsAny(w, differentOnBabelfish) {
				rows = append(rows, fmt.Sprintf(`{"student_id": %d, "n": %s}`, i, quoted(t, w)))
			}
		}
		db.insert(t, table, rows...)
		for _, w := range words {
			if db.babelfish && strings.ContainsAny(w, differentOnBabelfish) {
				continue
			}
			for op, holds := range map[string]func(int) bool{"<": func(c int) bool { return c < 0 }, ">=": func(c int) bool { return c >= 0 }} {
				p, err := planner.Select(table, newMap(t, 1), &api.SelectRequest{
					Columns: api.NameList{"student_id", "n"}, Condition: "n " + op + " N'" + strings.ReplaceAll(w, "'", "''") + "'"})
				if err != nil {
					t.Fatal(err)
				}
				got, err := db.rows(t, p)
				if err != nil {
					t.Fatal(err)
				}
				want := 0
				for i, x := range words {
					row := "[" + strconv.Itoa(i) + "," + quoted(t, x) + "]"
					if db.babelfish && strings.ContainsAny(x, differentOnBabelfish) {
						continue
					}
					if holds(sqltypes.CompareText(x, w)) {
						want++
						if !contains(t, got, row) {
							t.Errorf("%q %s %q does not hold", x, op, w)
						}
					}
				}
				if len(got) != want {
					t.Errorf("%d words are %s %q, want %d", len(got), op, w, want)
				}
			}
		}
	})
}

// contains reports whether a row is among rows.
func contains(t *testing.T, rows []string, want string) bool {
	t.Helper()
	for _, r := range rows {
		if r == want {
			return true
		}
	}
	return false
}

func quoted(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > '~' }) < 0 }

// A string with its folded form must not be truncated, which SQL Server does to an NVARCHAR
// at 4000 characters. Babelfish does not.
func TestMinOfLongStringsIsNotTruncated(t *testing.T) {
	c := newCatalog(t, `{"db_name": "School", "table": "T", "columns": {"student_id": "INT PRIMARY KEY", "short": "NVARCHAR(1999)", "long": "NVARCHAR(2000)", "bytes": "VARCHAR(3000)", "max": "NVARCHAR(MAX)"}}`)
	for column, cast := range map[string]bool{"short": false, "long": true, "bytes": true, "max": false} {
		p, err := c.statement(t, "SELECT MIN("+column+") FROM T")
		if err != nil {
			t.Fatal(err)
		}
		text := texts(t, dialect.SQLServer{}, p, &p.Fragments[0])[0]
		if strings.Contains(text, "CAST(["+column+"] AS NVARCHAR(MAX))") != cast {
			t.Errorf("%s: %s", column, text)
		}
		parseTSQL(t, text)
	}
}

// Clients concatenate a constant of a MAX type to avoid truncation.
func TestConcatenationWithMaxConstantIsNotTruncated(t *testing.T) {
	c := newCatalog(t, studentsTable)
	for text, want := range map[string]string{
		"SELECT CAST('x' AS NVARCHAR(MAX)) + name FROM Students": "NVARCHAR(MAX)",
		"SELECT N'x' + name FROM Students":                       "NVARCHAR(4000)",
	} {
		p, err := c.statement(t, text)
		if err != nil {
			t.Fatal(err)
		}
		q, err := dialect.SQLServer{}.Query(p, &p.Fragments[0])
		if err != nil || len(q.Types) != 1 || q.Types[0] != want {
			t.Errorf("%s: %v of %v, %v; want one %s", text, q.SQL, q.Types, err, want)
		}
	}
}
