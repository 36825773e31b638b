package screen

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/tui/answer"
	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// SecurityChecks is the place that keeps the security checks of this session: a list, and the matrix
// of the chosen one.
type SecurityChecks struct {
	list    listing
	runs    []*Security // finished ones, the newest first
	running *Security
	now     time.Time // of the view, when the list was made
	pane    pane
}

// SaveText asks for a path and writes a text to it. Name is the one to offer.
type SaveText struct{ What, Name, Text string }

// NewSecurityChecks returns the place.
func NewSecurityChecks() *SecurityChecks { return &SecurityChecks{} }

func (s *SecurityChecks) fillsFrame() {}

// Writing reports whether a filter is being typed.
func (s *SecurityChecks) Writing() bool { return s.list.typing() }

// Insert adds to the filter.
func (s *SecurityChecks) Insert(text string) Intent { return s.list.insert(text) }

// SecurityStarted says that a check has begun.
type SecurityStarted struct{ At time.Time }

// maxRuns bounds the checks that are kept.
const maxRuns = 100

// Update keeps the checks.
func (s *SecurityChecks) Update(msg any) Intent {
	switch m := msg.(type) {
	case SecurityStarted:
		s.running = NewSecurity(m.At)
	case SecurityEnded:
		run := s.running
		if run == nil {
			run = NewSecurity(m.At)
		}
		s.running = nil
		run.Update(m)
		s.runs = append([]*Security{run}, s.runs[:min(len(s.runs), maxRuns-1)]...)
		s.now = run.at
		in := s.relist()
		s.list.grid.Goto(0) // the newest
		return in
	}
	return nil
}

// Renew makes the list again on another day, since it leaves out the date of today.
func (s *SecurityChecks) Renew(v *View) Intent {
	if len(s.runs) == 0 || s.now.Location() == v.Now.Location() && sameDay(s.now, v.Now) {
		return nil
	}
	s.now = v.Now
	return s.relist()
}

// relist makes the list.
func (s *SecurityChecks) relist() Intent {
	t := &grid.Table{Head: []grid.Column{{Name: "when"}, {Name: "verdict"}, {Name: "probes", Right: true}, {Name: "failed", Right: true}, {Name: "no answer", Right: true}, {Name: "workers", Right: true}, {Name: "took", Right: true}}}
	keys := make([]string, 0, len(s.runs))
	for _, r := range s.runs {
		took := widget.Elapsed(r.at.Sub(r.started))
		cells := []string{dateTimeAt(s.now, r.at), "✗ not finished", "", "", "", "", took}
		look := theme.Bad
		if r.answer != nil {
			sum := answer.SecurityOf(r.answer)
			verdict := "✗ NOT SECURE"
			switch {
			case sum.OK:
				verdict, look = "✓ secure", theme.Good
			case sum.Incomplete():
				verdict, look = "▲ incomplete", theme.Warn
			}
			cells = []string{cells[0], verdict, strconv.Itoa(sum.Probes), strconv.Itoa(sum.Failed), strconv.Itoa(sum.Unanswered), strconv.Itoa(sum.Workers), took}
		}
		row := make([]grid.Cell, len(cells))
		for i, c := range cells {
			row[i].Text = c
		}
		t.Rows, t.Looks = append(t.Rows, row), append(t.Looks, []theme.Role{theme.Muted, look})
		keys = append(keys, r.at.Format(time.RFC3339Nano))
	}
	return s.list.show(t, keys)
}

// chosen returns the check under the cursor, nil if there is none.
func (s *SecurityChecks) chosen() *Security {
	if row := s.list.row(); row >= 0 && row < len(s.runs) {
		return s.runs[row]
	}
	return nil
}

