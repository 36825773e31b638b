package screen

import (
	"fmt"
	"time"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Progress shows how far long work is, which can be cancelled.
type Progress struct {
	title       string
	began       time.Time
	done, total int
}

// Progressed says how far the work is.
type Progressed struct{ Done, Total int }

// CancelWork cancels what a [Progress] shows.
type CancelWork struct{}

// NewProgress returns the dialog of work that begins.
func NewProgress(title string, now time.Time) *Progress { return &Progress{title: title, began: now} }

// Commands lists the keys.
func (p *Progress) Commands(*View) []keymap.Command {
	return []keymap.Command{{Name: "cancel", Label: "cancel", Group: groupDialog, Keys: []string{"esc", "ctrl+c"}, Do: asks(CancelWork{})}}
}

// Update takes in how far it is.
func (p *Progress) Update(msg any) Intent {
	if m, ok := msg.(Progressed); ok && m.Total > 0 {
		p.done, p.total = m.Done, m.Total
	}
	return nil
}

// Paint draws a bar.
func (p *Progress) Paint(a widget.Area, v *View) {
	in := a.Center(64, 5).Dialog(p.title, "Esc cancel")
	in.Text(0, 1, theme.Info, widget.Bar(float64(p.done), float64(p.total), in.W))
	in.Text(0, 2, theme.Muted, fmt.Sprintf("%s of %s rows · %s", widget.Thousands(int64(p.done)), widget.Thousands(int64(p.total)), widget.Age(v.Now.Sub(p.began))))
}
