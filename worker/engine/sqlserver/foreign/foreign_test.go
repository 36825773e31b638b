package foreign_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlserver/foreign"
)

// call runs a function, given texts and nil for NULL.
func call(t *testing.T, name string, args ...any) (string, error) {
	t.Helper()
	for _, f := range foreign.Functions() {
		if f.Name != name {
			continue
		}
		if len(args) != f.Args {
			t.Fatalf("%s has %d arguments", name, f.Args)
		}
		values := make([]sqltypes.Value, len(args))
		for i, a := range args {
			if s, ok := a.(string); ok {
				values[i] = sqltypes.Text(s)
			}
		}
		v, err := f.Call(values)
		return v.Str, err
	}
	t.Fatalf("there is no function %s", name)
	return "", nil
}

// into runs a function and decodes its result.
func into[T any](t *testing.T, name string, args ...any) *T {
	t.Helper()
	text, err := call(t, name, args...)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	got := new(T)
	if err := json.Unmarshal([]byte(text), got, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, text)
	}
	return got
}

type sent struct {
	Text    string `json:"text"`
	Declare string `json:"declare"`
	Args    []struct {
		Name  string         `json:"name"`
		Type  string         `json:"type"`
		Value jsontext.Value `json:"value"`
	} `json:"args"`
}

func (s *sent) arg(name string) string {
	for _, a := range s.Args {
		if a.Name == name {
			return a.Type + " " + string(a.Value)
		}
	}
	return "none"
}

type planned struct {
	Transaction bool         `json:"transaction"`
	Calls       []sent       `json:"calls"`
	Problem     *api.Problem `json:"problem"`
}

type told struct {
	Response *api.ExecResponse `json:"response"`
	Problem  *api.Problem      `json:"problem"`
	Tries    int               `json:"tries"`
	Raise    bool              `json:"raise"`
	Stale    bool              `json:"stale"`
	Gone     bool              `json:"gone"`
}

const context = `{"suffix":"PY","now_ms":1700000000000,"ttl_ms":1000}`

// insert is a request that inserts rows.
func insert(rows ...string) string {
	return `{"db_name":"d","fence":{"term":3,"map_version":1},"idempotency":{"key":"k","hash":"ab"},"statements":[` +
		`{"sql":"INSERT INTO [dbo].[T] ([a], [b], [c]) VALUES (@p1, @p2, @p3)","table":"T","effect":"insert","schema_version":"v",` +
		`"types":["BIGINT","FLOAT","VARBINARY(5)"],"columns":["a","b","c"],"rows":[` + strings.Join(rows, ",") + `]}]}`
}

// TestArgumentsTravelWithoutLoss: integers and text as text, numbers that JSON has, bytes in
// hexadecimal, each NULL with its type.
func TestArgumentsTravelWithoutLoss(t *testing.T) {
	p := into[planned](t, "sd_mssql_write", insert(`["9223372036854775807",5e-324,"0x00FF"]`, `[null,null,null]`), context)
	if p.Transaction || len(p.Calls) != 1 {
		t.Fatalf("got %d calls, a transaction: %v", len(p.Calls), p.Transaction)
	}
	c := p.Calls[0]
	for name, want := range map[string]string{
		"a0_0_0": `nvarchar "9223372036854775807"`, "a0_0_1": "float 5e-324", "a0_0_2": `varbinary "0x00ff"`,
		"a0_1_0": "nvarchar null", "a0_1_1": "float null", "a0_1_2": "varbinary null",
		"sd_f": `nvarchar "3"`, "sd_now": `nvarchar "1700000000000"`, "sd_old": `nvarchar "1699999999000"`,
		// printf k | sha256sum
		"sd_key": `varbinary "0x8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a"`,
	} {
		if got := c.arg(name); got != want {
			t.Errorf("@%s is %s, want %s", name, got, want)
		}
	}
	var declared []string
	for d := range strings.SplitSeq(c.Declare, ", @") {
		declared = append(declared, strings.TrimPrefix(strings.Fields(d)[0], "@"))
	}
	var names []string
	for _, a := range c.Args {
		names = append(names, a.Name)
	}
	if diff := cmp.Diff(declared, names); diff != "" {
		t.Errorf("the arguments are not in the order of their declarations (-declared +sent):\n%s", diff)
	}
	if !strings.Contains(c.Text, "[_shardeck_PY].dbo._sd_state") {
		t.Errorf("the fence is not that of the worker's own database:\n%s", c.Text)
	}
}

