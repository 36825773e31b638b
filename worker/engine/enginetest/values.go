package enginetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	gocmp "github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

// testValues has the values that a database driver or a JSON library is most likely to change on
// their way: those that do not fit a double, and those that are almost another.
func (s *suite) testValues(t *testing.T) {
	s.group(t, map[string]func(*rig){
		"integers beyond 2^53":          (*rig).testBigIntegers,
		"decimals of 38 digits":         (*rig).testLongDecimals,
		"NaN and infinity are refused":  (*rig).testNotFinite,
		"NULL is not empty":             (*rig).testNullIsNotEmpty,
		"text comes back as it was":     (*rig).testText,
		"long text":                     (*rig).testLongText,
		"functions as masters use them": (*rig).testFunctions,
	})
}

// values is a table of one nullable column of a type.
func values(typ string) *table {
	return &table{def: api.TableDef{
		Name:       "Vals",
		Columns:    []api.ColumnDef{{Name: "id", Type: "INT"}, {Name: "v", Type: typ, Nullable: true}},
		PrimaryKey: []string{"id"}, ShardKey: "id",
	}}
}

// testDistinct stores values, in ascending order, in a column of the type: each must read back,
// be found by a parameter and be ordered before the next. wire are their wire forms.
func (r *rig) testDistinct(typ string, inputs, wire []string) {
	r.Helper()
	tb := values(typ)
	r.mustCreate(tb)
	var rows, want []string
	for i := range inputs {
		rows = append(rows, fmt.Sprintf("[%d,%s]", i, inputs[i]))
		want = append(want, fmt.Sprintf("[%d,%s]", i, wire[i]))
	}
	r.mustExec(request(tb.insert(rows...)))
	r.wantRows(tb.selectAll(), want...)
	for i := range inputs {
		// As it was sent, and as a client would send it back.
		for _, param := range []string{inputs[i], wire[i]} {
			r.wantRows(tb.selectWhere(`"v" = @p1`, []string{typ}, "["+param+"]"), want[i])
			r.wantRows(tb.selectWhere(`"v" < @p1`, []string{typ}, "["+param+"]"), want[:i]...)
		}
	}
	r.mustExec(request(tb.drop()))
}

func quoteEach(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = strconv.Quote(text) // of digits: the same in JSON
	}
	return out
}

// The first integer that a double does not have is 2^53 + 1; the wire form is a string from 2^53.
func (r *rig) testBigIntegers() {
	numbers := []string{
		"-9223372036854775808", "-9223372036854775807", "-9007199254740993", "-9007199254740992", "9007199254740991",
		"9007199254740992", "9007199254740993", "9007199254740994", "9223372036854775806", "9223372036854775807",
	}
	texts := quoteEach(numbers)
	wire := slices.Clone(texts)
	wire[slices.Index(numbers, "9007199254740991")] = "9007199254740991"
	r.testDistinct("BIGINT", numbers, wire)
	r.testDistinct("BIGINT", texts, wire)
	tb := values("BIGINT")
	r.mustCreate(tb)
	for _, out := range []string{"9223372036854775808", `"9223372036854775808"`, "-9223372036854775809", "1e19"} {
		p := r.refused(request(tb.insert("[1,"+out+"]")), api.CodeOutOfRange)
		if p.SQLNumber != 8115 {
			r.Errorf("%s is refused with number %d, want 8115", out, p.SQLNumber)
		}
	}
	r.mustExec(request(tb.insert("[1,9007199254740992]")))
	r.mustExec(request(tb.update(`"v" = "v" + 1`, "1 = 1", nil)))
	r.wantRows(tb.selectAll(), `[1,"9007199254740993"]`)
}

func (r *rig) testLongDecimals() {
	whole := []string{
		"-99999999999999999999999999999999999999", "-99999999999999999999999999999999999998", "-1", "0",
		"12345678901234567890123456789012345678", "12345678901234567890123456789012345679", "99999999999999999999999999999999999999",
	}
	fractions := []string{
		"-0.99999999999999999999999999999999999999", "-0.00000000000000000000000000000000000001",
		"0.00000000000000000000000000000000000001", "0.12345678901234567890123456789012345678",
		"0.12345678901234567890123456789012345679", "0.99999999999999999999999999999999999999",
	}
	r.testDistinct("DECIMAL(38,0)", whole, quoteEach(whole))
	r.testDistinct("DECIMAL(38,0)", quoteEach(whole), quoteEach(whole))
	r.testDistinct("DECIMAL(38,38)", fractions, quoteEach(fractions))
	r.testDistinct("DECIMAL(38,38)", quoteEach(fractions), quoteEach(fractions))
}

// T-SQL has neither; JSON cannot write them, so they can only come as text.
func (r *rig) testNotFinite() {
	for _, typ := range []string{"FLOAT", "REAL", "DECIMAL(10,2)"} {
		tb := values(typ)
		r.mustCreate(tb)
		for _, text := range []string{"NaN", "nan", "-NaN", "Infinity", "-Infinity", "+Infinity", "inf", "-inf", "1.#INF"} {
			p := r.refused(request(tb.insert(fmt.Sprintf("[1,%q]", text))), api.CodeConversionFailed)
			if p.SQLNumber != 8114 {
				r.Errorf("%s for %s is refused with number %d, want 8114", text, typ, p.SQLNumber)
			}
			query := tb.selectWhere(`"v" = @p1`, []string{typ}, fmt.Sprintf("[%q]", text))
			r.problem(r.e.Query(r.Context(), query, ignoreRow), api.CodeConversionFailed)
		}
		for _, number := range []string{"1e400", "-1e400", `"1e400"`} {
			if _, err := r.e.Exec(r.Context(), request(tb.insert("[1,"+number+"]"))); err == nil {
				r.Errorf("%s for %s was not refused", number, typ)
			}
		}
		r.wantCount(tb, 0)
		r.mustExec(request(tb.drop()))
	}
}

