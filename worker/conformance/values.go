package conformance

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/sqlservertest"
)

// goldenValue is a line of values.json: a type, the input, and the stored value or the error.
type goldenValue struct {
	Type  string         `json:"type"`
	Input jsontext.Value `json:"input"`
	Wire  jsontext.Value `json:"wire"`
	Error *struct {
		Number int      `json:"number"`
		Code   api.Code `json:"code"`
	} `json:"error"`
}

// valuesOnTheWire stores each golden value and reads it back.
func valuesOnTheWire(e *env) {
	var golden []goldenValue
	if err := json.Unmarshal(e.f.GoldenValues, &golden); err != nil {
		e.Fatal(err)
	}
	if len(golden) < 100 {
		e.Fatalf("only %d golden values", len(golden))
	}
	db, f := e.database(), e.fence()
	tables := map[string]*table{}
	want := map[string][]string{}
	for i, g := range golden {
		if e.s.f.Babelfish && sqlservertest.BeyondBabelfish(e, g.Type, g.Wire) {
			continue
		}
		tb := tables[g.Type]
		if tb == nil {
			tb = e.tableIn(db, &api.TableDef{Name: fmt.Sprintf("V%d", len(tables)), Columns: []api.ColumnDef{
				{Name: "id", Type: "INT"}, {Name: "v", Type: g.Type, Nullable: true},
			}, PrimaryKey: []string{"id"}})
			tables[g.Type] = tb
		}
		_, err := e.w.Exec(e.Context(), &api.ExecRequest{DB: db, Fence: f, Statements: []api.Statement{
			tb.insert(fmt.Sprintf("[%d,%s]", i, g.Input)),
		}})
		switch {
		case g.Error == nil && err != nil:
			e.Errorf("%s %s was refused: %v", g.Type, g.Input, err)
		case g.Error == nil:
			want[g.Type] = append(want[g.Type], canonical(e, fmt.Sprintf("[%d,%s]", i, g.Wire)))
		case err == nil:
			e.Errorf("%s %s was accepted; it must be refused with %d %s", g.Type, g.Input, g.Error.Number, g.Error.Code)
		case g.Input.Kind() == '{' || g.Input.Kind() == '[':
			// Not a SQL value at all: refused by whichever check comes first.
			if p := api.AsProblem(err); p.Status < 400 || p.Status >= 500 {
				e.Errorf("%s %s: %v", g.Type, g.Input, err)
			}
		default:
			if p := api.AsProblem(err); p.Code != g.Error.Code || p.SQLNumber != g.Error.Number {
				e.Errorf("%s %s was refused with %d %s, want %d %s", g.Type, g.Input, p.SQLNumber, p.Code, g.Error.Number, g.Error.Code)
			}
		}
	}
	for sqlType, tb := range tables {
		e.same(sqlType, want[sqlType], canonicalAll(e, e.rows(tb.query(`ORDER BY "id"`, "id", "v"))))
	}
}
