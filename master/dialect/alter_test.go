package dialect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/shared/api"
)

// alter runs a statement that changes a table's definition, and returns the catalog with it.
func (db *testDB) alter(t testing.TB, c catalog, text string) catalog {
	t.Helper()
	p, err := c.statement(t, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if _, err := db.exec(t, p); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	table, err := bind.NewTable("School", p.Definition)
	if err != nil {
		t.Fatal(err)
	}
	return catalog{strings.ToLower(table.Name): table}
}

// added are columns of every kind of type, with their default in wire form.
var added = [][2]string{
	{"BIT NOT NULL DEFAULT 1", "true"}, {"TINYINT NOT NULL DEFAULT 255", "255"}, {"SMALLINT NOT NULL DEFAULT -7", "-7"}, {"INT NOT NULL DEFAULT (0)", "0"},
	{"BIGINT NOT NULL DEFAULT -9223372036854775808", `"-9223372036854775808"`}, {"DECIMAL(6,2) NOT NULL DEFAULT -1.5", `"-1.50"`},
	{"MONEY NOT NULL DEFAULT $2.5", `"2.5000"`}, {"FLOAT NOT NULL DEFAULT 1e-7", "1e-7"}, {"REAL NOT NULL DEFAULT 0.1", "0.1"},
	{"NVARCHAR(20) NOT NULL DEFAULT N'it''s \"ü\"'", `"it's \"ü\""`}, {"VARCHAR(5) NOT NULL DEFAULT ''", `""`}, {"CHAR(4) NOT NULL DEFAULT 'ab'", `"ab  "`},
	{"BINARY(3) NOT NULL DEFAULT 0x0A", `"0x0A0000"`}, {"VARBINARY(8) NOT NULL DEFAULT 0xDEAD", `"0xDEAD"`}, {"DATE NOT NULL DEFAULT '2001-02-03'", `"2001-02-03"`},
	{"TIME(3) NOT NULL DEFAULT '12:30'", `"12:30:00"`}, {"DATETIME2(3) NOT NULL DEFAULT '2001-02-03T04:05:06.789'", `"2001-02-03T04:05:06.789"`},
	{"UNIQUEIDENTIFIER NOT NULL DEFAULT '6F9619FF-8B86-D011-B42D-00C04FC964FF'", `"6F9619FF-8B86-D011-B42D-00C04FC964FF"`},
	{"INT DEFAULT 5 WITH VALUES", "5"}, {"INT DEFAULT 5", "null"}, {"NVARCHAR(MAX)", "null"},
}

// TestRowsThatExistGetTheDefault: a row that was there before a column has the same value as one inserted
// after it, except that a column that takes NULL is NULL without WITH VALUES; see ALTER TABLE, column
// definition, in the T-SQL reference.
func TestRowsThatExistGetTheDefault(t *testing.T) {
	onEachEngine(t, func(t *testing.T, open func(...string) *testDB) {
		db := open(gradesTable)
		c := newCatalog(t, gradesTable)
		db.write(t, c, "INSERT INTO Grades (student_id, course) VALUES (1, 'A')")
		var list, names, want []string
		for i, a := range added {
			names = append(names, fmt.Sprintf("a%d", i))
			list = append(list, names[i]+" "+a[0])
			want = append(want, a[1])
		}
		c = db.alter(t, c, "ALTER TABLE Grades ADD "+strings.Join(list, ", "))
		db.write(t, c, "INSERT INTO Grades (student_id, course) VALUES (2, 'B')")
		p, err := c.statement(t, "SELECT "+strings.Join(names, ", ")+" FROM Grades ORDER BY student_id")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := db.rows(t, p)
		if err != nil || len(rows) != 2 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for i, row := range rows {
			for k, got := range elements(t, row) {
				w := want[k]
				if i == 1 && added[k][0] == "INT DEFAULT 5" {
					w = "5"
				}
				if got != w {
					t.Errorf("row %d: %s has %s, want %s", i+1, added[k][0], got, w)
				}
			}
		}
	})
}

func elements(t testing.TB, row string) []string {
	list := *decode[[]jsontext.Value](t, row)
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = string(v)
	}
	return texts
}

