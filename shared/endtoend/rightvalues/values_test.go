package rightvalues

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// least is the number of statements with the documented answer, for each way to send them. It
// is raised with every statement that becomes right, so that none is refused again unnoticed.
var least = map[string]int{
	"as written": 269,
	"over a row": 269,
}

// refusals are the refusals that are allowed: the code of the problem, how its detail begins,
// and why there is one.
var refusals = []struct {
	code           api.Code
	detail, reason string
}{
	{api.CodeUnsupported, "DATETIMEOFFSET is not a supported type", "no type has an offset"},
}

// documented is a statement with its documented answer: rows, or the number of an error.
type documented struct {
	line  int
	page  string
	sql   string
	rows  [][]jsontext.Value
	error int
}

func readValues(t *testing.T) []documented {
	t.Helper()
	text, err := os.ReadFile("testdata/values.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var all []documented
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 4 {
			t.Fatalf("line %d has %d fields", i+1, len(fields))
		}
		d := documented{line: i + 1, page: fields[0], sql: fields[1]}
		var failure struct {
			Error int `json:"error"`
		}
		if fields[2][0] == '{' {
			err = json.Unmarshal([]byte(fields[2]), &failure)
			d.error = failure.Error
		} else {
			err = json.Unmarshal([]byte(fields[2]), &d.rows)
		}
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		all = append(all, d)
	}
	return all
}

func TestOneShard(t *testing.T)    { onShards(t, 1) }
func TestThreeShards(t *testing.T) { onShards(t, 3) }

// onShards sends every statement as it is written, and, if it has no FROM, over a table of one
// row, so that a shard evaluates it. A statement that has a FROM counts both ways.
func onShards(t *testing.T, shards int) {
	m := testcluster.Start(t, testcluster.Options{
		Workers: shards, Masters: 1, Env: []string{"MASTER_REQUEST_TIMEOUT=60s", "MASTER_PROBE_TIMEOUT=10s"},
	}).Master(0)
	if _, err := m.CreateDB(t.Context(), &api.CreateDBRequest{DB: "Right"}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"CREATE TABLE One (user_id INT PRIMARY KEY)", "INSERT INTO One VALUES (1)"} {
		if _, err := m.Query(t.Context(), &api.SQLRequest{DB: "Right", SQL: sql}); err != nil {
			t.Fatal(err)
		}
	}
	right := map[string]int{}
	for _, d := range readValues(t) {
		over := d.sql
		if !strings.Contains(strings.ToUpper(d.sql), " FROM ") || strings.Contains(d.sql, "TRIM(") && strings.Count(strings.ToUpper(d.sql), " FROM ") == strings.Count(d.sql, "TRIM(") {
			over += " FROM One"
		}
		for way, sql := range map[string]string{"as written": d.sql, "over a row": over} {
			if check(t, m, d, sql) {
				right[way]++
			}
		}
	}
	for way, n := range least {
		t.Logf("%s: %d right", way, right[way])
		if right[way] < n {
			t.Errorf("%s: %d answers are right, fewer than the %d before", way, right[way], n)
		}
	}
}

// check sends a statement and reports whether its answer is the documented one. Any other must
// be a refusal that is listed.
func check(t *testing.T, m *client.Master, d documented, sql string) bool {
	t.Helper()
	resp, err := m.Query(t.Context(), &api.SQLRequest{DB: "Right", SQL: sql})
	if err != nil {
		p := api.AsProblem(err)
		if d.error != 0 && p.SQLNumber == d.error {
			return true
		}
		for _, r := range refusals {
			if p.Code == r.code && strings.HasPrefix(p.Detail, r.detail) {
				return false
			}
		}
		t.Errorf("line %d, %s: %s\nis refused: %s %d: %s", d.line, d.page, sql, p.Code, p.SQLNumber, p.Detail)
		return false
	}
	var rows [][]jsontext.Value
	for _, r := range resp.Rows {
		var row []jsontext.Value
		if err := json.Unmarshal(r, &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if d.error != 0 || !same(rows, d.rows) {
		want := fmt.Sprint(d.rows)
		if d.error != 0 {
			want = fmt.Sprintf("error %d", d.error)
		}
		t.Errorf("line %d, %s: %s\nis %v, documented %s", d.line, d.page, sql, rows, want)
		return false
	}
	return true
}

func same(got, want [][]jsontext.Value) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if len(got[i]) != len(want[i]) {
			return false
		}
		for j := range got[i] {
			if !sameValue(got[i][j], want[i][j]) {
				return false
			}
		}
	}
	return true
}

// sameValue compares a value with a documented one. The documentation shows floats with fewer
// digits, and times without trailing zeros. An integer beyond 2^53 is a string on the wire.
func sameValue(got, want jsontext.Value) bool {
	g, w := string(got), string(want)
	switch want.Kind() {
	case '0':
		if !strings.ContainsAny(w, ".e") {
			return g == w || g == strconv.Quote(w)
		}
		x, errX := strconv.ParseFloat(g, 64)
		y, errY := strconv.ParseFloat(w, 64)
		return errX == nil && errY == nil && math.Abs(x-y) <= 1e-13*math.Abs(y)
	case '"':
		return g == w || got.Kind() == '"' && strings.Contains(w, ":") && withoutZeros(g) == withoutZeros(w)
	}
	return g == w
}

func withoutZeros(s string) string {
	s = strings.Trim(s, `"`)
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
