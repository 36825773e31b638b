package sqlfunc_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

var update = flag.Bool("update", false, "rewrite the list in docs/queries.md")

// This test checks that rows are complete; the tests of master/dialect check that they
// are correct.
func TestEveryRowIsComplete(t *testing.T) {
	natives := map[string]bool{}
	for _, n := range sqlfunc.Natives() {
		if natives[n.Name] {
			t.Errorf("the native %s is listed twice", n.Name)
		}
		natives[n.Name] = true
	}
	for i, f := range sqlfunc.All() {
		lacks := func(what string, missing bool) {
			if missing {
				t.Errorf("%s has no %s", f.Name, what)
			}
		}
		lacks("name in capitals", f.Name == "" || f.Name != strings.ToUpper(f.Name))
		lacks("help line", f.Help == "" || strings.Contains(f.Help, "\n"))
		lacks("parameters", len(f.Params) == 0 && f.Name != "PI" && f.Class != sqlfunc.Form && f.Class != sqlfunc.Windowed)
		lacks("example", len(f.Examples) == 0 && f.Class != sqlfunc.Windowed)
		for _, p := range f.Params {
			lacks("name and kind of each parameter", p.Name == "" || p.Kind == 0)
		}
		for _, x := range f.Examples {
			lacks("whole example", x.Expr == "" || x.Type == "" || (x.Want == "") == (x.Error == 0))
		}
		lacks("parameter for each optional argument", f.Optional > len(f.Params))
		switch f.Class {
		case sqlfunc.Scalar:
			lacks("type of its result", f.Result == nil)
			lacks("evaluation", f.Eval == nil)
			lacks("native in SQLite", !natives[f.SQLite])
		case sqlfunc.Aggregate:
			lacks("aggregate", f.Agg == 0)
			lacks("type of the aggregate", f.AggType == nil)
		case sqlfunc.Form:
		case sqlfunc.Windowed:
			lacks("window function", f.Win == 0)
			lacks("type of its result", f.Result == nil)
		default:
			t.Errorf("%s has no class", f.Name)
		}
		if sqlfunc.Lookup(f.Name) != f {
			t.Errorf("%s is listed twice, or is not found", f.Name)
		}
		if i > 0 && sqlfunc.All()[i-1].Name >= f.Name {
			t.Errorf("%s is out of order", f.Name)
		}
		if _, both := sqlfunc.Unsupported(f.Name); both {
			t.Errorf("%s is both in the table and listed as unsupported", f.Name)
		}
	}
}

// Natives must validate type and date part arguments, which may be any string.
func TestNativesRejectInvalidTypesAndParts(t *testing.T) {
	untyped := map[string]bool{}
	for _, f := range sqlfunc.All() {
		if f.TypeArg == sqlfunc.NoTypeArg && f.Part == 0 && !f.NamesPart() {
			untyped[f.NativeName(false)], untyped[f.NativeName(true)] = true, true
		}
	}
	for _, n := range sqlfunc.Natives() {
		args := make([]sqltypes.Value, n.MaxArgs)
		for i := range args {
			args[i] = sqltypes.Text("no such thing")
		}
		if untyped[n.Name] {
			continue // no type or part argument; SQLite converts anything to its numbers
		}
		if v, err := n.Call(args, sqltypes.Parse); err == nil {
			t.Errorf("%s of %d strings is %v", n.Name, n.MaxArgs, v)
		}
	}
}

func TestUsage(t *testing.T) {
	for name, want := range map[string]string{
		"SUBSTRING": "SUBSTRING(string, start, length)",
		"ROUND":     "ROUND(number, digits [, how])",
		"COALESCE":  "COALESCE(value, value, ...)",
		"CAST":      "CAST(value AS type)",
	} {
		if got := sqlfunc.Lookup(name).Usage(); got != want {
			t.Errorf("usage of %s is %s, want %s", name, got, want)
		}
	}
}

// The list of functions in docs/queries.md must match the table.
func TestDocumentationListsTheFunctions(t *testing.T) {
	const begin, end = "<!-- functions: written by go test ./shared/sqlfunc -update -->\n", "<!-- end of functions -->"
	path := filepath.Join("..", "..", "docs", "queries.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	listed, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the list: %s", path, begin)
	}
	list := list()
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+list+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if listed != list {
		t.Errorf("the list in %s is out of date; update it with go test ./shared/sqlfunc -update:\n%s", path, list)
	}
}

func list() string {
	var b strings.Builder
	for _, class := range []struct {
		title string
		of    sqlfunc.Class
	}{{"function", sqlfunc.Scalar}, {"conditional, conversion", sqlfunc.Form}, {"aggregate", sqlfunc.Aggregate}, {"window function", sqlfunc.Windowed}} {
		b.WriteString("\n| " + class.title + " | result |\n|---|---|\n")
		for _, f := range sqlfunc.All() {
			if f.Class == class.of {
				b.WriteString("| `" + f.Usage() + "` | " + f.Help + " |\n")
			}
		}
	}
	b.WriteString("\n")
	return b.String()
}

// A worker in another language is written from this page.
func TestDialectPageNamesEveryNative(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "sqlite-dialect.md"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range sqlfunc.Natives() {
		names = append(names, n.Name)
	}
	for _, n := range sqlfunc.NativeAggregates() {
		names = append(names, n.Name)
	}
	for _, c := range sqlfunc.Collations() {
		names = append(names, c.Name)
	}
	for _, name := range names {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/sqlite-dialect.md does not describe %s", name)
		}
	}
}