func TestLargeWritesArePartsOfATransaction(t *testing.T) {
	rows := make([]string, 150)
	for i := range rows {
		rows[i] = fmt.Sprintf("[%d,1,null]", i)
	}
	body := insert(rows...)
	p := into[planned](t, "sd_mssql_write", body, context)
	if !p.Transaction || len(p.Calls) != 1+3 {
		t.Fatalf("got %d calls, a transaction: %v", len(p.Calls), p.Transaction)
	}
	outcome := func(affected string) string {
		return `["done",0,0,3,1,"","",null,null,"` + affected + `",0,""]`
	}
	last := into[struct {
		Call sent `json:"call"`
	}](t, "sd_mssql_finish", body, context, "["+strings.Join([]string{outcome(""), outcome(",64"), outcome(",64"), outcome(",22")}, ",")+"]")
	if got := last.Call.arg("r0") + last.Call.arg("c0"); got != `nvarchar "150"nvarchar "150"` {
		t.Errorf("the last part has %s", got)
	}
}

// TestOutcomesAreAnswered: numbers may be text, as some drivers read those of 64 bits.
func TestOutcomesAreAnswered(t *testing.T) {
	body := insert(`[1,1,null]`, `[2,2,null]`)
	for _, c := range []struct{ name, outcome, want string }{
		{"done", `["done",0,1,"3","1","http://m","0/1","v",null,",2",0,""]`, `{"response":{"rows_affected":[2]}}`},
		{"replayed", `["replay",0,0,3,1,"","",null,"ab",",2",50000,"refused"]`, `{"response":{"rows_affected":[2],"replayed":true}}`},
		{"another request", `["replay",0,0,3,1,"","",null,"cd",",2",50000,"refused"]`, "idempotency_mismatch 0 false"},
		{"a duplicate", `["",0,1,3,1,"","","v",null,"",2627,"x"]`, "duplicate_key 0 false"},
		{"a deadlock", `["",0,1,3,1,"","","v",null,"",1205,"x"]`, "overloaded 10 false"},
		{"an older fence", `["fence",0,0,"9",1,"http://m","",null,null,"",50000,"refused"]`, "stale_term 0 false"},
		{"a newer fence", `["fence",0,0,2,1,"","",null,null,"",50000,"refused"]`, "overloaded 10 true"},
		{"no state", `["fence",0,0,null,null,null,null,null,null,"",50000,"refused"]`, "overloaded 10 true"},
		{"another version", `["table",0,0,3,1,"","","w",null,"",50000,"refused"]`, "stale_schema 0 false"},
		{"no table", `["table",0,0,3,1,"","",null,null,"",50000,"refused"]`, "unknown_table 0 false"},
	} {
		text, err := call(t, "sd_mssql_answer", body, c.outcome)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if text == c.want {
			continue
		}
		got := into[told](t, "sd_mssql_answer", body, c.outcome)
		if got.Problem == nil || fmt.Sprintf("%s %d %v", got.Problem.Code, got.Tries, got.Raise) != c.want {
			t.Errorf("%s: got %s, want %s", c.name, text, c.want)
		}
	}
	row := into[told](t, "sd_mssql_answer", body, `["",0,1,3,1,"","","v",null,"",2627,"x"]`).Problem.Row
	if row == nil || *row != 1 {
		t.Error("the row at fault is not named")
	}
}

