package plot

import (
	"context"
	"fmt"

	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/widget"
)

// Kind is a kind of plot.
type Kind int8

// The kinds.
const (
	Bars Kind = iota
	Line
	Histogram
)

// Close is the intent of a plot that is left.
type Close struct{}

// Collect reads the rows. The program calls Run, in the background, and passes the result to
// [Plot.Apply].
type Collect struct {
	Run func(context.Context) Collected
}

// Collected is the result of a [Collect].
type Collected struct {
	x, y   int
	points Points
	err    error
}

// instant is how many rows are read at once rather than in the background.
const instant = 1000

// Plot is a plot of two columns.
type Plot struct {
	source  grid.Source
	columns []grid.Column
	kind    Kind
	x, y    int // x is -1 for the rows' numbers
	points  Points
	ready   bool
	top     int // the first bar
	page    int
	bars    int
}

// New plots a column of a table, and returns what is to be done first; see [Collect]. A column of
// numbers becomes the bars of the labels before it, or a line over the numbers or times before
// it; one of labels gets the bars of the first numbers. It refuses a table without numbers.
func New(s grid.Source, column int) (*Plot, keymap.Intent, error) {
	p := &Plot{source: s, columns: s.Columns(), x: -1, y: -1, page: 1}
	for i, c := range p.columns {
		switch scaleOf(c) {
		case numbers:
			if p.y < 0 || i == column {
				p.y = i
			}
		}
	}
	if p.y < 0 {
		return nil, nil, fmt.Errorf("no column of this result has numbers to plot")
	}
	if column >= 0 && column < len(p.columns) && column != p.y {
		p.x = column
	} else {
		for i := range p.columns {
			if i != p.y && (p.x < 0 || scaleOf(p.columns[p.x]) == numbers && scaleOf(p.columns[i]) != numbers) {
				p.x = i
			}
		}
	}
	p.kind = p.natural()
	return p, p.collect(), nil
}

// natural is the kind of plot that suits the columns.
func (p *Plot) natural() Kind {
	switch {
	case p.x < 0:
		return Histogram
	case scaleOf(p.columns[p.x]) == labels:
		return Bars
	}
	return Line
}

func (p *Plot) collect() keymap.Intent {
	p.ready = false
	source, x, y := p.source, p.x, p.y
	run := func(ctx context.Context) Collected {
		points, err := Read(ctx, source, x, y)
		return Collected{x, y, points, err}
	}
	if source.Len() <= instant {
		return p.Apply(run(context.Background()))
	}
	return Collect{run}
}

// Apply plots what was read. What is no longer wanted is ignored.
func (p *Plot) Apply(c Collected) keymap.Intent {
	switch {
	case c.x != p.x || c.y != p.y:
		return nil
	case c.err != nil:
		return keymap.Say{Text: c.err.Error()}
	}
	p.points, p.ready, p.top = c.points, true, 0
	return nil
}

// Title says what is plotted.
func (p *Plot) Title() string {
	y := p.columns[p.y].Name
	switch {
	case p.kind == Histogram:
		return "Distribution of " + y
	case p.x < 0:
		return y + " by row"
	}
	return y + " by " + p.columns[p.x].Name
}

// Facts says what the plot leaves out: "every 10th of 100,000 rows · 3 rows without a number".
func (p *Plot) Facts() string {
	if !p.ready {
		return "reading " + widget.Thousands(int64(p.source.Len())) + " rows…"
	}
	text := widget.Thousands(int64(p.points.Read)) + " rows"
	if p.points.Read < p.points.Rows {
		text = fmt.Sprintf("a sample: %s evenly spaced rows of %s", widget.Thousands(int64(p.points.Read)), widget.Thousands(int64(p.points.Rows)))
	}
	if n := p.points.Absent; n > 0 {
		text += fmt.Sprintf(" · %s without a value", widget.Thousands(int64(n)))
	}
	return text
}

// Commands returns what can be done with the plot.
func (p *Plot) Commands() []keymap.Command {
	const group = "A plot"
	scroll := func(by int) func() keymap.Intent {
		return func() keymap.Intent { p.top = max(min(p.top+by, p.bars-p.page), 0); return nil }
	}
	show := func(k Kind) func() keymap.Intent {
		return func() keymap.Intent { p.kind, p.top = k, 0; return nil }
	}
	already := func(k Kind) string {
		if p.kind == k {
			return "this is shown"
		}
		return ""
	}
	noX := ""
	if len(p.columns) < 2 {
		noX = "there is no other column"
	}
	return []keymap.Command{
		{Name: "bars", Group: group, Label: "bars", Keys: []string{"b"}, Off: already(Bars), Do: show(Bars)},
		{Name: "a line", Group: group, Label: "line", Keys: []string{"l"}, Off: already(Line), Do: show(Line)},
		{Name: "a histogram", Group: group, Label: "histogram", Keys: []string{"h"}, Off: already(Histogram), Do: show(Histogram)},
		{Name: "plot the next column of numbers", Group: group, Label: "next column", Keys: []string{"n"}, Do: p.nextY},
		{Name: "plot over the next column", Group: group, Label: "other axis", Keys: []string{"x"}, Off: noX, Do: p.nextX},
		{Name: "scroll up", Group: group, Keys: []string{"up", "k"}, Do: scroll(-1)},
		{Name: "scroll down", Group: group, Keys: []string{"down", "j"}, Do: scroll(1)},
		{Name: "one page up", Group: group, Keys: []string{"pgup"}, Do: scroll(-max(p.page-1, 1))},
		{Name: "one page down", Group: group, Keys: []string{"pgdown"}, Do: scroll(max(p.page-1, 1))},
		{Name: "close it", Group: group, Label: "close", Keys: []string{"esc", "p"}, Do: func() keymap.Intent { return Close{} }},
	}
}

func (p *Plot) nextY() keymap.Intent {
	for n := 1; n <= len(p.columns); n++ {
		if i := (p.y + n) % len(p.columns); scaleOf(p.columns[i]) == numbers {
			p.y = i
			break
		}
	}
	if p.x == p.y {
		p.x = -1
	}
	return p.collect()
}

func (p *Plot) nextX() keymap.Intent {
	for {
		if p.x++; p.x == len(p.columns) {
			p.x = -1
		}
		if p.x != p.y {
			return p.collect()
		}
	}
}

// Key handles a key, and reports false if it means nothing here.
func (p *Plot) Key(k keymap.Key) (keymap.Intent, bool) {
	c := keymap.Find(p.Commands(), k.Name)
	if c == nil {
		return nil, false
	}
	return c.Run(), true
}
