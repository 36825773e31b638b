package screen

import (
	"fmt"
	"strings"
	"time"

	"shardeck/tui/drill"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// paintDetail draws what the chosen drill does, or did.
func (d *Drills) paintDetail(a widget.Area, v *View) {
	p, r := d.chosen()
	title := p.Title
	if r != nil && r.Target != "" {
		title += ": " + r.Target
	}
	in := a.Box(theme.Border, title, strings.Replace(d.pane.more(), "Tab", "Space", 1))
	in = in.Sub(1, 0, in.W-2, in.H)
	paintSections(in, &d.pane, d.sections(p, r, v, sectionWidth(in)))
}

func (d *Drills) sections(p *drill.Plan, r *drill.Report, v *View, width int) []section {
	if r == nil {
		facts := []fact{{"does", p.Does, theme.Text}, {"expected", p.Expect, theme.Strong}, {"measured by", p.Measured, theme.Text}, {"undone by", p.Undo, theme.Text}}
		if p.Off != "" {
			facts = append([]fact{{"not here", p.Off, theme.Warn}}, facts...)
		}
		return []section{factSection("What it does", facts, width)}
	}
	text, role := verdictLook(r.Verdict, v.Busy)
	text += ", " + widget.Elapsed(r.Took)
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	facts := []fact{{"verdict", text, role}, {"expected", p.Expect, theme.Strong}}
	for _, m := range r.Measures {
		facts = append(facts, fact{m.Name, m.Value, theme.Text})
	}
	var steps, checks []line
	for _, s := range r.Steps {
		look := theme.Text
		if s.Bad {
			look = theme.Bad
		}
		steps = append(steps, line{fmt.Sprintf("%6.2fs", s.After.Seconds()), theme.Muted, s.Text, look})
	}
	for _, c := range r.Checks {
		mark, look := okMark(c.OK)
		checks = append(checks, line{mark, look, c.Text + ": " + c.Got, theme.Text})
	}
	if r.Verdict == drill.Pending { // what happens now comes first
		return []section{lineSection("Steps", steps, width), factSection("So far", facts, width)}
	}
	return []section{factSection("Verdict", facts, width), lineSection("Checks", checks, width), lineSection("Timeline", steps, width)}
}

// line is a mark and a text.
type line struct {
	mark string
	look theme.Role
	text string
	role theme.Role
}

// lineSection is a section of lines, which wrap.
func lineSection(title string, lines []line, width int) section {
	height, indent := 0, 0
	for _, l := range lines {
		indent = max(indent, widget.Width(l.mark)+1)
	}
	for _, l := range lines {
		height += max(len(wrap(l.text, width-indent, factLines)), 1)
	}
	return section{title, height, func(a widget.Area) {
		y := 0
		for _, l := range lines {
			a.Text(0, y, l.look, l.mark)
			y = max(paragraph(a, indent, y, l.role, l.text, factLines), y+1)
		}
	}}
}

// DrillEnded is the line of the event log for a drill that has ended.
func DrillEnded(r *drill.Report) string {
	text := "drill " + strings.ToLower(r.Title[:min(len(r.Title), 1)]) + r.Title[min(len(r.Title), 1):] + ": " + string(r.Verdict) + " after " + r.Took.Round(100*time.Millisecond).String()
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	return text
}