func TestFailuresAreProblems(t *testing.T) {
	write := insert(`[1,1,null]`)
	for _, c := range []struct {
		name, report string
		request      any
		want         string // code, tries, stale
	}{
		{"a query's number", `{"phase":"read","errors":[{"number":8134,"severity":16,"message":"x"}]}`, nil, "divide_by_zero 0 false"},
		{"a query's table", `{"phase":"read","errors":[{"number":208,"severity":16,"message":"x"}]}`, nil, "unknown_table 0 true"},
		{"a query's deadlock", `{"phase":"read","errors":[{"number":1205,"severity":13,"message":"x"}]}`, nil, "overloaded 4 false"},
		{"the root cause", `{"phase":"idle","errors":[{"number":4060,"severity":11,"message":"x"},{"number":18456,"severity":14,"message":"x"}]}`, nil, "shard_unavailable 0 false"},
		{"a write's table", `{"phase":"write","errors":[{"number":208,"severity":16,"message":"x"}]}`, write, "unknown_table 3 false"},
		{"a write killed", `{"phase":"write","errors":[{"number":596,"severity":21,"message":"x"}]}`, write, "outcome_unknown 0 false"},
		{"a write cut off", `{"phase":"write","errors":[],"loss":"broken"}`, write, "outcome_unknown 0 false"},
		{"a write timed out", `{"phase":"write","loss":"timeout"}`, write, "outcome_unknown 0 false"},
		{"a write not sent", `{"phase":"write","loss":"not_sent"}`, write, "shard_unavailable 3 false"},
		{"a query timed out", `{"phase":"read","loss":"timeout"}`, nil, "shard_timeout 0 false"},
		{"a query cancelled", `{"phase":"read","loss":"canceled"}`, nil, "canceled 0 false"},
		{"a query cut off", `{"phase":"read"}`, nil, "shard_unavailable 0 false"},
	} {
		got := into[told](t, "sd_mssql_error", c.report, c.request)
		if s := fmt.Sprintf("%s %d %v", got.Problem.Code, got.Tries, got.Stale); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
		if got.Gone != strings.Contains(c.report, "4060") {
			t.Errorf("%s: the database is gone: %v", c.name, got.Gone)
		}
	}
}

func TestQueriesAreCallsWithTypes(t *testing.T) {
	const body = `{"db_name":"d","sql":"SELECT [a], [d] FROM [t] WHERE [a] = @p1","types":["BIGINT"],"params":["9007199254740993"],"result_types":["bigint","decimal(5)"],"schemas":{"T":"v1"}}`
	q := into[struct {
		Call  sent     `json:"call"`
		Types []string `json:"types"`
	}](t, "sd_mssql_query", body)
	if diff := cmp.Diff([]string{"BIGINT", "DECIMAL(5,0)"}, q.Types); diff != "" {
		t.Error(diff)
	}
	if got := q.Call.arg("p1") + q.Call.arg("sd_t1"); got != `nvarchar "9007199254740993"nvarchar "t"` {
		t.Errorf("the arguments are %s", got)
	}
	for row, want := range map[string]api.Code{`["t","v2"]`: api.CodeStaleSchema, `["t",null]`: api.CodeUnknownTable, `["t","v1"]`: api.CodeUnknownTable} {
		if got := into[told](t, "sd_mssql_refused", body, row); got.Problem.Code != want {
			t.Errorf("%s: %s, want %s", row, got.Problem.Code, want)
		}
	}
	for have, want := range map[string]api.Code{"v1": "", "v1  ": "", "v2": api.CodeStaleSchema, "": api.CodeUnknownTable} {
		got := into[told](t, "sd_mssql_stale", body, "T", have)
		if got.Problem == nil && want != "" || got.Problem != nil && got.Problem.Code != want {
			t.Errorf("%q: %v, want %q", have, got.Problem, want)
		}
	}
}

func TestInvalidRequestsAreProblems(t *testing.T) {
	for body, want := range map[string]api.Code{
		`{`:                              api.CodeInvalidJSON,
		`{"db":"x"}`:                     api.CodeUnknownField,
		`{"statements":[]}`:              api.CodeInvalidField,
		insert(`["x",1,null]`):           api.CodeConversionFailed,
		insert(`[1,1,"0x010203040506"]`): api.CodeValueTooLong,
	} {
		if p := into[planned](t, "sd_mssql_write", body, context); p.Problem == nil || p.Problem.Code != want {
			t.Errorf("%s: %v, want %s", body, p.Problem, want)
		}
	}
	if p := into[planned](t, "sd_mssql_query", `{"db_name":"d","sql":"DELETE FROM [t]","result_types":["INT"]}`); p.Problem == nil || p.Problem.Code != api.CodeInvalidField {
		t.Errorf("got %v", p.Problem)
	}
}

