package enginetest

import (
	"fmt"

	gocmp "github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

// parts has a primary key of two columns, the second of which may be updated, and a second key
// over nullable columns.
func parts() *table {
	return &table{def: api.TableDef{
		Name: "Parts",
		Columns: []api.ColumnDef{
			{Name: "part", Type: "TINYINT"}, {Name: "user_id", Type: "INT"},
			{Name: "label", Type: "NVARCHAR(20)"},
		},
		PrimaryKey: []string{"user_id", "part"},
		Unique:     [][]string{{"user_id", "label"}},
		ShardKey:   "user_id",
	}}
}

// wantChanged runs an update that must change the given numbers of rows.
func (r *rig) wantChanged(st api.Statement, want ...int64) {
	r.Helper()
	if diff := gocmp.Diff(want, r.mustExec(request(st)).RowsAffected); diff != "" {
		r.Errorf("%s: rows affected (-want +got):\n%s", st.SQL, diff)
	}
}

// testKeysMove: T-SQL checks uniqueness at the end of the statement, not row by row.
func (r *rig) testKeysMove() {
	tb := parts()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(`[1,1,"a"]`, `[2,1,"b"]`, `[3,1,"c"]`, `[2,9,"z"]`)))

	r.wantChanged(tb.update(`"part" = "part" + 1`, `"user_id" = 1`, nil), 3)
	ofOne := tb.selectWhere(`"user_id" = 1`, nil, "")
	r.wantRows(ofOne, `[2,1,"a"]`, `[3,1,"b"]`, `[4,1,"c"]`)
	r.wantChanged(tb.update(`"part" = "part" - @p1`, `"user_id" = @p2`, []string{"TINYINT", "INT"}, "[1,1]"), 3)
	r.wantRows(ofOne, `[1,1,"a"]`, `[2,1,"b"]`, `[3,1,"c"]`)

	swap := `"part" = CASE "part" WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE "part" END`
	r.wantChanged(tb.update(swap, `"user_id" = 1`, nil), 3)
	r.wantRows(ofOne, `[1,1,"b"]`, `[2,1,"a"]`, `[3,1,"c"]`)

	// The same statement for several rows of parameters, each checked at its own end.
	r.wantChanged(tb.update(`"part" = "part" + @p1`, `"user_id" = @p2`, []string{"TINYINT", "INT"}, "[1,1]", "[5,9]", "[1,1]"), 7)
	r.wantRows(tb.selectAll(), `[3,1,"b"]`, `[4,1,"a"]`, `[5,1,"c"]`, `[7,9,"z"]`)

	rotate := `"label" = CASE "label" WHEN 'a' THEN 'b' WHEN 'b' THEN 'c' ELSE 'a' END, "part" = 8 - "part"`
	r.wantChanged(tb.update(rotate, `"user_id" = 1`, nil), 3)
	r.wantRows(ofOne, `[3,1,"a"]`, `[4,1,"b"]`, `[5,1,"c"]`)
	r.wantCount(tb, 4)
	r.reopen()
	r.wantRows(ofOne, `[3,1,"a"]`, `[4,1,"b"]`, `[5,1,"c"]`)
	r.wantCount(tb, 4)
}

// testRowKeysMove: a single integer key may be the engine's row identifier.
func (r *rig) testRowKeysMove() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(1), student(2), student(3), student(7))))
	r.wantChanged(tb.update(`"student_id" = "student_id" + 1`, `"student_id" < 7`, nil), 3)
	r.wantChanged(tb.update(`"student_id" = 5 - "student_id"`, `"student_id" IN (2, 3)`, nil), 2)
	r.wantRows(tb.selectAll(), `[2,"Student 2",20,"3.50"]`, `[3,"Student 1",20,"3.50"]`, `[4,"Student 3",20,"3.50"]`, `[7,"Student 7",20,"3.50"]`)
	r.refused(request(tb.update(`"student_id" = "student_id" + 1`, `"student_id" IN (2, 3, 7)`, nil)), api.CodeDuplicateKey)
	r.wantCount(tb, 4)
}

