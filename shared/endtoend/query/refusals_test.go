package query

import (
	"fmt"
	"strings"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// refusal is a statement that is refused, on three shards as on one.
type refusal struct {
	name   string
	req    api.SQLRequest
	code   api.Code
	number int    // SQL Server's
	at     string // prefix of the text at the problem's offset; empty: not checked
	says   string // the detail or the hint contains it
}

func sqlOf(sql string) api.SQLRequest { return api.SQLRequest{SQL: sql} }

// halfLarge is more than half of the maximum size of a value.
var halfLarge = param("x", `"`+strings.Repeat("x", 5_000_000)+`"`)

var refused = []refusal{
	{name: "an unknown function, with the nearest", req: sqlOf("SELECT UPPR(name) FROM Students"), code: api.CodeUnsupported, at: "UPPR", says: "UPPER"},
	{name: "an unknown column, with the nearest", req: sqlOf("SELECT nam FROM Students"), code: api.CodeUnknownColumn, number: 207, at: "nam", says: "name"},
	{name: "an unknown table, with the nearest", req: sqlOf("SELECT id FROM Student"), code: api.CodeUnknownTable, number: 208, at: "Student", says: "Students"},
	{name: "an ambiguous column", req: sqlOf("SELECT v FROM Lonely a JOIN Nothing b ON a.id = b.id"), code: api.CodeAmbiguousColumn, number: 209, at: "v FROM"},
	{name: "a column that is not grouped", req: sqlOf("SELECT name, COUNT(*) FROM Students GROUP BY class"), code: api.CodeUnsupported, number: 8120, at: "name"},
	{name: "an order that is not in a DISTINCT list", req: sqlOf("SELECT DISTINCT class FROM Students ORDER BY gpa"), code: api.CodeUnsupported, number: 145, at: "gpa"},
	{name: "an aggregate in WHERE", req: sqlOf("SELECT id FROM Students WHERE COUNT(*) > 1"), code: api.CodeUnsupported, at: "COUNT"},
	{name: "a join of rows on different shards", req: sqlOf("SELECT s.id FROM Students s JOIN Marks m ON s.class = m.no"), code: api.CodeUnsupported, says: "shard key"},
	{name: "a type that does not fit", req: sqlOf("SELECT id FROM Students WHERE id = 'seven'"), code: api.CodeConversionFailed, number: 245},
	{name: "a sum of texts", req: sqlOf("SELECT SUM(name) FROM Students"), code: api.CodeConversionFailed, number: 8117, at: "name)"},
	{name: "a parameter that is missing", req: sqlOf("SELECT id FROM Students WHERE id = @id"), code: api.CodeMissingField, at: "@id"},
	{name: "text that is not a statement", req: sqlOf("SELEC id FROM Students"), code: api.CodeSyntax, at: "SELEC"},
	{name: "an UPDATE of all shards by mistake", req: sqlOf("UPDATE Students SET class = 1"), code: api.CodeShardKeyRequired, says: "all_shards"},
	{name: "an UPDATE of the shard key", req: sqlOf("UPDATE Students SET id = 2 WHERE id = 1"), code: api.CodeShardKeyImmutable},
	{name: "a duplicate row", req: sqlOf("INSERT INTO Students (id) VALUES (7)"), code: api.CodeDuplicateKey, number: 2627},
	{name: "a division by zero", req: sqlOf("SELECT id / (id - 7) AS x FROM Students ORDER BY x"), code: api.CodeDivideByZero, number: 8134},
	{name: "a division by zero of an aggregate", req: sqlOf("SELECT 1 / (COUNT(*) - 9) FROM Students"), code: api.CodeDivideByZero, number: 8134},
	{name: "a sum that overflows only in the final result", req: sqlOf("SELECT SUM(CASE WHEN id IN (3, 7) THEN 1500000000 ELSE 0 END) FROM Students"), code: api.CodeOutOfRange, number: 8115},
	{name: "deep nesting", req: sqlOf("SELECT " + strings.Repeat("(", 5000) + "id" + strings.Repeat(")", 5000) + " FROM Students"), code: api.CodeTooComplex},
	{name: "deep nesting without parentheses", req: sqlOf("SELECT id FROM Students WHERE " + strings.Repeat("NOT ", 5000) + "id = 1"), code: api.CodeTooComplex},
	{name: "deep CASE", req: sqlOf("SELECT " + strings.Repeat("CASE WHEN id = 1 THEN ", 2000) + "1" + strings.Repeat(" END", 2000) + " FROM Students"), code: api.CodeTooComplex},
	{name: "text beyond the size limit", req: sqlOf("SELECT id FROM Students -- " + strings.Repeat("x", 1<<20)), code: api.CodeTooComplex},
	{name: "no text", req: sqlOf(" \n"), code: api.CodeMissingField},
	{name: "a constant that grows too large", req: api.SQLRequest{SQL: "SELECT LEN(@x + @x) FROM Students", Params: params(halfLarge)}, code: api.CodeValueTooLong, says: "8000000"},
	{name: "a computed string that grows too large", req: api.SQLRequest{SQL: "SELECT LEN(name + @x + @x) FROM Students", Params: params(halfLarge)}, code: api.CodeValueTooLong, says: "8000000"},
	{name: "an aggregate that grows too large", req: api.SQLRequest{SQL: "SELECT LEN(MAX(name + @x) + @x) FROM Students", Params: params(halfLarge)}, code: api.CodeValueTooLong, says: "8000000"},
	{name: "a row that is too large", req: api.SQLRequest{SQL: "SELECT id, @x, @x, @x, @x FROM Students", Params: params(halfLarge)}, code: api.CodeTooComplex, says: "SUBSTRING"},
	{name: "a row of aggregates that is too large", req: api.SQLRequest{SQL: "SELECT MAX(name + @x), MIN(name + @x), MAX(name + @x) + '', MIN(name + @x) + '' FROM Students", Params: params(halfLarge)}, code: api.CodeTooComplex, says: "SUBSTRING"},
	{name: "analyze of a write", req: api.SQLRequest{SQL: "DELETE FROM Students WHERE id = 1", Explain: true, Analyze: true}, code: api.CodeUnsupported},
}

func refusals(t *testing.T, b *both) {
	for _, x := range refused {
		t.Run(x.name, func(t *testing.T) {
			b.each(func(name string, m *client.Master) {
				req := x.req
				req.DB = dbName
				_, err := m.Query(t.Context(), &req)
				x.check(t, name, err)
			})
		})
	}
	t.Run("a shard that fails is named", func(t *testing.T) {
		_, err := b.three.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: "SELECT 1 / (id - 7) AS x FROM Students"})
		if p := api.AsProblem(err); p.Code != api.CodeDivideByZero || p.Shard == nil || *p.Shard != 0 {
			t.Errorf("student 7 is on shard 0, and the problem: %+v", p)
		}
	})
	t.Run("long statements are answered", func(t *testing.T) { long(t, b.three) })
}

