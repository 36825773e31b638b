package api_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

func TestDecodeRefuses(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for _, tc := range []struct {
		name  string
		body  string
		code  api.Code
		field string
	}{
		{"an empty body", ``, api.CodeInvalidJSON, ""},
		{"white space alone", " \n", api.CodeInvalidJSON, ""},
		{"text that is not JSON", `db_name=A`, api.CodeInvalidJSON, ""},
		{"an object cut short", `{"db_name":"A"`, api.CodeInvalidJSON, ""},
		{"a string cut short", `{"db_name":"A`, api.CodeInvalidJSON, ""},
		{"single quotes", `{'db_name':'A'}`, api.CodeInvalidJSON, ""},
		{"a comment", `{"db_name":"A" /* x */}`, api.CodeInvalidJSON, ""},
		{"a trailing comma", `{"db_name":"A",}`, api.CodeInvalidJSON, ""},
		{"a second value", `{"db_name":"A"}{"db_name":"B"}`, api.CodeInvalidJSON, ""},
		{"invalid UTF-8", "{\"db_name\":\"\xff\"}", api.CodeInvalidJSON, ""},
		{"a lone surrogate", `{"db_name":"\ud800"}`, api.CodeInvalidJSON, ""},
		{"NaN", `{"db_name":"A","table":"T","limit":NaN}`, api.CodeInvalidJSON, ""},
		{"nesting without end", `{"shard_key":` + deep + `}`, api.CodeInvalidJSON, ""},
		{"an unknown field", `{"db_name":"A","tabel":"T"}`, api.CodeUnknownField, "tabel"},
		{"a field in another case", `{"DB_NAME":"A"}`, api.CodeUnknownField, "DB_NAME"},
		{"a field sent twice", `{"db_name":"A","db_name":"B"}`, api.CodeInvalidField, "db_name"},
		{"a number for a string", `{"db_name":1}`, api.CodeInvalidField, "db_name"},
		{"an object for a string", `{"db_name":{"a":1}}`, api.CodeInvalidField, "db_name"},
		{"a string for a number", `{"limit":"ten"}`, api.CodeInvalidField, "limit"},
		{"a fraction for an integer", `{"limit":1.5}`, api.CodeInvalidField, "limit"},
		{"an integer beyond 64 bits", `{"limit":9223372036854775808}`, api.CodeInvalidField, "limit"},
		{"a string for a boolean", `{"allow_partial":"yes"}`, api.CodeInvalidField, "allow_partial"},
		{"a number among names", `{"columns":["a",7]}`, api.CodeInvalidField, "columns[1]"},
		{"an array for the body", `[]`, api.CodeInvalidField, ""},
		{"a string for the body", `"A"`, api.CodeInvalidField, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var req api.SelectRequest
			err := api.Decode(strings.NewReader(tc.body), api.MaxBody, &req)
			p, ok := errors.AsType[*api.Problem](err)
			if !ok {
				t.Fatalf("got %v, want a problem", err)
			}
			if p.Code != tc.code || p.Field != tc.field {
				t.Errorf("got %s at %q (%s), want %s at %q", p.Code, p.Field, p.Detail, tc.code, tc.field)
			}
			if p.Detail == "" {
				t.Error("the problem does not say what happened")
			}
		})
	}
}

func TestDecodeNamesTheRowAtFault(t *testing.T) {
	for body, field := range map[string]string{
		`{"rows":[{"a":1},{"a":1,"a":2}]}`:   "rows[1].a",
		`{"rows":[{"a":1},7]}`:               "rows[1]",
		`{"data":{"a":{"b":1,"b":2}}}`:       "data.a.b",
		`{"rows":[{},{},{},{"x":[{},{},,]}]`: "",
	} {
		var req api.InsertRequest
		err := api.Decode(strings.NewReader(body), api.MaxBody, &req)
		if got := api.AsProblem(err); got == nil || got.Field != field {
			t.Errorf("%s: got %v, want a problem at %q", body, err, field)
		}
	}
}

func TestDecodeRefusesABodyOverTheLimit(t *testing.T) {
	body := `{"db_name":"` + strings.Repeat("A", 100) + `"}`
	var req api.CreateDBRequest
	if err := api.Decode(strings.NewReader(body), int64(len(body)), &req); err != nil {
		t.Errorf("a body of just the limit: %v", err)
	}
	err := api.Decode(strings.NewReader(body), int64(len(body))-1, &req)
	if code := api.CodeOf(err); code != api.CodeBodyTooLarge {
		t.Errorf("a body one byte over the limit: got %v", err)
	}
	endless := io.MultiReader(strings.NewReader(`{"db_name":"`), endlessly('A'))
	if code := api.CodeOf(api.Decode(endless, 1<<16, &req)); code != api.CodeBodyTooLarge {
		t.Errorf("a body without end: got %s", code)
	}
}