// testKeysClash: what is a duplicate at the end of the statement is refused, together with the
// request's whole transaction.
func (r *rig) testKeysClash() {
	tb := parts()
	r.mustCreate(tb)
	rows := []string{`[1,1,"a"]`, `[2,1,"b"]`, `[3,1,"c"]`, `[9,1,"i"]`}
	r.mustExec(request(tb.insert(rows...)))
	for _, st := range []api.Statement{
		tb.update(`"part" = 5`, `"user_id" = 1`, nil),
		tb.update(`"part" = "part" + 1`, `"user_id" = 1 AND "part" < 3`, nil),
		tb.update(`"part" = "part" + 6`, `"user_id" = 1 AND "part" <= 3`, nil),
		tb.update(`"label" = 'x'`, `"user_id" = 1`, nil),
		tb.update(`"part" = 2`, `"part" = 1`, nil),
	} {
		p := r.refused(request(tb.insert(`[4,2,"d"]`), tb.update(`"label" = 'new'`, `"part" = 9`, nil), st), api.CodeDuplicateKey)
		if p.SQLNumber != 2627 {
			r.Errorf("%s: number %d, want 2627", st.SQL, p.SQLNumber)
		}
		r.wantRows(tb.selectAll(), rows...)
	}
	// A shift that moves a value out of its type's range is refused for that.
	for _, part := range []int{255, 254} {
		r.mustExec(request(tb.insert(fmt.Sprintf(`[%d,3,"%d"]`, part, part))))
	}
	p := r.refused(request(tb.update(`"part" = "part" + 1`, `"user_id" = 3`, nil)), api.CodeOutOfRange)
	if p.SQLNumber != 8115 && p.SQLNumber != 220 {
		r.Errorf("a key beyond TINYINT: number %d, want 8115 or 220", p.SQLNumber)
	}
	r.wantChanged(tb.update(`"part" = "part" - 1`, `"user_id" = 3`, nil), 2)
	r.wantCount(tb, 6)
}

// testKeysMoveValues: rows whose keys move keep their other values and their slot.
func (r *rig) testKeysMoveValues() {
	tb := &table{def: api.TableDef{
		Name: "Every",
		Columns: []api.ColumnDef{
			{Name: "no", Type: "BIGINT"}, {Name: "user_id", Type: "INT"},
			{Name: "f", Type: "FLOAT", Nullable: true}, {Name: "d", Type: "DECIMAL(9,2)", Nullable: true},
			{Name: "v", Type: "VARBINARY(10)", Nullable: true}, {Name: "n", Type: "NVARCHAR(MAX)", Nullable: true},
			{Name: "rowid", Type: "INT", Nullable: true}, // a name with a special meaning in SQLite
		},
		PrimaryKey: []string{"user_id", "no"}, ShardKey: "user_id",
	}, output: r.s.dialect.Output}
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(
		`["1",1,1,"1.50","0x000102","  é ",5]`, `["2",1,null,null,null,null,null]`, `["3",1,-0.1,"-3.00","0x","",-7]`)))
	r.mustExec(request(tb.update(`"_slot" = "no" * 10`, "1 = 1", nil)))
	r.wantChanged(tb.update(`"no" = "no" + 1, "rowid" = 1`, "1 = 1", nil), 3)
	r.wantRows(tb.selectAll(), `[2,1,1,"1.50","0x000102","  é ",1]`, `[3,1,null,null,null,null,1]`, `[4,1,-0.1,"-3.00","0x","",1]`)
	slots := tb.selectAll()
	slots.SQL = `SELECT "_slot" FROM "Every" ORDER BY "no"`
	slots.ResultTypes = []string{"INT"}
	r.wantRows(slots, "[10]", "[20]", "[30]")
}
