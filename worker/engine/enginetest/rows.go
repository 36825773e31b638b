package enginetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	gocmp "github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/sqlservertest"
	"shardeck/shared/testcluster"
)

// valueSample is a line of shared/api/testdata/golden/values.json.
type valueSample struct {
	Type  string         `json:"type"`
	Input jsontext.Value `json:"input"`
	Wire  jsontext.Value `json:"wire,omitzero"`
	Error *struct {
		Number int      `json:"number"`
		Code   api.Code `json:"code"`
	} `json:"error,omitempty"`
}

func valueSamples(t *testing.T) (types []string, byType map[string][]valueSample) {
	t.Helper()
	byType = map[string][]valueSample{}
	for _, s := range golden[valueSample](t, "values.json") {
		if byType[s.Type] == nil {
			types = append(types, s.Type)
		}
		byType[s.Type] = append(byType[s.Type], s)
	}
	return types, byType
}

// golden reads the samples of a file in shared/api/testdata/golden from the module's tree.
func golden[T any](t *testing.T, file string) []T {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(testcluster.Root(t), "shared", "api", "testdata", "golden", file))
	if err != nil {
		t.Fatal(err)
	}
	var all []T
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 {
		t.Fatalf("%s has only %d samples", file, len(all))
	}
	return all
}

// testTypes stores every golden sample in a column of its type: an accepted value must read back
// in its one wire form, a refused one must be refused with the right number, row and column.
func (s *suite) testTypes(t *testing.T) {
	r := s.start(t)
	types, byType := valueSamples(t)
	for i, typ := range types {
		t.Run(typ, func(t *testing.T) {
			r := &rig{T: t, s: s, e: r.e}
			tb := &table{def: api.TableDef{
				Name:       fmt.Sprintf("T%d", i),
				Columns:    []api.ColumnDef{{Name: "id", Type: "INT"}, {Name: "v", Type: typ, Nullable: true}},
				PrimaryKey: []string{"id"}, ShardKey: "id",
			}, output: s.dialect.Output}
			r.mustCreate(tb)
			r.storeSamples(tb, byType[typ])
		})
	}
	s.group(t, map[string]func(*rig){
		"computed values are checked against their type": (*rig).testComputed,
		"strings compare as T-SQL compares them":         (*rig).testComparison,
	})
}

func (r *rig) storeSamples(tb *table, samples []valueSample) {
	r.Helper()
	var rows, want []string
	for i, sample := range samples {
		if r.onBabelfish() && sqlservertest.BeyondBabelfish(r.T, sample.Type, sample.Wire) {
			continue
		}
		row := fmt.Sprintf("[%d, %s]", i, sample.Input)
		if sample.Error == nil {
			rows = append(rows, row)
			want = append(want, fmt.Sprintf("[%d,%s]", i, sample.Wire))
			continue
		}
		req := request(tb.insert("[-1,null]", row))
		if k := sample.Input.Kind(); k == '{' || k == '[' {
			// Not a value at all; an engine may notice that before it checks types.
			r.expect(row, req, sample.Error.Code, api.CodeInvalidField)
			continue
		}
		p := r.refused(req, sample.Error.Code)
		if p.SQLNumber != sample.Error.Number || p.Column != "v" || p.Row == nil || *p.Row != 1 {
			r.Errorf("%s is refused with number %d for column %q, row %v; want %d, v, 1", sample.Input, p.SQLNumber, p.Column, deref(p.Row), sample.Error.Number)
		}
	}
	if len(rows) == 0 {
		return
	}
	r.mustExec(request(tb.insert(rows...)))
	r.wantRows(tb.selectAll(), want...)
	r.wantCount(tb, int64(len(rows)))
}

func deref(i *int) int {
	if i == nil {
		return -1
	}
	return *i
}

