package api_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"shardeck/shared/api"
)

var update = flag.Bool("update", false, "rewrite the samples in testdata/golden")

// sample is one golden document: its Go value and its schema.
type sample struct {
	file   string // in testdata/golden
	worker bool   // described by the worker's document, not the master's
	schema string
	value  any
}

func TestSamplesAreWhatGoWrites(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.file, func(t *testing.T) {
			got, err := json.Marshal(s.value, jsontext.WithIndent("  "))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			want := golden(t, s.file, got)
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("sample (-) and Go (+); -update rewrites it:\n%s", diff)
			}
		})
	}
}

func TestSamplesReadBackTheSame(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.file, func(t *testing.T) {
			text := read(t, s.file)
			back := reflect.New(reflect.TypeOf(s.value).Elem())
			if err := api.Decode(bytes.NewReader(text), api.MaxBody, back.Interface()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(s.value, back.Interface(), compactValues(), emptyIsNil()); diff != "" {
				t.Errorf("sent (-) and read back (+):\n%s", diff)
			}
		})
	}
}

func TestSamplesObeyTheDocument(t *testing.T) {
	master, worker := load(t, api.MasterOpenAPI()), load(t, api.WorkerOpenAPI())
	for _, s := range samples() {
		t.Run(s.file, func(t *testing.T) {
			doc := master
			if s.worker {
				doc = worker
			}
			if err := doc.Check(s.schema, read(t, s.file)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEverySampleFileIsTested(t *testing.T) {
	known := map[string]bool{}
	for _, s := range samples() {
		known[s.file] = true
	}
	for _, s := range streams() {
		known[s.file] = true
	}
	for _, dir := range []string{"master", "worker", "problems", "streams"} {
		files, err := filepath.Glob(filepath.Join("testdata", "golden", dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			rel, err := filepath.Rel(filepath.Join("testdata", "golden"), f)
			if err != nil {
				t.Fatal(err)
			}
			if !known[filepath.ToSlash(rel)] {
				t.Errorf("no test covers %s", f)
			}
		}
	}
}

// stream is a golden row stream, one record per line.
type stream struct {
	file   string
	worker bool
	lines  []any
}

func TestStreamSamples(t *testing.T) {
	master, worker := load(t, api.MasterOpenAPI()), load(t, api.WorkerOpenAPI())
	for _, s := range streams() {
		t.Run(s.file, func(t *testing.T) {
			var got bytes.Buffer
			for _, line := range s.lines {
				b, err := json.Marshal(line)
				if err != nil {
					t.Fatal(err)
				}
				got.Write(append(b, '\n'))
			}
			want := golden(t, s.file, got.Bytes())
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("sample (-) and Go (+); -update rewrites it:\n%s", diff)
			}
			doc := master
			if s.worker {
				doc = worker
			}
			if err := doc.CheckStream(want); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTruncatedStreamsAreDetected(t *testing.T) {
	doc := load(t, api.MasterOpenAPI())
	whole := read(t, "streams/select.ndjson")
	for n := range len(whole) {
		if doc.CheckStream(whole[:n]) == nil {
			t.Errorf("the first %d of %d bytes are accepted as a complete stream", n, len(whole))
		}
	}
}

// badRequests must be refused by both the document and the decoder.
func TestBadRequestsAreRefusedByDocumentAndDecoder(t *testing.T) {
	doc := load(t, api.MasterOpenAPI())
	for _, tc := range []struct {
		name, schema, body string
		dst                any
	}{
		{"unknown field", "CreateDBRequest", `{"db_name":"A","x":1}`, &api.CreateDBRequest{}},
		{"wrong type", "CreateDBRequest", `{"db_name":1}`, &api.CreateDBRequest{}},
		{"array for object", "CreateDBRequest", `["A"]`, &api.CreateDBRequest{}},
		{"column type is a number", "CreateTableRequest", `{"db_name":"A","table":"T","columns":{"a":1}}`, &api.CreateTableRequest{}},
		{"columns is a list", "CreateTableRequest", `{"db_name":"A","table":"T","columns":["a"]}`, &api.CreateTableRequest{}},
		{"rows is an object", "InsertRequest", `{"db_name":"A","table":"T","rows":{"a":1}}`, &api.InsertRequest{}},
		{"limit is a fraction", "SelectRequest", `{"db_name":"A","table":"T","limit":1.5}`, &api.SelectRequest{}},
		{"limit is a string", "SelectRequest", `{"db_name":"A","table":"T","limit":"1"}`, &api.SelectRequest{}},
		{"condition is a list", "DeleteRequest", `{"db_name":"A","table":"T","condition":[]}`, &api.DeleteRequest{}},
		{"group_by is a number", "MapReduceCountRequest", `{"db_name":"A","table":"T","group_by":7}`, &api.MapReduceCountRequest{}},
		{"negative term", "StepDownRequest", `{"term":-1,"leader":"http://a"}`, &api.StepDownRequest{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if doc.Check(tc.schema, []byte(tc.body)) == nil {
				t.Error("the document accepts it")
			}
			if err := api.Decode(strings.NewReader(tc.body), api.MaxBody, tc.dst); err == nil {
				t.Error("the decoder accepts it")
			}
		})
	}
}

// golden returns the sample, first overwriting it with got if -update is set.
func golden(t *testing.T, file string, got []byte) []byte {
	t.Helper()
	if *update {
		path := filepath.Join("testdata", "golden", filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return read(t, file)
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "golden", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// compactValues compares raw JSON ignoring white space.
func compactValues() cmp.Option {
	return cmp.Transformer("compact", func(v jsontext.Value) string {
		c := v.Clone()
		if len(c) == 0 || c.Compact() != nil {
			return string(v)
		}
		return string(c)
	})
}

// emptyIsNil makes an empty list and a nil one equal, as both are written as [].
func emptyIsNil() cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool {
		return p.Last().Type() != reflect.TypeFor[jsontext.Value]()
	}, cmpopts.EquateEmpty())
}
