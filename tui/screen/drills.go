package screen

import (
	"cmp"
	"fmt"
	"slices"

	"shardeck/tui/drill"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Drills is the screen for drills on a demo's cluster: the drills with their verdicts, the processes
// with what can be done to them, and what the chosen drill does, or did.
type Drills struct {
	plans     []drill.Plan
	processes []drill.Process
	reports   map[string]*drill.Report // the latest of each drill
	running   string                   // the drill that runs; "" for none
	cursor    int                      // in the drills
	process   int                      // the chosen process
	onProcess bool                     // the processes have the focus
	pane      pane
}

// The intents and messages of drills.
type (
	// OpenDrills shows the screen.
	OpenDrills struct{}
	// ListProcesses asks for the processes. The screen receives [ProcessesListed].
	ListProcesses struct{}
	// RunDrill runs a drill, on the process with that name if it is of the right kind. The screen
	// receives a [DrillProgress] now and then, the last one with a verdict.
	RunDrill struct{ Name, Process string }
	// CancelDrill cancels the drill that runs.
	CancelDrill struct{}
	// ActOnProcess does something to a process.
	ActOnProcess struct{ Process, Key string }

	// ProcessesListed carries the processes and what they do.
	ProcessesListed struct{ Processes []drill.Process }
	// DrillProgress carries the report of a drill as it is now.
	DrillProgress struct{ Report drill.Report }
)

// NoDrills is why there are no drills outside a demo.
const NoDrills = "drills run on a demo cluster: start one with shardeck demo"

// NewDrills returns the screen of these drills.
func NewDrills(plans []drill.Plan) *Drills {
	return &Drills{plans: plans, reports: map[string]*drill.Report{}}
}

func (d *Drills) fillsFrame() {}

// Renew asks what the processes do.
func (d *Drills) Renew(*View) Intent { return ListProcesses{} }

// Update handles what the drills and processes do.
func (d *Drills) Update(msg any) Intent {
	switch m := msg.(type) {
	case ProcessesListed:
		d.processes = m.Processes
		d.process = min(d.process, max(len(d.processes)-1, 0))
	case DrillProgress:
		d.reports[m.Report.Name] = &m.Report
		if m.Report.Verdict != drill.Pending && d.running == m.Report.Name {
			d.running = ""
			return ListProcesses{} // what could not be done to them meanwhile
		}
	}
	return nil
}

// chosen returns the drill under the cursor and its latest report, nil if there is none.
func (d *Drills) chosen() (*drill.Plan, *drill.Report) {
	if d.cursor >= len(d.plans) {
		return &drill.Plan{Off: "there are no drills"}, nil
	}
	p := &d.plans[d.cursor]
	return p, d.reports[p.Name]
}

func (d *Drills) chosenProcess() *drill.Process {
	if d.process >= len(d.processes) {
		return &drill.Process{}
	}
	return &d.processes[d.process]
}

func (d *Drills) move(by int) {
	if d.onProcess {
		d.process = min(max(d.process+by, 0), max(len(d.processes)-1, 0))
		return
	}
	d.cursor = min(max(d.cursor+by, 0), max(len(d.plans)-1, 0))
	d.pane = pane{}
}

// Commands lists the keys.
func (d *Drills) Commands(v *View) []keymap.Command {
	idle, busy := "no drill is running", ""
	if d.running != "" {
		idle, busy = "", "a drill is running; c cancels it"
	}
	p, r := d.chosen()
	noReport := ""
	if r == nil || r.Verdict == drill.Pending {
		noReport = "this drill has not been run yet"
	}
	all := []keymap.Command{
		{Name: "run the drill, after a question", Label: "run", Group: groupDemo, Keys: []string{"enter"}, Off: cmp.Or(busy, p.Off), Do: func() Intent { return d.ask(v) }},
		{Name: "cancel the drill, which is undone", Label: "cancel", Group: groupDemo, Keys: []string{"c", "ctrl+c"}, Off: idle, Do: asks(CancelDrill{})},
		{Name: "export the report as Markdown", Label: "export", Group: groupDemo, Keys: []string{"x"}, Off: noReport, Do: func() Intent { return exportDrill(r) }},
		{Name: "switch between drills and processes", Label: "processes", Group: groupView, Keys: []string{"tab", "shift+tab"}, Do: does(func() { d.onProcess = !d.onProcess })},
		{Name: "go down", Group: groupView, Keys: []string{"down", "j"}, Do: does(func() { d.move(1) })},
		{Name: "go up", Group: groupView, Keys: []string{"up", "k"}, Do: does(func() { d.move(-1) })},
		{Name: "go to the first", Group: groupView, Keys: []string{"g", "home"}, Do: does(func() { d.move(-len(d.plans) - len(d.processes)) })},
		{Name: "go to the last", Group: groupView, Keys: []string{"G", "end"}, Do: does(func() { d.move(len(d.plans) + len(d.processes)) })},
		{Name: "scroll the details", Group: groupView, Keys: []string{" ", "space", "pgdown"}, Do: does(func() { d.pane.page() })},
	}
	if busy != "" {
		all[0].Label = ""
	}
	if idle != "" { // Ctrl-C is the program's
		all[1].Keys = all[1].Keys[:1]
		all[1].Label = ""
	}
	if d.onProcess {
		all[3].Label = "drills"
	}
	all = append(all, d.acts(v)...)
	all = append(all, placeKeys(placeCount)...)
	return append(all,
		keymap.Command{Name: "show the help", Label: "help", Group: groupProgram, Keys: []string{"?"}, Do: asks(ShowHelp{})},
		keymap.Command{Name: PaletteName, Group: groupProgram, Keys: []string{"ctrl+p"}, Do: asks(ShowPalette{})})
}

// acts are the commands for the chosen process; those of all processes are in the footer only while
// the processes have the focus.
func (d *Drills) acts(v *View) []keymap.Command {
	p := d.chosenProcess()
	var all []keymap.Command
	for _, a := range p.Acts {
		in := Intent(ActOnProcess{Process: p.Name, Key: a.Key})
		if a.Question != "" {
			in = Show{Screen: NewConfirm(v.Now, capital(a.Name), a.Question, a.Label, in)}
		}
		c := keymap.Command{Name: a.Name, Group: groupDemo, Keys: []string{a.Key}, Off: a.Off, Do: asks(in)}
		if d.onProcess {
			c.Label = a.Label
		}
		all = append(all, c)
	}
	return all
}

// ask says what a drill does and what should happen, before it runs.
func (d *Drills) ask(v *View) Intent {
	p, _ := d.chosen()
	text := fmt.Sprintf("What is done: %s.\nWhat should happen: %s.\nThen it is undone: %s.", p.Does, p.Expect, p.Undo)
	return Show{Screen: NewConfirm(v.Now, p.Title, text, "run the drill", RunDrill{Name: p.Name, Process: d.chosenProcess().Name})}
}

// Begun notes that a drill runs.
func (d *Drills) Begun(name string) {
	d.running = name
	if i := slices.IndexFunc(d.plans, func(p drill.Plan) bool { return p.Name == name }); i >= 0 {
		d.cursor, d.onProcess, d.pane = i, false, pane{}
	}
}

func exportDrill(r *drill.Report) Intent {
	return SaveText{What: "Export the report as Markdown", Name: "drill-" + r.Name + "-" + r.Began.Format("20060102-150405") + ".md", Text: r.Markdown()}
}

// verdictLook is how a verdict is shown.
func verdictLook(v drill.Verdict, busy string) (text string, role theme.Role) {
	switch v {
	case drill.Passed:
		return "✓ passed", theme.Good
	case drill.Failed:
		return "✗ failed", theme.Bad
	case drill.Canceled:
		return "– canceled", theme.Warn
	}
	return busy + " running", theme.Info
}

// processLook is how the state of a process is shown.
func processLook(s drill.State) (text string, role theme.Role) {
	switch s {
	case drill.Running:
		return "● running", theme.Good
	case drill.Frozen:
		return "‖ frozen", theme.Bad
	case drill.Slow:
		return "▲ slow", theme.Warn
	case drill.Full:
		return "◆ disk full", theme.Bad
	}
	return "✗ " + string(s), theme.Bad
}

// Paint draws both lists, and the chosen drill below them.
func (d *Drills) Paint(a widget.Area, v *View) {
	keys := d.Commands(v)
	if v.Keys != nil {
		keys = v.Keys
	}
	layout := layoutKeys(keys, a.W, a.H)
	rows := len(layout.rows)
	header := a.Sub(0, 0, a.W, min(2, a.H/4))
	paintIdentity(header, v)
	if header.H > 1 {
		paintAlert(header.Sub(0, 1, a.W, 1), v)
	}
	paintFooter(header, a.Sub(0, a.H-rows, a.W, rows), layout, v)
	body := a.Sub(0, header.H, a.W, a.H-header.H-rows)
	part := 45 // percent
	if d.running != "" && a.H < tallHeight {
		part = 30 // what happens has more to say
	}
	upper := min(max(len(d.plans), len(d.processes), 1)+2, body.H*part/100)
	left := body.W * 46 / 100
	d.paintPlans(body.Sub(0, 0, left, upper), v)
	d.paintProcesses(body.Sub(left, 0, body.W-left, upper), v)
	d.paintDetail(body.Sub(0, upper, body.W, body.H-upper), v)
}

// focusRole is the role of a list's frame.
func focusRole(has bool) theme.Role {
	if has {
		return theme.DialogFrame
	}
	return theme.Border
}

// window returns the first row to show so that the cursor is visible, and the note about the others,
// with arrows to where they are.
func window(cursor, rows, seen int) (from int, note string) {
	if rows <= seen || seen <= 0 {
		return 0, ""
	}
	from = min(max(cursor-seen/2, 0), rows-seen)
	note = fmt.Sprintf("%d–%d of %d", from+1, from+seen, rows)
	if from > 0 {
		note += " ↑"
	}
	if from+seen < rows {
		note += fmt.Sprintf(" ↓ %d more", rows-from-seen)
	}
	return from, note
}

func (d *Drills) paintPlans(a widget.Area, v *View) {
	from, note := window(d.cursor, len(d.plans), a.H-2)
	in := a.Box(focusRole(!d.onProcess), "Drills", note)
	for y := 0; y < in.H && from+y < len(d.plans); y++ {
		p := &d.plans[from+y]
		role := theme.Text
		if from+y == d.cursor {
			role = theme.Selected
			in.Sub(0, y, in.W, 1).Fill(role)
			in.Text(0, y, role, "▸")
		}
		text, look := "", theme.Muted
		switch r := d.reports[p.Name]; {
		case r != nil:
			text, look = verdictLook(r.Verdict, v.Busy)
		case p.Off != "":
			text = "not here"
		}
		if from+y == d.cursor {
			look = role
		}
		in.Text(2, y, role, widget.Fit(p.Title, in.W-4-widget.Width(text)))
		in.TextRight(in.W-1, y, look, text)
	}
}

// processRole is what a process is for; a master's role is the one that it has now.
func processRole(v *View, p *drill.Process) string {
	for i := range v.State.Masters {
		if m := &v.State.Masters[i]; p.URL != "" && m.URL == p.URL {
			if _, _, _, role, _ := masterLook(v, m); role != "" {
				return role
			}
		}
	}
	return p.Role
}

func (d *Drills) paintProcesses(a widget.Area, v *View) {
	from, note := window(d.process, len(d.processes), a.H-2)
	in := a.Box(focusRole(d.onProcess), "Processes", note)
	for y := 0; y < in.H && from+y < len(d.processes); y++ {
		p := &d.processes[from+y]
		role := theme.Text
		if from+y == d.process {
			role = theme.Selected
			in.Sub(0, y, in.W, 1).Fill(role)
			in.Text(0, y, role, "▸")
		}
		text, look := processLook(p.State)
		name := p.Name + "  " + processRole(v, p)
		if len(p.Acts) > 0 && p.PID == 0 && p.State == drill.Running { // the traffic is no process
			text = ""
		}
		if p.PID > 0 && in.W >= 50 {
			name += fmt.Sprintf("  pid %d", p.PID)
		}
		if from+y == d.process {
			look = role
		}
		in.Text(2, y, role, widget.Fit(name, in.W-4-widget.Width(text)))
		in.TextRight(in.W-1, y, look, text)
	}
}
