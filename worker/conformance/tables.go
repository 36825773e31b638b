package conformance

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
)

func databases(e *env) {
	name := e.database()
	st, err := e.w.Stats(e.Context())
	if err != nil {
		e.Fatal(err)
	}
	found := false
	for _, db := range st.Databases {
		if db.Name == name {
			found = true
			e.same("physical name", name+e.f.Suffix, db.Physical)
			e.same("tables of a new database", 0, len(db.Tables))
		}
	}
	if !found {
		e.Errorf("the statistics lack %s", name)
	}
	for _, again := range []string{name, strings.ToUpper(name), strings.ToLower(name)} {
		_, err = e.w.CreateDB(e.Context(), &api.DBRequest{DB: again, Fence: e.fence()})
		e.want(err, api.CodeDatabaseExists)
	}
	got, err := e.w.DropDB(e.Context(), &api.DBRequest{DB: strings.ToUpper(name), Fence: e.fence()})
	if err != nil || got.Physical != name+e.f.Suffix {
		e.Fatal(got, err)
	}
	_, err = e.w.DropDB(e.Context(), &api.DBRequest{DB: name, Fence: e.fence()})
	e.want(err, api.CodeUnknownDatabase)
	_, err = e.tryRows(e.w, &api.QueryRequest{DB: name, SQL: "SELECT 1", ResultTypes: []string{"INT"}})
	e.want(err, api.CodeUnknownDatabase)
	// A recreated database is empty.
	if _, err := e.w.CreateDB(e.Context(), &api.DBRequest{DB: name, Fence: e.fence()}); err != nil {
		e.Fatal(err)
	}
}

func tables(e *env) {
	tb := e.table(people())
	st, err := e.w.Stats(e.Context())
	if err != nil {
		e.Fatal(err)
	}
	for _, db := range st.Databases {
		if db.Name == tb.db {
			e.same("definition", []api.TableStats{{Definition: *tb.def}}, db.Tables)
		}
	}
	_, err = e.w.Exec(e.Context(), tb.request(tb.create()))
	e.want(err, api.CodeTableExists)
	tb.exec(tb.insert(`[1,"Ada",null]`))
	tb.exec(tb.write(api.EffectDropTable, `DROP TABLE "People"`, nil, ""))
	_, err = e.w.Exec(e.Context(), tb.request(tb.insert(`[2,"Bo",null]`)))
	e.want(err, api.CodeUnknownTable)
	_, err = e.tryRows(e.w, tb.query("", "id"))
	e.want(err, api.CodeUnknownTable)
	// A recreated table is empty.
	tb.exec(tb.create())
	e.same("rows of a recreated table", int64(0), tb.count())
	e.same("rows of a recreated table", []string{}, e.rows(tb.query("", "id")))
}

// rowCounts checks that the rows affected, the statistics and a query agree.
func rowCounts(e *env) {
	tb := e.table(people())
	check := func(want int64) {
		e.Helper()
		e.same("rows in the statistics", want, tb.count())
		e.same("rows found", want, int64(len(e.rows(tb.query("", "id")))))
	}
	e.same("inserted", []int64{3}, tb.exec(tb.insert(`[1,"Ada",null]`, `[2,"Bo","x"]`, `[3,"Cy","y"]`)))
	check(3)
	e.same("updated", []int64{2}, tb.exec(tb.write(api.EffectUpdate, `UPDATE "People" SET "note" = @p1 WHERE "id" > @p2`, []string{"NVARCHAR(MAX)", "INT"}, `["z",1]`)))
	e.same("updated nothing", []int64{0}, tb.exec(tb.write(api.EffectUpdate, `UPDATE "People" SET "note" = @p1 WHERE "id" = @p2`, []string{"NVARCHAR(MAX)", "INT"}, `["z",99]`)))
	check(3)
	e.same("deleted and inserted", []int64{1, 2}, tb.exec(
		tb.write(api.EffectDelete, `DELETE FROM "People" WHERE "id" = @p1`, []string{"INT"}, `[2]`),
		tb.insert(`[4,"Di",null]`, `[5,"Ed",null]`)))
	check(4)
	e.same("deleted all", []int64{4}, tb.exec(tb.write(api.EffectDelete, `DELETE FROM "People"`, nil, "")))
	check(0)
}

