package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"shardeck/shared/polyglot"
	"shardeck/shared/sqlfunc"
)

// library returns the extension, which the first call builds. The test is skipped where what
// that takes is missing, which CI installs.
func library(t *testing.T) string {
	t.Helper()
	file, err := build()
	switch {
	case errors.Is(err, errMissing):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return file
}

var (
	dir        string // of the extension; removed by TestMain
	errMissing = errors.New("requires a C compiler and SQLite's shell")
	build      = sync.OnceValues(buildExtension)
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildExtension() (file string, err error) {
	for _, program := range []string{"cc", "sqlite3"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", fmt.Errorf("%w: %w", errMissing, err)
		}
	}
	// The sources are read so that a cached result is not reused after they have changed.
	sources, err := filepath.Glob("*.[cgh]*")
	if err != nil {
		return "", err
	}
	for _, s := range sources {
		if _, err := os.ReadFile(s); err != nil {
			return "", err
		}
	}
	if dir, err = os.MkdirTemp("", "shardeck-extension-"); err != nil {
		return "", err
	}
	root, err := polyglot.Root()
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, filepath.Base(polyglot.ExtensionPath(root)))
	return file, polyglot.BuildExtension(context.Background(), root, file)
}

// shell runs statements in SQLite's shell with the extension, and returns what it printed.
func shell(t *testing.T, library, sql string) (out, errs string) {
	t.Helper()
	cmd := exec.Command("sqlite3", "-batch", ":memory:")
	cmd.Stdin = strings.NewReader(".load " + library + "\n" + sql + "\n")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && stderr.Len() == 0 {
		t.Fatal(err)
	}
	return strings.TrimSpace(stdout.String()), strings.TrimSpace(stderr.String())
}

// A vector is a statement in the SQLite dialect with the right result, in the wire form.
type vector struct {
	Function string            `json:"function"`
	SQL      string            `json:"sql"`
	Types    []string          `json:"types"`
	Params   []json.RawMessage `json:"params"`
	Column   string            `json:"column"`
	Want     json.RawMessage   `json:"want"`
	Error    int               `json:"error"`
}

var parameter = regexp.MustCompile(`@p(\d+)`)