func (r *rig) testComputed() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(1))))
	for _, c := range []struct {
		set    string
		code   api.Code
		number int
	}{
		{`"age" = "age" + 250`, api.CodeOutOfRange, 8115},
		{`"age" = "age" - 21`, api.CodeOutOfRange, 8115},
		{`"age" = ` + r.s.dialect.Divide(`"age"`, `"age" - 20`), api.CodeDivideByZero, 8134},
	} {
		p := r.refused(request(tb.update(c.set, `"student_id" = @p1`, []string{"INT"}, "[1]")), c.code)
		if p.SQLNumber != c.number {
			r.Errorf("%s is refused with number %d, want %d", c.set, p.SQLNumber, c.number)
		}
	}
	r.mustExec(request(tb.update(`"age" = `+r.s.dialect.Divide(`"age"`, "3"), `"student_id" = @p1`, []string{"INT"}, "[1]")))
	r.wantRows(tb.selectAll(), `[1,"Student 1",6,"3.50"]`)
}

func (r *rig) testComparison() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(`[1,"Zoë",20,"3.50"]`, `[2,"zoé",9,10e-1]`)))
	for _, c := range []struct {
		where, typ, param string
		want              []string
	}{
		{`"name" = @p1`, "NVARCHAR(50)", `["ZOË  "]`, []string{`[1,"Zoë",20,"3.50"]`}},
		{`"name" = @p1`, "NVARCHAR(50)", `["Zoe"]`, nil},
		{`"gpa" = @p1`, "DECIMAL(10,4)", `["1"]`, []string{`[2,"zoé",9,"1.00"]`}},
		{`"gpa" > @p1`, "DECIMAL(10,4)", `["1.0001"]`, []string{`[1,"Zoë",20,"3.50"]`}},
		{`"age" < @p1`, "TINYINT", `[20]`, []string{`[2,"zoé",9,"1.00"]`}},
	} {
		r.wantRows(tb.selectWhere(c.where, []string{c.typ}, c.param), c.want...)
	}
}

func (s *suite) testConstraints(t *testing.T) {
	s.group(t, map[string]func(*rig){
		"NULL":                           (*rig).testNull,
		"PRIMARY KEY":                    (*rig).testPrimaryKey,
		"UNIQUE":                         (*rig).testUnique,
		"DEFAULT":                        (*rig).testDefault,
		"string key is case-sensitive":   (*rig).testStringKey,
		"row at fault is named":          (*rig).testRowAtFault,
		"update checks the type's range": (*rig).testUpdateBounds,

		"update checks uniqueness at the end": (*rig).testKeysMove,
		"update checks a single integer key":  (*rig).testRowKeysMove,
		"a final duplicate undoes everything": (*rig).testKeysClash,
		"moving keys preserves all values":    (*rig).testKeysMoveValues,
	})
}

func (r *rig) testNull() {
	// The key has two columns: for a single integer key column, SQLite generates a value for NULL.
	// No master's request gets that far, as that column is then the shard key, and NULL has no
	// shard.
	tb := students()
	tb.def.PrimaryKey = []string{"student_id", "name"}
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(`[1,"",null,null]`)))
	r.wantRows(tb.selectAll(), `[1,"",null,null]`)
	for _, row := range []string{`[null,"a",1,"1"]`, `[2,null,1,"1"]`} {
		p := r.refused(request(tb.insert(row)), api.CodeNullViolation)
		if p.SQLNumber != 515 || p.Column == "" && !r.onBabelfish() {
			r.Errorf("%s is refused with number %d, column %q; want 515 and the column", row, p.SQLNumber, p.Column)
		}
	}
	p := r.refused(request(tb.update(`"name" = @p1`, `"student_id" = 1`, []string{"NVARCHAR(50)"}, "[null]")), api.CodeNullViolation)
	if p.SQLNumber != 515 || p.Column != "name" && !r.onBabelfish() {
		r.Errorf("the update is refused with number %d, column %q; want 515, name", p.SQLNumber, p.Column)
	}
}

