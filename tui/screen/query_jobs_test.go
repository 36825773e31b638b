package screen

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/keymap"
	"shardeck/tui/plot"
)

// counting is a screen with a result of so many rows, whose numbers fall; the rows have the focus.
func counting(n int) *Query {
	var rows lines
	for i := range n {
		rows = append(rows, fmt.Appendf(nil, `[%d,"a%d"]`, n-i, i))
	}
	r := NewResult("SELECT * FROM t").Head([]api.Column{{Name: "n", Type: "INT"}, {Name: "a", Type: "NVARCHAR(10)"}}, rows).End(endOf(wideResult()))
	q := queryWith("SELECT * FROM t", "f5", r)
	press(q, later, "tab")
	return q
}

// later is long after the statement has ended.
var later = noon.Add(time.Minute)

func work(t *testing.T, in Intent) Work {
	t.Helper()
	w, ok := in.(Work)
	if !ok {
		t.Fatalf("%T is nothing to be done in the background", in)
	}
	return w
}

func firstNumber(t *testing.T, q *Query) string {
	t.Helper()
	row, err := q.shown().grid.Shown().Row(0)
	if err != nil {
		t.Fatal(err)
	}
	return row[0].Text
}

func TestASortAndAPlotRunSideBySide(t *testing.T) {
	q := counting(5000)
	sort := work(t, press(q, later, "s"))
	read := work(t, press(q, later, "p"))
	for _, w := range []Work{read, sort} {
		w.Run(context.Background())()
	}
	p, ok := q.pane().(*plot.Plot)
	if !ok || strings.Contains(p.Facts(), "reading") {
		t.Errorf("the plot is not there: %v", q.pane())
	}
	if got := firstNumber(t, q); got != "1" {
		t.Errorf("the rows are not sorted: the first is %s", got)
	}
	if s := q.shown().grid.Status(); strings.Contains(s, "working") {
		t.Errorf("the result is %q when all is done", s)
	}
}

func TestEscAndCtrlCCancelASort(t *testing.T) {
	stop := map[string]func(*Query) Intent{
		"esc":                  func(q *Query) Intent { return press(q, later, "esc") },
		"esc after a filter":   func(q *Query) Intent { return press(q, later, "esc") },
		"esc in the editor":    func(q *Query) Intent { return press(q, later, "tab", "esc") },
		"ctrl+c, as a program": func(q *Query) Intent { in, _ := q.Stop(later); return in },
	}
	for name, stop := range stop {
		q := counting(5000)
		if name == "esc after a filter" {
			w := work(t, press(q, later, "/", ">", "9", "enter"))
			w.Run(context.Background())()
		}
		before, rows := firstNumber(t, q), q.shown().grid.Len()
		sort := work(t, press(q, later, "s"))
		if in := stop(q); in != (keymap.Say{Text: "cancelling"}) {
			t.Errorf("%s means %v", name, in)
		}
		said, ok := sort.Run(context.Background())().(keymap.Say)
		if !ok || !strings.Contains(said.Text, "cancelled") {
			t.Errorf("%s: %v is said", name, said)
		}
		g := q.shown().grid
		if got := firstNumber(t, q); got != before || g.Len() != rows || strings.Contains(g.Status(), "working") || strings.Contains(g.Status(), "sorted") {
			t.Errorf("%s: after it there are %d rows from %s, %q", name, g.Len(), got, g.Status())
		}
		again := work(t, press(q, later, map[bool]string{true: "tab", false: "f12"}[!q.onGrid], "s"))
		again.Run(context.Background())()
		if !strings.Contains(g.Status(), "sorted by n ↑") {
			t.Errorf("%s: the next sort leaves %q", name, g.Status())
		}
	}
}

func TestACancelledPlotIsClosed(t *testing.T) {
	q := counting(5000)
	read := work(t, press(q, later, "p"))
	if _, handled := q.Stop(later); !handled {
		t.Error("nothing is cancelled")
	}
	read.Run(context.Background())()
	if q.pane() != nil {
		t.Error("a plot without its rows stays")
	}
	read = work(t, press(q, later, "p"))
	press(q, later, "esc")
	if in := read.Run(context.Background())(); in != nil || q.pane() != nil {
		t.Errorf("a plot that was closed says %v", in)
	}
	if in, handled := q.Stop(later); handled {
		t.Errorf("when all is done %v is cancelled", in)
	}
}

func TestASortOfRowsThatAreGoneEndsSilently(t *testing.T) {
	q := counting(5000)
	sort := work(t, press(q, later, "s"))
	runs(q, later, "f5", nil)
	if in := sort.Run(context.Background())(); in != nil {
		t.Errorf("%v is said", in)
	}
	if len(q.jobs) > 0 {
		t.Error("it is waited for")
	}
}

func TestThousandsOfTablesAreSortedInTheBackground(t *testing.T) {
	m := metadata(3)
	for i := range 2000 {
		m.Databases[0].Tables = append(m.Databases[0].Tables, api.TableInfo{Name: fmt.Sprintf("A%04d", i)})
	}
	tables := NewTables(viewOf(m))
	work(t, press(tables, later, "s")).Run(context.Background())()
	if row, _, _ := tables.grid.Cursor(); tables.grid.Status() == "" || tables.entries[row].table != "Students" {
		t.Errorf("the cursor is on %q, %q", tables.entries[row].table, tables.grid.Status())
	}
	if row, err := tables.grid.Shown().Row(0); err != nil || row[1].Text != "A0000" {
		t.Errorf("the first is %v, %v", row, err)
	}
}