// Commands lists the keys.
func (s *SecurityChecks) Commands(v *View) []keymap.Command {
	own := s.list.commands()
	if s.list.typing() {
		return own
	}
	again, none := "", "there is no finished check to export"
	if s.running != nil {
		again = "the check is running"
	}
	c := s.chosen()
	if c != nil && c.answer != nil {
		none = ""
	}
	move := func(by int) func() Intent {
		return does(func() {
			if c != nil && c.answer != nil {
				c.scroll = min(max(c.scroll+by, 0), max(len(c.answer.Workers)-1, 0))
			}
		})
	}
	export := func(name, ext string, write func(*Security) ([]byte, error), keys ...string) keymap.Command {
		return keymap.Command{Name: "export the check as " + name, Group: groupCluster, Keys: keys, Off: none, Do: func() Intent {
			text, err := write(c)
			if err != nil {
				return keymap.Say{Text: "not exported: " + err.Error()}
			}
			return SaveText{What: "Export the check as " + name, Name: "security-" + c.at.Format("20060102-150405") + ext, Text: string(text)}
		}}
	}
	asJSON := export("JSON", ".json", securityJSON, "x")
	asJSON.Label = "export"
	return placeCommands(v, SecurityPlace, append([]keymap.Command{
		{Name: "run the check", Label: "run", Group: groupCluster, Keys: []string{"enter", "r"}, Off: again, Do: asks(CheckSecurity{})},
		asJSON,
		export("CSV", ".csv", securityCSV, "X"),
		{Name: "see later workers", Group: groupView, Keys: []string{"]", ">"}, Do: move(1)},
		{Name: "see earlier workers", Group: groupView, Keys: []string{"[", "<"}, Do: move(-1)},
		{Name: "scroll the matrix", Label: "more", Group: groupView, Keys: []string{"tab"}, Do: does(func() { s.pane.page() })},
	}, own...)...)
}

// securityJSON is a check as the master answered it.
func securityJSON(s *Security) ([]byte, error) {
	text, err := json.Marshal(s.answer, json.Deterministic(true), jsontext.WithIndent("  "))
	return append(text, '\n'), err
}

// securityCSV is a check with a line for each probe.
func securityCSV(s *Security) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write([]string{"checked_at", "shard", "method", "path", "token", "expected", "status", "ok", "detail"}); err != nil {
		return nil, err
	}
	for i := range s.answer.Probes {
		p := &s.answer.Probes[i]
		if err := w.Write([]string{s.at.UTC().Format(time.RFC3339), strconv.Itoa(p.Shard), p.Endpoint.Method, p.Endpoint.Path,
			string(p.Credential), fmt.Sprint(p.Expected), strconv.Itoa(p.Status), strconv.FormatBool(p.OK), p.Detail}); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// Paint draws the list and the matrix of the chosen check.
func (s *SecurityChecks) Paint(a widget.Area, v *View) {
	body := paintPlace(a, v, SecurityPlace, s.Commands(v))
	note := "of this session"
	if s.running != nil {
		note = v.Busy + " checking for " + widget.Age(v.Now.Sub(s.running.started))
	}
	list := body.Sub(0, 0, body.W, min(max(len(s.runs), 2)+3, max(body.H/4, 4)))
	s.list.paint(list, "Security checks", note, "None in this session yet. Enter runs one: it calls every protected endpoint of every worker with no token, an empty, a wrong, a near-miss and the right one.")
	detail := body.Sub(0, list.H, body.W, body.H-list.H)
	c := s.chosen()
	switch {
	case c == nil:
		detail.Box(theme.Border, "Matrix", "")
	case c.answer == nil:
		in := detail.Box(theme.Bad, "Matrix", "")
		y := paragraph(in.Sub(1, 0, in.W-2, in.H), 0, 0, theme.Bad, "✗ the check failed: "+explain(c.err), 4)
		paragraph(in.Sub(1, 0, in.W-2, in.H), 0, y, theme.Muted, hint(c.err), 2)
	default:
		in := detail.Box(theme.Border, "Matrix", s.pane.more())
		endpoints := c.endpoints()
		s.pane.paint(in.Sub(1, 0, in.W-2, in.H), len(endpoints)+10, func(in widget.Area) {
			y := c.paintVerdict(in)
			y = c.paintMatrix(in, y+1, endpoints)
			c.paintBelow(in, y+1, c.cellWidth(in.W, endpoints) >= longCell)
		})
	}
}