// literal returns a parameter as SQL.
func literal(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil && raw[0] == '"' {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return string(raw)
}

// TestFunctionVectorsThroughTheExtension runs the golden vectors, which the Go worker is held
// against too, in a SQLite that is not the Go worker's.
func TestFunctionVectorsThroughTheExtension(t *testing.T) {
	lib := library(t)
	text, err := os.ReadFile(filepath.Join("..", "..", "shared", "api", "testdata", "golden", "functions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 30 {
		t.Fatalf("there are only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		sql := parameter.ReplaceAllStringFunc(v.SQL, func(p string) string {
			var n int
			fmt.Sscanf(p, "@p%d", &n)
			text := literal(v.Params[n-1])
			if v.Types[n-1] == "FLOAT" && !strings.ContainsAny(text, ".e") {
				text += ".0"
			}
			return text
		})
		out, errs := shell(t, lib, "SELECT quote(("+sql+"));")
		want := "NULL"
		if len(v.Want) > 0 && string(v.Want) != "null" {
			want = literal(v.Want)
		}
		if v.Column == "FLOAT" {
			out = strings.TrimSuffix(out, ".0")
		}
		switch number := fmt.Sprintf(`"sql_number":%d,`, v.Error); {
		case v.Error != 0 && !(strings.Contains(errs, "shardeck: {") && strings.Contains(errs, number)):
			t.Errorf("%s: %s\ngot  %s%s\nwant the error %d", v.Function, sql, out, errs, v.Error)
		case v.Error == 0 && (errs != "" || out != want):
			t.Errorf("%s: %s\ngot  %s%s\nwant %s", v.Function, sql, out, errs, want)
		}
	}
}

func TestTheExtensionHasEveryFunctionAggregateAndCollation(t *testing.T) {
	lib := library(t)
	var sql strings.Builder
	var want int
	for _, n := range sqlfunc.Natives() {
		if n.Variadic {
			fmt.Fprintf(&sql, "SELECT 'x' FROM pragma_function_list WHERE name = '%s' AND narg = -1;\n", n.Name)
			want++
			continue
		}
		for args := n.MinArgs; args <= n.MaxArgs; args++ {
			fmt.Fprintf(&sql, "SELECT 'x' FROM pragma_function_list WHERE name = '%s' AND narg = %d;\n", n.Name, args)
			want++
		}
	}
	for _, n := range sqlfunc.NativeAggregates() {
		fmt.Fprintf(&sql, "SELECT 'x' FROM pragma_function_list WHERE name = '%s' AND narg = %d AND type = 'w' OR name = '%[1]s' AND type = 'a';\n", n.Name, n.Arguments)
		want++
	}
	for _, c := range sqlfunc.Collations() {
		fmt.Fprintf(&sql, "SELECT 'x' FROM pragma_collation_list WHERE name = '%s';\n", c.Name)
		want++
	}
	out, errs := shell(t, lib, sql.String())
	if got := strings.Count(out, "x"); errs != "" || got != want {
		t.Errorf("%d of %d are there: %s", got, want, errs)
	}
}

func TestAggregatesThroughTheExtension(t *testing.T) {
	lib := library(t)
	for sql, want := range map[string]string{
		`SELECT sd_sum(x, 'DECIMAL(38,2)') FROM (SELECT '0.10' AS x UNION ALL SELECT '0.20')`:                                                                    "0.30",
		`SELECT sd_sum(x, 'BIGINT') FROM (SELECT 1 AS x WHERE 0)`:                                                                                                "",
		`SELECT group_concat(s, ' ') FROM (SELECT sd_sum(x, 'BIGINT') AS s FROM (SELECT 1 AS x, 1 AS g UNION ALL SELECT 2, 2 UNION ALL SELECT 3, 1) GROUP BY g)`: "4 2",
		`SELECT sd_keep_log()`:                        "",
		`SELECT sd_interrupt(12345), sd_handle() > 0`: "|1",
	} {
		if out, errs := shell(t, lib, sql+";"); out != want || errs != "" {
			t.Errorf("%s: got %s%s, want %s", sql, out, errs, want)
		}
	}
	if _, errs := shell(t, lib, `SELECT sd_sum(x, 'BIGINT') FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1);`); !strings.Contains(errs, `"sql_number":8115`) {
		t.Errorf("a sum beyond BIGINT: %s", errs)
	}
}

// TestWireFormThroughTheExtension decodes and encodes the golden values, among which are integers
// beyond 2^53, decimals of 38 digits, NUL in text and empty blobs.
func TestWireFormThroughTheExtension(t *testing.T) {
	lib := library(t)
	text, err := os.ReadFile(filepath.Join("..", "..", "shared", "api", "testdata", "golden", "values.json"))
	if err != nil {
		t.Fatal(err)
	}
	var samples []struct {
		Type        string
		Input, Wire json.RawMessage
		Error       *struct{ Number int }
	}
	if err := json.Unmarshal(text, &samples); err != nil {
		t.Fatal(err)
	}
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	var good, want strings.Builder
	for _, s := range samples {
		names, err := json.Marshal([]string{s.Type})
		if err != nil {
			t.Fatal(err)
		}
		cells := fmt.Sprintf("sd_cells(%s, sd_decode(%s, %s))", quoted(string(names)), quoted(string(s.Input)), quoted(s.Type))
		if s.Error == nil {
			fmt.Fprintf(&good, "SELECT %s;\n", cells)
			fmt.Fprintf(&want, "%s\n", s.Wire)
			continue
		}
		if out, errs := shell(t, lib, "SELECT "+cells+";"); !strings.Contains(errs, fmt.Sprintf(`"sql_number":%d,`, s.Error.Number)) {
			t.Errorf("%s: %s%s, want the error %d", cells, out, errs, s.Error.Number)
		}
	}
	out, errs := shell(t, lib, good.String())
	if errs != "" {
		t.Error(errs)
	}
	got, wanted := strings.Split(out, "\n"), strings.Split(strings.TrimSpace(want.String()), "\n")
	if len(got) != len(wanted) || len(wanted) < 100 {
		t.Fatalf("%d results, want %d", len(got), len(wanted))
	}
	for i := range wanted {
		if got[i] != wanted[i] {
			t.Errorf("%s\ngot  %s\nwant %s", strings.Split(good.String(), "\n")[i], got[i], wanted[i])
		}
	}
}

func TestRowsThroughTheExtension(t *testing.T) {
	lib := library(t)
	for sql, want := range map[string]string{
		`SELECT sd_cells('["INT","DECIMAL(10,2)","NVARCHAR(5)","BIT"]', 1, '2.50', NULL, 1)`: `1,"2.50",null,true`,
		`SELECT sd_cells('[]')`:                   "",
		`SELECT sd_decode('null', 'INT') IS NULL`: "1",
		`SELECT sd_type('decimal(10)')`:           "DECIMAL(10,0)",
		// The largest row: 16 MiB with its brackets and newline.
		`SELECT length(sd_cells('["VARCHAR(MAX)","VARCHAR(MAX)","VARCHAR(MAX)"]', printf('%.*c', 8000000, 'a'), printf('%.*c', 8000000, 'a'), printf('%.*c', 777205, 'a')))`: "16777213",
	} {
		if out, errs := shell(t, lib, sql+";"); out != want || errs != "" {
			t.Errorf("%s: got %s%s, want %s", sql, out, errs, want)
		}
	}
	for sql, want := range map[string]string{
		`SELECT sd_cells('["VARCHAR(MAX)","VARCHAR(MAX)","VARCHAR(MAX)"]', printf('%.*c', 8000000, 'a'), printf('%.*c', 8000000, 'a'), printf('%.*c', 777206, 'a'))`: `"reason":"too complex"`,
		`SELECT sd_cells('["INT"]', 1, 2)`:            "one value for each type",
		`SELECT sd_cells('INT', 1)`:                   "not a JSON array",
		`SELECT sd_cells('["DATETIMEOFFSET"]', 1)`:    `"sql_number":2715`,
		`SELECT sd_decode(1, 'INT')`:                  "expects JSON",
		`SELECT sd_decode('1', NULL)`:                 "expects JSON",
		`SELECT sd_type('DATETIMEOFFSET')`:            `"reason":"unsupported"`,
		`SELECT sd_type(NULL)`:                        "expects the name",
		`SELECT sd_decode('"\ud800"', 'NVARCHAR(5)')`: "shardeck: {",
	} {
		if out, errs := shell(t, lib, sql+";"); !strings.Contains(errs, want) {
			t.Errorf("%s: got %s%s, want the error %s", sql, out, errs, want)
		}
	}
}

var createTable = regexp.MustCompile(`(?ms)^-- shard 0, sqlite\n(CREATE TABLE .*?\n\) STRICT)$`)

// TestTablesThroughTheExtension runs the definitions that masters send, which use nothing that a
// SQLite of 2022 lacks.
func TestTablesThroughTheExtension(t *testing.T) {
	lib := library(t)
	plans, err := os.ReadFile(filepath.Join("..", "..", "master", "dialect", "testdata", "plans", "tables.txt"))
	if err != nil {
		t.Fatal(err)
	}
	found := createTable.FindAllStringSubmatch(string(plans), -1)
	if len(found) < 5 {
		t.Fatalf("there are only %d definitions", len(found))
	}
	for _, m := range found {
		if _, errs := shell(t, lib, m[1]+";"); errs != "" {
			t.Errorf("%s\n%s", m[1], errs)
		}
	}
}