func TestStatementsByName(t *testing.T) {
	s := into[sent](t, "sd_mssql_statement", "store_state",
		`{"current":{"term":1,"map_version":2,"leader":"","shard":""},"next":{"term":18446744073709551615,"map_version":2,"leader":"http://m","shard":"0/3"}}`)
	if got := s.arg("leader") + s.arg("was_term") + s.arg("term"); got != `nvarchar "http://m"nvarchar "1"nvarchar "-1"` {
		t.Errorf("got %s", got)
	}
	if s := into[sent](t, "sd_mssql_statement", "create_database", `{"physical":"a]b","collation":"Latin1_General_BIN2"}`); s.Text != "CREATE DATABASE [a]]b] COLLATE Latin1_General_BIN2" {
		t.Errorf("got %s", s.Text)
	}
	if s := into[sent](t, "sd_mssql_statement", "create_own", `{"suffix":"PY"}`); s.Text != "CREATE DATABASE [_shardeck_PY]" {
		t.Errorf("got %s", s.Text)
	}
}

// TestRequestsMayBeAsLargeAsToAWorker: a master may send more than its own client did.
func TestRequestsMayBeAsLargeAsToAWorker(t *testing.T) {
	long := func(n int) string {
		return `{"db_name":"d","fence":{"term":3,"map_version":1},"statements":[{"sql":"UPDATE [dbo].[T] SET [a] = @p1","table":"T",` +
			`"effect":"update","schema_version":"v","types":["NVARCHAR(MAX)"],"rows":[["` + strings.Repeat(`\u0001`, n/6) + `"]]}]}`
	}
	if p := into[planned](t, "sd_mssql_write", long(api.MaxWorkerBody-1000), context); p.Problem != nil || len(p.Calls) != 1 {
		t.Errorf("got %v", p.Problem)
	}
	if p := into[planned](t, "sd_mssql_write", long(api.MaxWorkerBody+1000), context); p.Problem == nil || p.Problem.Code != api.CodeBodyTooLarge {
		t.Errorf("got %v", p.Problem)
	}
}

// TestFaultsOfTheProgramAreErrors: what the program itself got wrong is no problem of a caller.
func TestFaultsOfTheProgramAreErrors(t *testing.T) {
	body := insert(`[1,1,null]`)
	for _, c := range [][]any{
		{"sd_mssql_write", body, nil},
		{"sd_mssql_write", body, `{"suffix":"PY","now":1}`},
		{"sd_mssql_finish", body, context, `[["done"]]`},
		{"sd_mssql_finish", body, context, nil},
		{"sd_mssql_answer", body, `["done",5,0,3,1,"","",null,null,",2",0,""]`},
		{"sd_mssql_answer", body, `["done",0,0,true,1,"","",null,null,",2",0,""]`},
		{"sd_mssql_answer", body, `["done",0,0,"x",1,"","",null,null,",2",0,""]`},
		{"sd_mssql_answer", strings.Replace(body, `"idempotency":{"key":"k","hash":"ab"},`, "", 1), `["replay",0,0,3,1,"","",null,"ab",",2",50000,"x"]`},
		{"sd_mssql_error", `{"phase":"x"}`, nil},
		{"sd_mssql_error", `{"phase":"read","loss":"x"}`, nil},
		{"sd_mssql_refused", `{"db_name":"d","sql":"SELECT 1","result_types":["INT"]}`, `["t"]`},
		{"sd_mssql_stale", `{"db_name":"d","sql":"SELECT 1","result_types":["INT"]}`, "t", "v"},
		{"sd_mssql_statement", "nothing", nil},
		{"sd_mssql_statement", "record", nil},
		{"sd_mssql_statement", "record", `{}`},
		{"sd_mssql_statement", "store_state", `{"current":{}}`},
		{"sd_mssql_statement", "has_collation", `{"collation":"x; DROP"}`},
	} {
		if got, err := call(t, c[0].(string), c[1:]...); err == nil {
			t.Errorf("%v: %s, want an error", c, got)
		}
	}
}