// movingKeys checks that uniqueness is enforced at the end of a statement, not row by row.
func movingKeys(e *env) {
	tb := e.table(people())
	tb.exec(tb.insert(`[1,"Ada",null]`, `[2,"Bo","x"]`, `[3,"Cy","y"]`, `[9,"Di",null]`))
	set := func(set string) api.Statement {
		return tb.write(api.EffectUpdate, `UPDATE "People" SET "id" = `+set+` WHERE "id" < @p1`, []string{"INT"}, "[9]")
	}
	e.same("shifted", []int64{3}, tb.exec(set(`"id" + 1`)))
	e.same("reversed", []int64{3}, tb.exec(set(`6 - "id"`)))
	want := []string{`[2,"Cy"]`, `[3,"Bo"]`, `[4,"Ada"]`, `[9,"Di"]`}
	e.same("rows", want, e.rows(tb.query(`ORDER BY "id"`, "id", "name")))
	for _, st := range []api.Statement{set("7"), set(`"id" + 5`)} {
		_, err := e.w.Exec(e.Context(), tb.request(tb.insert(`[20,"Ed",null]`), st))
		if p := e.want(err, api.CodeDuplicateKey); p.SQLNumber != 2627 {
			e.Errorf("%s: number %d, want 2627", st.SQL, p.SQLNumber)
		}
	}
	e.same("rows after refusals", want, e.rows(tb.query(`ORDER BY "id"`, "id", "name")))
	e.same("rows in the statistics", int64(4), tb.count())
}

func atomicExec(e *env) {
	tb := e.table(people())
	tb.exec(tb.insert(`[1,"Ada",null]`))
	cases := []struct {
		name       string
		statements []api.Statement
		code       api.Code
		number     int
		column     string
		row        int
	}{
		{"second statement repeats a key", []api.Statement{tb.insert(`[2,"Bo",null]`), tb.insert(`[1,"Ada",null]`)}, api.CodeDuplicateKey, 2627, "", 0},
		{"last of many rows repeats a key", []api.Statement{tb.insert(`[3,"a",null]`, `[4,"b",null]`, `[3,"c",null]`)}, api.CodeDuplicateKey, 2627, "", 2},
		{"NULL in a NOT NULL column", []api.Statement{tb.insert(`[5,"a",null]`, `[6,null,null]`)}, api.CodeNullViolation, 515, "name", 1},
		{"text too long", []api.Statement{tb.insert(`[7,"a",null]`, `[8,"elevenchars",null]`)}, api.CodeValueTooLong, 2628, "name", 1},
		{"number out of range", []api.Statement{tb.insert(`[9,"a",null]`, `[2147483648,"b",null]`)}, api.CodeOutOfRange, 8115, "id", 1},
		{"no number", []api.Statement{tb.insert(`["x","b",null]`)}, api.CodeConversionFailed, 245, "id", 0},
	}
	for _, c := range cases {
		_, err := e.w.Exec(e.Context(), tb.request(c.statements...))
		p := e.want(err, c.code)
		if p.SQLNumber != c.number {
			e.Errorf("%s: number %d, want %d", c.name, p.SQLNumber, c.number)
		}
		// Babelfish says 515 in PostgreSQL's words, which name no column.
		unnamed := e.s.f.Babelfish && c.number == 515
		if c.column != "" && !unnamed && !api.SameName(p.Column, c.column) {
			e.Errorf("%s: column %q, want %q", c.name, p.Column, c.column)
		}
		if p.Row == nil || *p.Row != c.row {
			e.Errorf("%s: row %v, want %d", c.name, p.Row, c.row)
		}
	}
	// SQL that is more than one statement, or controls the transaction.
	for _, sql := range []string{
		`INSERT INTO "People" ("id", "name", "_slot") VALUES (20, 'x', 0); DELETE FROM "People"`,
		`COMMIT`, `ROLLBACK`, `NOT SQL`, ``,
	} {
		_, err := e.w.Exec(e.Context(), tb.request(tb.insert(`[30,"a",null]`), tb.write(api.EffectDelete, sql, nil, "")))
		if p := api.AsProblem(err); err == nil || p.Status >= 500 || p.Status < 400 {
			e.Errorf("exec of %q: %v", sql, err)
		}
	}
	e.same("the rows after all that", []string{`[1]`}, e.rows(tb.query("", "id")))
	e.same("rows in the statistics", int64(1), tb.count())
}

