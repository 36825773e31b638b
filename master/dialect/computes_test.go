package dialect_test

import (
	"strings"
	"testing"

	"shardeck/shared/api"
)

func TestThePlanSaysWhatTheServerComputes(t *testing.T) {
	cat := newCatalog(t, studentsTable, gradesTable)
	for text, want := range map[string]string{
		"SELECT name FROM Students WHERE student_id = 1":                                                      "",
		"SELECT age + 1 AS x, CAST(age AS VARCHAR(9)) AS y FROM Students":                                     "arithmetic; conversions",
		"SELECT LEN(name) AS l, UPPER(name) AS u, LEN(email) AS e FROM Students":                              "LEN, UPPER",
		"SELECT name FROM Students WHERE name = N'x' OR name LIKE N'a%'":                                      "equality of strings, by the database's collation; LIKE, by the database's collation",
		"SELECT SUM(score) AS s, AVG(age) AS a FROM Students":                                                 "sums of floats, which each shard rounds",
		"SELECT s.name FROM Students s JOIN Grades g ON s.student_id = g.student_id AND g.points > s.age * 2": "arithmetic",
		"UPDATE Students SET email = age WHERE student_id = 1":                                                "conversions",
		"DELETE FROM Students WHERE student_id = 1 AND ABS(age) > 5":                                          "ABS",
	} {
		p, err := cat.statement(t, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := strings.Join(sqlServer(t).EngineComputes(p), "; "); got != want {
			t.Errorf("%s: the server computes %q, want %q", text, got, want)
		}
		if got := sqlite(t).EngineComputes(p); len(got) > 0 {
			t.Errorf("%s: the embedded engine computes %q by itself", text, got)
		}
	}
}

// T-SQL makes * of an INT in a VARCHAR that is too short, also on the way into a column.
// Neither engine stores that.
func TestAnIntegerThatDoesNotFitAStringIsRefused(t *testing.T) {
	onEachEngine(t, func(t *testing.T, open func(...string) *testDB) {
		db := open(`{"db_name": "School", "table": "V", "columns": {"user_id": "INT PRIMARY KEY", "n": "INT", "v": "VARCHAR(3)"}}`)
		cat := newCatalog(t, `{"db_name": "School", "table": "V", "columns": {"user_id": "INT PRIMARY KEY", "n": "INT", "v": "VARCHAR(3)"}}`)
		run(t, db, cat, "INSERT INTO V VALUES (1, 1234, NULL)", 0)
		run(t, db, cat, "INSERT INTO V VALUES (2, 1, 12345)", 8115)
		run(t, db, cat, "UPDATE V SET v = n WHERE user_id = 1", 8115)
		run(t, db, cat, "UPDATE V SET v = 1234 WHERE user_id = 1", 8115)
		run(t, db, cat, "UPDATE V SET v = n / 2 WHERE user_id = 1", 0)
	})
}

// Without a server it is seen in what the server is asked.
func TestAnIntegerIsAssignedToAStringAsUnicode(t *testing.T) {
	cat := newCatalog(t, studentsTable)
	p, err := cat.statement(t, "UPDATE Students SET email = age WHERE student_id = 1")
	if err != nil {
		t.Fatal(err)
	}
	statements, err := sqlServer(t).Exec(p, &p.Fragments[0])
	if want := "SET [email] = CAST([age] AS NVARCHAR(40))"; err != nil || !strings.Contains(statements[0].SQL, want) {
		t.Errorf("%v, %v; want %s", statements, err, want)
	}
}

// run plans and executes a statement, which is refused with number unless that is 0.
func run(t *testing.T, db *testDB, cat catalog, text string, number int) {
	t.Helper()
	p, err := cat.statement(t, text)
	if err == nil {
		_, err = db.exec(t, p)
	}
	if number == 0 && err != nil || number != 0 && !db.hasNumber(err, number) {
		t.Errorf("%s: %v, number %d; want %d", text, err, numberOf(err), number)
	}
}

func numberOf(err error) int {
	if p := api.AsProblem(err); p != nil {
		return p.SQLNumber
	}
	return 0
}