func (r *rig) testNullIsNotEmpty() {
	for typ, empty := range map[string]string{
		"NVARCHAR(10)": `""`, "NVARCHAR(MAX)": `""`, "VARCHAR(10)": `""`, "VARBINARY(10)": `"0x"`, "VARBINARY(MAX)": `"0x"`,
	} {
		tb := values(typ)
		r.mustCreate(tb)
		r.mustExec(request(tb.insert("[1,"+empty+"]", "[2,null]")))
		r.wantRows(tb.selectAll(), "[1,"+empty+"]", "[2,null]")
		r.wantRows(tb.selectWhere(`"v" IS NULL`, nil, ""), "[2,null]")
		r.wantRows(tb.selectWhere(`"v" = @p1`, []string{typ}, "["+empty+"]"), "[1,"+empty+"]")
		r.wantRows(tb.selectWhere(`"v" = @p1`, []string{typ}, "[null]"))
		// Each becomes the other.
		r.mustExec(request(tb.update(`"v" = @p1`, `"id" = @p2`, []string{typ, "INT"}, "[null,1]", "["+empty+",2]")))
		r.wantRows(tb.selectAll(), "[1,null]", "[2,"+empty+"]")
		r.mustExec(request(tb.drop()))
	}
}

// oddTexts are JSON strings: every character that JSON must escape, some that only some encoders
// escape or take for the end of a line, the last of each length in UTF-8 and UTF-16, and text that
// means something to SQL or to JSON.
func oddTexts() (texts []string) {
	for c := range 0x20 {
		texts = append(texts, fmt.Sprintf(`"a\u%04xb"`, c), fmt.Sprintf(`"\u%04x"`, c))
	}
	return append(texts,
		`"a\u0000"`, `"a\u0000c"`, `"a"`, `"\"\\\/\b\f\n\r\t"`, `"</script>&"`, `"\u007f\u0080\u0085\u009f"`, `"\u2028\u2029\ufeff"`,
		`"\u07ff\u0800\ud7ff\ue000\ufffd\uffff"`, `"\ud800\udc00\udbff\udfff"`, `"😀 ä 漢"`, `"e\u0301"`,
		`"'; DROP TABLE \"Vals\"; --"`, `"@p1"`, `"null"`, `"0x41"`, `" a"`, `"[1]"`, `"{\"end\":{\"rows\":0}}"`,
	)
}

func (r *rig) testText() {
	tb := values("NVARCHAR(MAX)")
	r.mustCreate(tb)
	texts := oddTexts()
	if r.onBabelfish() {
		texts = slices.DeleteFunc(texts, func(text string) bool { return strings.Contains(text, `\u0000`) })
	}
	rows := make([]string, len(texts))
	for i, text := range texts {
		rows[i] = fmt.Sprintf("[%d,%s]", i, text)
	}
	r.mustExec(request(tb.insert(rows...)))
	want := r.spelled(rows)
	if diff := gocmp.Diff(want, r.spelled(r.rows(tb.selectAll()))); diff != "" {
		r.Errorf("texts (-want +got):\n%s", diff)
	}
	for i, text := range texts {
		query := tb.selectWhere(`"v" = @p1 AND "id" = @p2`, []string{"NVARCHAR(MAX)", "INT"}, fmt.Sprintf("[%s,%d]", text, i))
		if got := r.spelled(r.rows(query)); len(got) != 1 || got[0] != want[i] {
			r.Errorf("the parameter %s finds %s", text, got)
		}
	}
}

func (r *rig) testLongText() {
	tb := values("NVARCHAR(MAX)")
	r.mustCreate(tb)
	row := `[1,"` + strings.Repeat("ä", 2<<20) + `"]`
	r.mustExec(request(tb.insert(row)))
	if got := r.spelled(r.rows(tb.selectAll())); len(got) != 1 || got[0] != r.spelledRow(row) {
		r.Error("a text of 4 MiB has changed")
	}
}

// functionSample is a line of functions.json, whose results master/dialect holds against
// Microsoft's documentation.
type functionSample struct {
	SQL    string           `json:"sql"`
	Types  []string         `json:"types"`
	Params []jsontext.Value `json:"params"`
	Column string           `json:"column"`
	Want   jsontext.Value   `json:"want"`
	Error  int              `json:"error"`
}

func (r *rig) testFunctions() {
	if r.e.Dialect() != api.SQLiteDialect {
		r.Skip("SQL Server has these functions itself")
	}
	for _, f := range golden[functionSample](r.T, "functions.json") {
		params := make([]string, len(f.Params))
		for i, p := range f.Params {
			params[i] = string(p)
		}
		req := &api.QueryRequest{
			DB: dbName, SQL: f.SQL, Types: f.Types, Params: jsontext.Value("[" + strings.Join(params, ",") + "]"),
			ResultTypes: []string{f.Column},
		}
		if f.Error == 0 {
			r.wantRows(req, "["+string(f.Want)+"]")
			continue
		}
		if p := api.AsProblem(r.e.Query(r.Context(), req, ignoreRow)); p == nil || p.SQLNumber != f.Error {
			r.Errorf("%s of %s: %v, want number %d", f.SQL, params, p, f.Error)
		}
	}
}