func (x *refusal) check(t *testing.T, name string, err error) {
	t.Helper()
	p := api.AsProblem(err)
	if err == nil || p.Code != x.code {
		t.Errorf("%s: %.200s\ngave %v, want %s", name, x.req.SQL, err, x.code)
		return
	}
	if x.number != 0 && p.SQLNumber != x.number {
		t.Errorf("%s: %.200s\nhas number %d, want %d: %v", name, x.req.SQL, p.SQLNumber, x.number, p)
	}
	if p.Hint == "" && p.Status < 500 && x.number != 2627 {
		t.Errorf("%s: %.200s\nhas no hint: %v", name, x.req.SQL, p)
	}
	if !strings.Contains(p.Detail+" "+p.Hint, x.says) {
		t.Errorf("%s: %.200s\ndoes not say %q: %v, %s", name, x.req.SQL, x.says, p, p.Hint)
	}
	if x.at != "" {
		switch {
		case p.Field != "sql" || p.Offset == nil:
			t.Errorf("%s: %.200s\nhas no offset into sql: %+v", name, x.req.SQL, p)
		case !strings.HasPrefix(x.req.SQL[*p.Offset:], x.at):
			t.Errorf("%s: %.200s\nis refused at %.20q, want at %q", name, x.req.SQL, x.req.SQL[*p.Offset:], x.at)
		}
	}
}

// long runs statements that are long but within bounds.
func long(t *testing.T, m *client.Master) {
	var keys strings.Builder
	for i := range 100_000 {
		if i > 0 {
			keys.WriteString(", ")
		}
		fmt.Fprint(&keys, i+5)
	}
	for name, sql := range map[string]string{
		"100,000 keys in IN":     "SELECT COUNT(*) FROM Students WHERE id IN (" + keys.String() + ")",
		"10,000 values in IN":    "SELECT COUNT(*) FROM Students WHERE class + 4 IN (" + keys.String()[:strings.Index(keys.String(), ", 10005")] + ")",
		"a comment of 1,000 KiB": "SELECT COUNT(*) FROM Students /* " + strings.Repeat("x", 1000<<10) + " */ WHERE id > 4",
		"10,000 terms":           "SELECT COUNT(*) FROM Students WHERE id > 0" + strings.Repeat(" + 0", 10_000) + " + 4",
		"10,000 ORs":             "SELECT COUNT(*) FROM Students WHERE id = 5" + strings.Repeat(" OR id = 6", 10_000) + " OR id > 6",
	} {
		want := map[string]string{"10,000 values in IN": "[7]"}[name]
		if want == "" {
			want = "[5]"
		}
		t.Run(name, func(t *testing.T) {
			resp, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: sql})
			switch {
			case api.CodeOf(err) == api.CodeTooComplex && strings.HasPrefix(name, "10,000"):
				// Nesting is bounded, and the error says so.
			case err != nil:
				t.Errorf("%.500v", err)
			case lines(resp.Rows) != want:
				t.Errorf("%s, want %s", lines(resp.Rows), want)
			}
		})
	}
}