func (r *rig) testPrimaryKey() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(1), student(2))))
	if p := r.refused(request(tb.insert(student(2))), api.CodeDuplicateKey); p.SQLNumber != 2627 {
		r.Errorf("number %d, want 2627", p.SQLNumber)
	}
	r.refused(request(tb.insert(student(3), student(3))), api.CodeDuplicateKey)
	r.wantCount(tb, 2)
	// A row deleted and reinserted in one transaction is not a duplicate.
	r.mustExec(request(tb.delete(`"student_id" = @p1`, []string{"INT"}, "[2]"), tb.insert(student(2))))
	r.wantCount(tb, 2)
}

func (r *rig) testUnique() {
	tb := &table{def: api.TableDef{
		Name: "Grades",
		Columns: []api.ColumnDef{
			{Name: "student_id", Type: "INT"}, {Name: "course", Type: "NVARCHAR(20)"}, {Name: "points", Type: "DECIMAL(5,2)"},
		},
		Unique:   [][]string{{"student_id", "course"}, {"student_id", "points"}},
		ShardKey: "student_id",
	}}
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(`[1,"Maths",1]`, `[2,"maths",1]`)))
	for _, row := range []string{`[1,"MATHS  ",2]`, `[1,"Art","1.00"]`} {
		if p := r.refused(request(tb.insert(row)), api.CodeDuplicateKey); p.SQLNumber != 2627 {
			r.Errorf("%s: number %d, want 2627", row, p.SQLNumber)
		}
	}
	r.refused(request(tb.update(`"student_id" = @p1`, `"student_id" = 2`, []string{"INT"}, "[1]")), api.CodeDuplicateKey)
	r.wantCount(tb, 2)
}

func (r *rig) testDefault() {
	tb := students()
	tb.def.Columns = append(tb.def.Columns,
		api.ColumnDef{Name: "level", Type: "SMALLINT", Default: "-5"},
		api.ColumnDef{Name: "status", Type: "NVARCHAR(10)", Nullable: true, Default: "N'it''s new'"})
	r.mustCreate(tb)
	r.mustExec(request(
		tb.insertInto([]string{"student_id", "name"}, `[1,"a"]`),
		tb.insertInto([]string{"student_id", "name", "status", "level"}, `[2,"b",null,7]`),
	))
	r.wantRows(tb.selectAll(), `[1,"a",null,null,-5,"it's new"]`, `[2,"b",null,null,7,null]`)
}

func (r *rig) testStringKey() {
	tb := &table{def: api.TableDef{
		Name:       "Users",
		Columns:    []api.ColumnDef{{Name: "user_id", Type: "NVARCHAR(20)"}},
		PrimaryKey: []string{"user_id"}, ShardKey: "user_id",
	}}
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(`["ada"]`, `["Ada"]`, `["é"]`, `["É"]`)))
	r.refused(request(tb.insert(`["ada  "]`)), api.CodeDuplicateKey)
	r.wantRows(tb.selectWhere(`"user_id" = @p1`, []string{"NVARCHAR(20)"}, `["ada "]`), `["ada"]`)
	r.wantRows(tb.selectAll(), `["Ada"]`, `["ada"]`, `["É"]`, `["é"]`)
}

func (r *rig) testRowAtFault() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(7))))
	long := `[4,"` + strings.Repeat("x", 51) + `",1,"1"]`
	for name, row := range map[string]string{"duplicate": student(7), "too long": long, "null": `[4,null,1,"1"]`} {
		_, err := r.e.Exec(r.Context(), request(tb.insert(student(1), student(2), row, student(3))))
		if p := api.AsProblem(err); p == nil || deref(p.Row) != 2 {
			r.Errorf("%s: %v; want a problem that names row 2", name, err)
		}
	}
	_, err := r.e.Exec(r.Context(), request(tb.insert(student(1), student(2)), tb.insert(student(7))))
	if p := api.AsProblem(err); p == nil || deref(p.Row) != 0 {
		r.Errorf("a duplicate in the second statement: %v; want a problem that names its row 0", err)
	}
	r.wantCount(tb, 1)
}

