package screen

import (
	"fmt"
	"slices"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Security is the matrix of the security check: one line per endpoint, one column per
// group of credentials, one block of columns per worker.
type Security struct {
	started time.Time
	running bool
	answer  *api.SecurityCheckResponse
	err     error
	at      time.Time
	scroll  int // the first worker shown
	pane    pane
}

// NewSecurity returns the screen of a check that has just started.
func NewSecurity(now time.Time) *Security { return &Security{started: now, running: true} }

// Update handles the answer.
func (s *Security) Update(msg any) Intent {
	if m, ok := msg.(SecurityEnded); ok {
		s.running, s.answer, s.err, s.at = false, m.Answer, m.Err, m.At
		s.scroll = 0
	}
	return nil
}

// Commands lists the keys of the matrix.
func (s *Security) Commands(v *View) []keymap.Command {
	again := keymap.Command{Name: "check again", Label: "again", Group: groupDialog, Keys: []string{"r"}, Do: func() Intent {
		*s = *NewSecurity(v.Now)
		return CheckSecurity{}
	}}
	if s.running {
		again.Off = "the check is running"
	}
	workers := 0
	if s.answer != nil {
		workers = len(s.answer.Workers)
	}
	move := func(by int) func() Intent {
		return does(func() { s.scroll = min(max(s.scroll+by, 0), max(workers-1, 0)) })
	}
	all := []keymap.Command{again,
		{Name: "close", Label: "close", Group: groupDialog, Keys: []string{"esc", "q", "s"}, Do: asks(Close{})},
		{Name: "see later workers", Label: "workers", Group: groupDialog, Keys: []string{"right", "l"}, Shown: "←→", Do: move(1)},
		{Name: "see earlier workers", Group: groupDialog, Keys: []string{"left", "h"}, Do: move(-1)},
	}
	// A result that appears while Enter is held down must not be closed by it.
	if !s.running && v.Now.Sub(s.at) > quietResult {
		all[1].Keys = append(all[1].Keys, "enter")
	}
	return append(all, s.pane.commands()...)
}

// Paint draws the matrix and its legend.
func (s *Security) Paint(a widget.Area, v *View) {
	const title = "Security check"
	if s.running || s.err != nil || s.answer == nil {
		in := a.Center(64, 8).Dialog(title, "")
		switch {
		case s.running:
			y := paragraph(in, 0, 1, theme.Text, "Calling every protected endpoint of every worker with no token, an empty, a wrong, a near-miss and the right one …", 4)
			in.Text(0, y, theme.Muted, widget.Age(v.Now.Sub(s.started)))
		case s.err != nil:
			y := paragraph(in, 0, 1, theme.Bad, "✗ the check failed: "+explain(s.err), 3)
			paragraph(in, 0, y, theme.Muted, hint(s.err), 2)
		default:
			in.Text(0, 1, theme.Muted, "no answer")
		}
		return
	}
	endpoints := s.endpoints()
	width := min(a.W, 2+s.leftWidth(endpoints)+len(s.answer.Workers)*(blockWidth(widestCell)+1)+2)
	frame := a.Center(max(width, 76), len(endpoints)+12).Dialog(title, s.pane.note())
	s.pane.paint(frame, len(endpoints)+10, func(in widget.Area) {
		y := s.paintVerdict(in)
		y = s.paintMatrix(in, y+1, endpoints)
		s.paintBelow(in, y+1, s.cellWidth(in.W, endpoints) >= longCell)
	})
}

// endpoints lists the probed endpoints, first those of the contract, in its order.
func (s *Security) endpoints() []api.Endpoint {
	all := []api.Endpoint{}
	for _, e := range api.GuardedWorkerEndpoints() {
		if slices.ContainsFunc(s.answer.Probes, func(p api.SecurityProbe) bool { return p.Endpoint == e }) {
			all = append(all, e)
		}
	}
	for i := range s.answer.Probes {
		if e := s.answer.Probes[i].Endpoint; !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	return all
}

func (s *Security) leftWidth(endpoints []api.Endpoint) int {
	w := 0
	for _, e := range endpoints {
		w = max(w, min(len(e.Method)+1+len(e.Path), 24))
	}
	return w + 2
}

// widestCell is the width of an outcome where there is room.
const widestCell = 7

// blockWidth is the width of a worker's columns and the gap after them.
func blockWidth(cell int) int { return len(api.CredentialGroups())*cell + 2 }

// longCell is the cell width from which credentials are shown with their full names.
const longCell = 6

// cellWidth is the width of one outcome, chosen so that all workers fit if possible.
func (s *Security) cellWidth(width int, endpoints []api.Endpoint) int {
	for cell := widestCell; cell >= longCell; cell-- {
		if s.leftWidth(endpoints)+len(s.answer.Workers)*blockWidth(cell) <= width {
			return cell
		}
	}
	return 3
}

// paintVerdict draws the first line and returns the row after it.
func (s *Security) paintVerdict(in widget.Area) int {
	sum := answer.SecurityOf(s.answer)
	passed := sum.Probes - sum.Failed - sum.Unanswered
	symbol, role := okMark(s.answer.OK)
	verdict := "only the right token is accepted"
	switch {
	case s.answer.OK:
	case sum.Incomplete():
		symbol, role = "▲", theme.Warn
		verdict = fmt.Sprintf("%d were not answered, which proves nothing", sum.Unanswered)
	default:
		verdict = "NOT SECURE; see below"
	}
	x := in.Text(0, 0, role, fmt.Sprintf("%s %d of %d probes passed", symbol, passed, sum.Probes))
	in.Text(x, 0, theme.Text, widget.Fit(": "+verdict, in.W-x))
	return 1
}

// paintMatrix draws the matrix starting at row y and returns the row after it.
func (s *Security) paintMatrix(in widget.Area, y int, endpoints []api.Endpoint) int {
	left, cell := s.leftWidth(endpoints), s.cellWidth(in.W, endpoints)
	group := blockWidth(cell)
	fit := max((in.W-left)/group, 1)
	first := min(s.scroll, max(len(s.answer.Workers)-fit, 0))
	for i, e := range endpoints {
		in.Text(0, y+2+i, theme.Text, widget.Fit(fmt.Sprintf("%-4s %s", e.Method, e.Path), left-1))
	}
	for g := 0; g < fit && first+g < len(s.answer.Workers); g++ {
		w := &s.answer.Workers[first+g]
		col := in.Sub(left+g*group, y, group, len(endpoints)+2)
		symbol, role := s.workerMark(w)
		col.Text(0, 0, role, symbol)
		col.Text(2, 0, theme.Series(w.Shard), widget.FitMiddle(fmt.Sprintf("%d %s", w.Shard, w.Worker), group-4))
		for k, c := range api.CredentialGroups() {
			name := c.Short
			if cell >= longCell {
				name = c.Name
			}
			col.Text(k*cell, 1, theme.Head, name)
			for i, e := range endpoints {
				mark, markRole := s.mark(w.Shard, e, c.Credentials)
				col.Text(k*cell, 2+i, markRole, mark)
			}
		}
	}
	if fit < len(s.answer.Workers) {
		in.Text(0, y, theme.Muted, widget.Fit(fmt.Sprintf("←→ %d–%d of %d", first+1, min(first+fit, len(s.answer.Workers)), len(s.answer.Workers)), left-1))
	}
	return y + 2 + len(endpoints)
}

// mark returns the symbol and role of the worst outcome of probes with these credentials.
func (s *Security) mark(shard int, e api.Endpoint, cs []api.Credential) (string, theme.Role) {
	symbol, role := "·", theme.Muted
	for i := range s.answer.Probes {
		p := &s.answer.Probes[i]
		if p.Shard != shard || p.Endpoint != e || !slices.Contains(cs, p.Credential) {
			continue
		}
		switch {
		case p.Status == 0:
			if symbol != "✗" {
				symbol, role = "—", theme.Warn
			}
		case !p.OK:
			symbol, role = "✗", theme.Bad
		case symbol == "·":
			symbol, role = "✓", theme.Good
		}
	}
	return symbol, role
}

// workerMark is the symbol and role of a worker. One that did not answer is not a failure, but
// one that cannot prove itself is: another program may listen at its address.
func (s *Security) workerMark(w *api.SecurityWorker) (string, theme.Role) {
	failed := answer.Unproven(w)
	for i := range s.answer.Probes {
		p := &s.answer.Probes[i]
		failed = failed || p.Shard == w.Shard && !p.OK && p.Status != 0
	}
	if !w.OK && !failed {
		return "▲", theme.Warn
	}
	return okMark(w.OK)
}

// paintBelow draws the legend, or the first failures. long says that the credentials
// are shown with their full names.
func (s *Security) paintBelow(in widget.Area, y int, long bool) {
	room := in.H - y
	for i := range s.answer.Workers {
		if w := &s.answer.Workers[i]; w.Problem != nil && room > 0 {
			symbol, role := s.workerMark(w)
			what := " could not be probed: "
			if answer.Unproven(w) {
				what = " is not proven: "
			}
			in.Text(0, y, role, widget.Fit(symbol+" "+w.Worker+what+w.Problem.Detail, in.W))
			y, room = y+1, room-1
		}
	}
	for i := range s.answer.Probes {
		p := &s.answer.Probes[i]
		if p.OK || p.Status == 0 || room <= 0 {
			continue
		}
		in.Text(0, y, theme.Bad, widget.Fit(fmt.Sprintf("✗ shard %d %s %s with token %s: expected %s, got %d %s",
			p.Shard, p.Endpoint.Method, p.Endpoint.Path, p.Credential, p.Expected, p.Status, p.Detail), in.W))
		y, room = y+1, room-1
	}
	if !s.answer.OK {
		return
	}
	names := []string{
		"Tokens: no = none, em = empty, wr = wrong, nm = near misses, rt = right.",
		"Near misses: last character, upper and lower case, cut short, longer.",
	}
	if long {
		names = []string{"Columns: tokens; near: last character, upper and lower case, cut short, longer."}
	}
	for _, line := range append(names,
		"Each worker has proven that it knows the token, without being sent it.",
		"✓ refused with 401, or accepted with the right one · ✗ failed",
		"— no answer · checked at "+s.at.Format("15:04:05"),
	) {
		in.Text(0, y, theme.Muted, widget.Fit(line, in.W))
		y++
	}
}
