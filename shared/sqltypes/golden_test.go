package sqltypes_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

var update = flag.Bool("update", false, "rewrite the golden files from the code's results; review the diff")

// valueSample is one line of values.json: an input for a column of a type, and either its wire
// form or its error.
type valueSample struct {
	Type  string         `json:"type"`
	Input jsontext.Value `json:"input"`
	Wire  jsontext.Value `json:"wire,omitzero"`
	Error *sampleError   `json:"error,omitempty"`
}

type sampleError struct {
	Number int      `json:"number"`
	Code   api.Code `json:"code"`
}

func readSamples(t testing.TB) (string, []valueSample) {
	t.Helper()
	path := filepath.Join("..", "api", "testdata", "golden", "values.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var samples []valueSample
	if err := json.Unmarshal(raw, &samples); err != nil {
		t.Fatal(err)
	}
	return path, samples
}

func mustParse(t testing.TB, s string) sqltypes.Type {
	t.Helper()
	typ, err := sqltypes.Parse(s)
	if err != nil {
		t.Fatalf("Parse(%q): %v", s, err)
	}
	return typ
}

// outcome computes the expected fields for a sample's input.
func outcome(t *testing.T, in valueSample) valueSample {
	t.Helper()
	typ := mustParse(t, in.Type)
	got := valueSample{Type: in.Type, Input: in.Input}
	v, err := sqltypes.DecodeJSON(typ, in.Input)
	if err != nil {
		se, ok := errors.AsType[*sqltypes.Error](err)
		if !ok {
			t.Fatalf("%s %s: %T is not a *sqltypes.Error: %v", in.Type, in.Input, err, err)
		}
		got.Error = &sampleError{se.Number, api.CodeOf(se)}
		return got
	}
	got.Wire = sqltypes.AppendJSON(nil, typ, v)
	again, err := sqltypes.DecodeJSON(typ, got.Wire)
	if err != nil {
		t.Errorf("%s: the wire form %s of %s does not decode: %v", in.Type, got.Wire, in.Input, err)
	} else if again != v {
		t.Errorf("%s: the wire form %s of %s decodes to %+v, not %+v", in.Type, got.Wire, in.Input, again, v)
	}
	return got
}

func TestValuesMatchTheGoldenSamples(t *testing.T) {
	path, samples := readSamples(t)
	got := make([]valueSample, len(samples))
	for i, s := range samples {
		got[i] = outcome(t, s)
	}
	if *update {
		writeLines(t, path, got)
		return
	}
	if diff := cmp.Diff(samples, got); diff != "" {
		t.Errorf("values.json (-want +got):\n%s", diff)
	}
}

// writeLines writes one sample per line, so that diffs stay readable.
func writeLines[T any](t *testing.T, path string, samples []T) {
	t.Helper()
	lines := make([]string, len(samples))
	for i := range samples {
		b, err := json.Marshal(samples[i], jsontext.SpaceAfterColon(true), jsontext.SpaceAfterComma(true), jsontext.PreserveRawStrings(true))
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = "  " + string(b)
	}
	text := "[\n" + strings.Join(lines, ",\n") + "\n]\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