func (r *rig) testUpdateBounds() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(1))))
	for _, c := range []struct {
		column, typ, value string
		number             int
	}{
		{"name", "NVARCHAR(50)", `"` + strings.Repeat("x", 51) + `"`, 2628},
		{"age", "TINYINT", "256", 8115},
		{"gpa", "DECIMAL(3,2)", "10", 8115},
		{"gpa", "DECIMAL(3,2)", `"ten"`, 8114},
	} {
		_, err := r.e.Exec(r.Context(), request(tb.update(quote(c.column)+" = @p1", `"student_id" = @p2`, []string{c.typ, "INT"}, "["+c.value+",1]")))
		if p := api.AsProblem(err); p == nil || p.SQLNumber != c.number {
			r.Errorf("%s = %s: %v, want number %d", c.column, c.value, err, c.number)
		}
	}
	r.wantRows(tb.selectAll(), student(1))
}

func (s *suite) testCounts(t *testing.T) {
	r := s.start(t)
	tb := students()
	r.mustCreate(tb)
	for _, step := range []struct {
		name     string
		st       []api.Statement
		affected []int64
		rows     int64
	}{
		{"insert one", []api.Statement{tb.insert(student(1))}, []int64{1}, 1},
		{"insert many", []api.Statement{tb.insert(student(2), student(3), student(4))}, []int64{3}, 4},
		{"update some", []api.Statement{tb.update(`"age" = @p1`, `"student_id" > @p2`, []string{"TINYINT", "INT"}, "[30,2]")}, []int64{2}, 4},
		{"update none", []api.Statement{tb.update(`"age" = 1`, `"student_id" > 99`, nil)}, []int64{0}, 4},
		{"update by rows of parameters", []api.Statement{tb.update(`"age" = @p1`, `"student_id" = @p2`, []string{"TINYINT", "INT"}, "[1,1]", "[2,2]", "[3,99]")}, []int64{2}, 4},
		{"delete none", []api.Statement{tb.delete(`"student_id" = 99`, nil)}, []int64{0}, 4},
		{"delete some", []api.Statement{tb.delete(`"student_id" = @p1`, []string{"INT"}, "[1]", "[2]", "[99]")}, []int64{2}, 2},
		{"several at once", []api.Statement{
			tb.insert(student(5), student(6)), tb.delete(`"student_id" <= 5`, nil), tb.update(`"age" = 1`, "1 = 1", nil),
		}, []int64{2, 3, 1}, 1},
		{"delete all", []api.Statement{tb.delete("1 = 1", nil)}, []int64{1}, 0},
	} {
		resp := r.mustExec(request(step.st...))
		if diff := gocmp.Diff(step.affected, resp.RowsAffected); diff != "" {
			t.Errorf("%s: rows affected (-want +got):\n%s", step.name, diff)
		}
		r.wantCount(tb, step.rows)
	}
}

func (s *suite) testAtomicity(t *testing.T) {
	s.group(t, map[string]func(*rig){
		"a failed row undoes its statement": func(r *rig) {
			tb := students()
			r.mustCreate(tb)
			r.refused(request(tb.insert(student(1), student(2), student(1))), api.CodeDuplicateKey)
			r.wantCount(tb, 0)
		},
		"a failed statement undoes those before it": func(r *rig) {
			a, b := students(), students()
			b.def.Name = "Alumni"
			r.mustCreate(a, b)
			r.mustExec(request(a.insert(student(1))))
			r.refused(request(
				b.insert(student(1), student(2)),
				a.update(`"age" = 99`, "1 = 1", nil),
				a.delete("1 = 1", nil),
				b.insert(student(2)),
			), api.CodeDuplicateKey)
			r.wantRows(a.selectAll(), student(1))
			r.wantCount(a, 1)
			r.wantCount(b, 0)
		},
		"a table created in a failed request does not exist": func(r *rig) {
			tb := students()
			bad := tb.insert(student(1), student(1))
			r.refused(request(r.create(tb), bad), api.CodeDuplicateKey)
			r.refused(request(tb.insert(student(1))), api.CodeUnknownTable)
			r.mustCreate(tb)
			r.wantCount(tb, 0)
		},
	})
}
