package sqlite

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
)

// SQLite holds the results of all calls of an expression at once. Together they are bounded, for
// each statement anew.
func TestIntermediateResultsAreBounded(t *testing.T) {
	e := school(t, Config{Readers: 1})
	run := func(depth, rows int) error {
		text := strings.Repeat("sd_lower(sd_upper(", depth/2) + "@p1 || i" + strings.Repeat("))", depth/2)
		n := 0
		err := e.Query(t.Context(), &api.QueryRequest{
			DB: "SchoolDB", SQL: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @p2) SELECT sd_len(" + text + ") FROM n",
			Types: []string{"NVARCHAR(MAX)", "INT"}, Params: jsontext.Value(`["` + strings.Repeat("x", 7_000_000) + `",` + string(rune('0'+rows)) + `]`),
			ResultTypes: []string{"INT"},
		}, func(line []byte) error {
			if n++; string(line) != "[7000001]" {
				t.Errorf("row %d is %s", n, line)
			}
			return nil
		})
		if err == nil && n != rows {
			t.Errorf("%d rows, want %d", n, rows)
		}
		return err
	}
	for range 3 {
		if err := run(10, 5); err != nil {
			t.Errorf("results of 70 MB, in each of five rows: %v", err)
		}
		p := api.AsProblem(run(40, 1))
		if p == nil || p.Code != api.CodeTooComplex || !strings.Contains(p.Detail, "128 MiB") || p.Hint == "" {
			t.Errorf("results of 280 MB: %+v", p)
		}
	}
}