type endlessly byte

func (b endlessly) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func TestDecodeDoesNotShowTheErrorOfTheConnection(t *testing.T) {
	var req api.CreateDBRequest
	err := api.Decode(iotest.ErrReader(errors.New("read tcp 10.0.0.7:5: secret")), api.MaxBody, &req)
	p := api.AsProblem(err)
	if p == nil || p.Code != api.CodeInvalidJSON || strings.Contains(p.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestDecodeKeepsTheOrderOfColumns(t *testing.T) {
	var req api.CreateTableRequest
	body := `{"db_name":"A","table":"T","columns":{"z":"INT","a":"BIT","m":"DATE","Z":"REAL"}}`
	if err := api.Decode(strings.NewReader(body), api.MaxBody, &req); err != nil {
		t.Fatal(err)
	}
	want := api.Object[string]{{"z", "INT"}, {"a", "BIT"}, {"m", "DATE"}, {"Z", "REAL"}}
	if diff := cmp.Diff(want, req.Columns); diff != "" {
		t.Errorf("want (-) and got (+):\n%s", diff)
	}
	back, err := json.Marshal(&req)
	if err != nil || string(back) != body {
		t.Errorf("written back as %s, %v", back, err)
	}
}

func TestDecodeKeepsValuesVerbatim(t *testing.T) {
	// A float64 would lose 0.1 + 2^53 and 1e400; 1.50 would lose its scale.
	for _, v := range []string{`9007199254740993`, `1e400`, `1.50`, `"é"`, `null`, `true`, `-0`} {
		var req api.InsertRequest
		body := `{"db_name":"A","table":"T","data":{"c":` + v + `}}`
		if err := api.Decode(strings.NewReader(body), api.MaxBody, &req); err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		if got, ok := req.Data.Get("c"); !ok || string(got) != v {
			t.Errorf("%s became %s", v, got)
		}
	}
}

func TestNameListAcceptsAStringOrAList(t *testing.T) {
	for body, want := range map[string]api.NameList{
		`{"group_by":"a"}`:       {"a"},
		`{"group_by":["a","b"]}`: {"a", "b"},
		`{"group_by":[]}`:        {},
		`{}`:                     nil,
	} {
		var req api.MapReduceCountRequest
		if err := api.Decode(strings.NewReader(body), api.MaxBody, &req); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if diff := cmp.Diff(want, req.GroupBy); diff != "" {
			t.Errorf("%s: want (-) and got (+):\n%s", body, diff)
		}
	}
}

func TestFieldPathIsReadable(t *testing.T) {
	for pointer, want := range map[jsontext.Pointer]string{
		"":                 "",
		"/rows/3/name":     "rows[3].name",
		"/columns/a~1b~0c": "columns.a/b~c",
		"/a//b":            "a..b",
		"/0":               "[0]",
	} {
		if got := api.FieldPath(pointer); got != want {
			t.Errorf("%q: got %q, want %q", pointer, got, want)
		}
	}
	long := api.FieldPath(jsontext.Pointer("/" + strings.Repeat("é", 500)))
	if len(long) > 201 {
		t.Errorf("a long path is %d bytes", len(long))
	}
}

// FuzzDecode: any body decodes to a value or a client error, and a value survives encoding and
// decoding again.
func FuzzDecode(f *testing.F) {
	for _, s := range samples() {
		text, err := json.Marshal(s.value)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"rows":[{"a":1,"a":2}]}`))
	f.Add([]byte("{\"db_name\":\"\xff\"}"))
	f.Add([]byte(strings.Repeat("[", 20_000)))
	f.Fuzz(func(t *testing.T, body []byte) {
		fresh := []func() any{
			func() any { return new(api.CreateTableRequest) }, func() any { return new(api.InsertRequest) },
			func() any { return new(api.SelectRequest) }, func() any { return new(api.MapReduceCountRequest) },
			func() any { return new(api.ExecRequest) }, func() any { return new(api.QueryRequest) },
		}
		for _, newValue := range fresh {
			v := newValue()
			if err := api.Decode(strings.NewReader(string(body)), 1<<16, v); err != nil {
				p, ok := errors.AsType[*api.Problem](err)
				if !ok || p.Status >= 500 || p.Detail == "" {
					t.Fatalf("%T: got %v", v, err)
				}
				continue
			}
			once, err := json.Marshal(v)
			if err != nil {
				t.Fatalf("%T was read but cannot be written: %v", v, err)
			}
			again := newValue()
			if err := api.Decode(strings.NewReader(string(once)), api.MaxBody, again); err != nil {
				t.Fatalf("%T was written as %s but cannot be read: %v", v, once, err)
			}
			twice, err := json.Marshal(again)
			if err != nil || !slices.Equal(once, twice) {
				t.Fatalf("%T: %s became %s, %v", v, once, twice, err)
			}
		}
	})
}