func (db *testDB) write(t testing.TB, c catalog, text string) {
	t.Helper()
	p, err := c.statement(t, text)
	if err == nil {
		_, err = db.exec(t, p)
	}
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// TestAnIndexIsUsed: SQLite finds rows by an index on a column of any type, whose order is that of the
// collation in which the dialect compares.
func TestAnIndexIsUsed(t *testing.T) {
	db, c := newDB(t, studentsTable), newCatalog(t, studentsTable)
	for column, value := range map[string]string{
		"name": "N'x'", "email": "'x'", "gpa": "1.5", "score": "1e0", "level": "1", "big": "1", "born": "'2001-02-03'",
		"seen": "'2001-02-03T04:05:06'", "wakes": "'12:00'", "card": "'6F9619FF-8B86-D011-B42D-00C04FC964FF'", "photo": "0x01", "code": "'ab'", "active": "1",
	} {
		altered := db.alter(t, c, fmt.Sprintf("CREATE INDEX by_%s ON Students (%s DESC, age)", column, column))
		for _, where := range []string{column + " = " + value, column + " > " + value, column + " IN (" + value + ", NULL)"} {
			p, err := altered.statement(t, "SELECT student_id FROM Students WHERE "+where)
			if err != nil {
				t.Fatal(err)
			}
			if how := db.explain(t, p); !strings.Contains(how, "USING INDEX index:Students:by_"+column) && !strings.Contains(how, "USING COVERING INDEX index:Students:by_"+column) {
				t.Errorf("%s: %s", where, how)
			}
		}
		c = altered
	}
}

// explain returns how SQLite would run a query.
func (db *testDB) explain(t testing.TB, p *plan.Plan) string {
	t.Helper()
	if _, err := db.rows(t, p); err != nil { // an EXPLAIN would not notice that the schema has changed
		t.Fatal(err)
	}
	q, err := db.d.Query(p, &p.Fragments[0])
	if err != nil {
		t.Fatal(err)
	}
	q.SQL, q.ResultTypes = "EXPLAIN QUERY PLAN "+q.SQL, []string{"INT", "INT", "INT", "NVARCHAR(MAX)"}
	var text strings.Builder
	if err := db.e.Query(t.Context(), q, func(line []byte) error {
		text.Write(line)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestAlterationsAreValidTSQL: what is sent to SQL Server is one statement of the kind that was asked for.
func TestAlterationsAreValidTSQL(t *testing.T) {
	c := newCatalog(t, studentsTable)
	for text, want := range map[string]string{
		"ALTER TABLE Students ADD a INT NULL, b NVARCHAR(9) NOT NULL DEFAULT N'x''y', c DATE DEFAULT '2001-02-03' WITH VALUES": "AlterTableAddTableElementStatement",
		"CREATE INDEX by_name ON Students (name DESC, age)":                                                                    "CreateIndexStatement",
		"DROP INDEX by_name ON Students":                                                                                       "DropIndexStatement",
	} {
		p, err := c.statement(t, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		statements, err := sqlServer(t).Exec(p, &p.Fragments[0])
		if err != nil {
			t.Fatal(err)
		}
		version := p.SchemaVersion
		for _, st := range statements {
			if got := parseTSQL(t, st.SQL); got != want || st.Effect != api.EffectAlterTable || st.SchemaVersion != version {
				t.Errorf("%s: a %s of effect %s for version %s, want %s for %s:\n%s", text, got, st.Effect, st.SchemaVersion, want, version, st.SQL)
			}
			version = st.Definition.Version()
		}
		if version != p.Definition.Version() {
			t.Errorf("%s ends with version %s, want %s", text, version, p.Definition.Version())
		}
	}
}
