package planner_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/dialect"
	"shardeck/master/planner"
	"shardeck/shared/api"
)

// FuzzSelect plans and renders any condition and order: a problem of the
// client's or a statement, never a panic, and never a byte of the client's
// strings in the statement.
func FuzzSelect(f *testing.F) {
	for _, s := range [][2]string{
		{"student_id = 5", "gpa DESC"}, {"name LIKE '~secret~%' OR gpa / 3 > 1.5", "age + level, name + email DESC"},
		{"NOT (age IN (1, 2.5, '3', NULL) AND born >= '2001-02-03')", "code"}, {"score * 1e308 * 10 > -0x00", "photo"},
		{"age = 1/0", ""}, {"big BETWEEN -9223372036854775808 AND 9e18", "-score"}, {"'a' + N'b' = email + 5", "seen"},
	} {
		f.Add(s[0], s[1])
	}
	table, m := newTable(f, studentsTable), newMap(f, 3)
	d, err := dialect.For("sqlite")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, condition, order string) {
		p, err := planner.Select(table, m, &api.SelectRequest{Condition: condition, OrderBy: order})
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if _, err := json.Marshal(p); err != nil && strings.ToValidUTF8(condition+order, "") == condition+order {
			t.Fatalf("the plan does not marshal: %v", err)
		}
		for i := range p.Fragments {
			q, err := d.Query(p, &p.Fragments[i])
			if err != nil {
				checkRefusal(t, err)
				return
			}
			for _, leak := range []string{"~secret~", "--", "/*", ";", "\x00"} {
				if strings.Contains(q.SQL, leak) {
					t.Fatalf("%q is in the statement %s", leak, q.SQL)
				}
			}
			if len(q.Types) > 0 && !q.Params.IsValid() {
				t.Fatalf("the parameters are not JSON: %s", q.Params)
			}
		}
	})
}

// FuzzInsert plans any row: each row that is taken comes out as one JSON array
// with all columns and the slot.
func FuzzInsert(f *testing.F) {
	for _, s := range []string{
		`{"student_id": 1, "name": "x"}`, `{"student_id": "7", "name": "\u0000", "gpa": 1e2, "photo": "0xFF"}`,
		`{"student_id": 1, "name": null}`, `{"STUDENT_ID": -0, "Name": {}, "born": "2001-02-30"}`,
	} {
		f.Add(s)
	}
	table, m := newTable(f, studentsTable), newMap(f, 3)
	f.Fuzz(func(t *testing.T, row string) {
		var data api.Object[jsontext.Value]
		if json.Unmarshal([]byte(row), &data) != nil || data == nil {
			return
		}
		p, err := planner.Insert(table, m, &api.InsertRequest{Data: data})
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if len(p.Fragments) != 1 || len(p.Fragments[0].Rows) != 1 {
			t.Fatalf("one row became %+v", p.Fragments)
		}
		var values []jsontext.Value
		if err := json.Unmarshal(p.Fragments[0].Rows[0], &values); err != nil || len(values) != len(table.Columns)+1 {
			t.Fatalf("%s became %s: %v", row, p.Fragments[0].Rows[0], err)
		}
	})
}

func checkRefusal(t *testing.T, err error) {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok || p.Status/100 != 4 {
		t.Fatalf("a bad request is refused with %v", err)
	}
}