func concurrentWrites(e *env) {
	const writers, each = 16, 20
	tb := e.table(many())
	f := e.fence()
	c := e.plain()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				st := tb.insert(fmt.Sprintf("[%d]", w*each+i))
				if _, err := c.Exec(e.Context(), &api.ExecRequest{DB: tb.db, Fence: f, Statements: []api.Statement{st}}); err != nil {
					e.Errorf("writer %d: %v", w, err)
					return
				}
			}
		})
	}
	wg.Wait()
	var want []string
	for i := range writers * each {
		want = append(want, fmt.Sprintf("[%d]", i))
	}
	e.same("rows", want, e.rows(tb.query(`ORDER BY "id"`, "id")))
	e.same("rows in the statistics", int64(writers*each), tb.count())
}

func schemaVersions(e *env) {
	tb := e.table(people())
	st := tb.insert(`[1,"Ada",null]`)
	st.SchemaVersion = "0123456789abcdef"
	_, err := e.w.Exec(e.Context(), tb.request(st))
	e.want(err, api.CodeStaleSchema)
	q := tb.query("", "id")
	q.Schemas = map[string]string{"People": "0123456789abcdef"}
	_, err = e.tryRows(e.w, q)
	e.want(err, api.CodeStaleSchema)
	q.Schemas = map[string]string{"Nobody": "0123456789abcdef"}
	_, err = e.tryRows(e.w, q)
	e.want(err, api.CodeUnknownTable)
	e.same("rows", int64(0), tb.count())
}

// parameters checks that values are never interpreted as SQL, and that their number and form are
// validated.
func parameters(e *env) {
	tb := e.table(people())
	odd := []string{
		`'; DROP TABLE \"People\"; --`, `@p1`, `a\u0000b`, `\ud83d\ude00 ä 漢`, `\"\\\/\n\r\t`, strings.Repeat("x", 1<<20),
	}
	if e.s.f.Babelfish { // which does not allow U+0000
		odd = slices.DeleteFunc(odd, func(s string) bool { return strings.Contains(s, `\u0000`) })
	}
	for i, text := range odd {
		tb.exec(tb.insert(fmt.Sprintf(`[%d,"n","%s"]`, i, text)))
		q := tb.query(`WHERE "id" = @p1 AND "note" = @p2`, "note")
		q.Types = []string{"INT", "NVARCHAR(MAX)"}
		q.Params = jsontext.Value(fmt.Sprintf(`[%d,"%s"]`, i, text))
		e.same("text "+clipText(text), []string{canonical(e, `["`+text+`"]`)}, canonicalAll(e, e.rows(q)))
	}
	types := []string{"INT", "NVARCHAR(10)", "NVARCHAR(MAX)"}
	for _, row := range []string{`[]`, `[1]`, `[1,"a"]`, `[1,"a",null,null]`, `{}`, `1`, `[[1],"a",null]`, `[{},"a",null]`} {
		st := tb.insert(row)
		_, err := e.w.Exec(e.Context(), tb.request(st))
		if p := api.AsProblem(err); err == nil || p.Status >= 500 {
			e.Errorf("a row of parameters %s: %v", row, err)
		}
		q := tb.query(`WHERE "id" = @p1 AND "name" = @p2 AND "note" = @p3`, "id")
		q.Types, q.Params = types, jsontext.Value(row)
		if _, err := e.tryRows(e.w, q); err == nil || api.AsProblem(err).Status >= 500 {
			e.Errorf("the parameters %s: %v", row, err)
		}
	}
	for _, sqlType := range []string{"", "TEXT", "INT; DROP TABLE", "NVARCHAR(0)", "DECIMAL(99,1)"} {
		st := tb.insert(`[50,"a",null]`)
		st.Types = []string{"INT", "NVARCHAR(10)", sqlType}
		if _, err := e.w.Exec(e.Context(), tb.request(st)); err == nil || api.AsProblem(err).Status >= 500 {
			e.Errorf("the type %q: %v", sqlType, err)
		}
	}
	st := tb.insert()
	if _, err := e.w.Exec(e.Context(), tb.request(st)); err == nil || api.AsProblem(err).Status >= 500 {
		e.Errorf("no rows for a statement with parameters: %v", err)
	}
	e.same("rows", int64(len(odd)), tb.count())
}

func clipText(s string) string { return string(clip([]byte(s))) }

// canonical writes JSON as RFC 8785 does, so that different spellings of a value are equal.
func canonical(e *env, text string) string {
	e.Helper()
	v := jsontext.Value(text)
	if err := v.Canonicalize(); err != nil {
		e.Fatalf("%s: %v", clipText(text), err)
	}
	return string(v)
}

func canonicalAll(e *env, texts []string) []string {
	e.Helper()
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = canonical(e, s)
	}
	return out
}
