// Package theme maps roles (a good state, a title, a shard's bar) to a look that the
// terminal can show. Screens paint in roles; only a [Theme] knows colours, so that the
// same frame can be shown dark, light, in high contrast or without colour.
//
// It contains no layout. Screens must not rely on colour alone: they add a symbol and a
// word to each state.
package theme

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Role is the meaning of a piece of text.
type Role uint8

// The roles.
const (
	Text        Role = iota // ordinary text
	Muted                   // labels, units, details
	Dim                     // the background of a dialog
	Strong                  // numbers and names that matter
	Brand                   // the program's name
	Title                   // titles of panels
	Head                    // headings of columns
	Border                  // frames
	DialogFrame             // the frame of the dialog on top
	Key                     // a key to press
	Good
	Warn
	Bad
	Info
	Stale // a number that may be out of date
	GoodBadge
	WarnBadge
	BadBadge
	InfoBadge
	Button
	ButtonFocus
	ButtonDanger // focused, and the action cannot be undone
	ButtonOff
	Selected // the chosen line of a list
	Series0  // the colours of the shards, see [Series]
	Series1
	Series2
	Series3
	Series4
	Series5
	roleCount
)

// Series returns the role of shard i's bars. Colours repeat after six shards;
// the shard's number is always written beside them.
func Series(i int) Role {
	if i < 0 {
		i = -i
	}
	return Series0 + Role(i%6)
}

// The names of the themes.
const (
	Dark         = "dark"
	Light        = "light"
	HighContrast = "high-contrast"
	ColourBlind  = "colour-blind"
	Mono         = "mono"
)

// Names lists the themes in the order in which the console's key cycles through them.
func Names() []string { return []string{Dark, Light, HighContrast, ColourBlind, Mono} }

// Next returns the theme after name in [Names].
func Next(name string) string {
	all := Names()
	for i, n := range all {
		if n == name {
			return all[(i+1)%len(all)]
		}
	}
	return all[0]
}

// Theme turns roles into escape sequences. It is immutable and safe for
// concurrent use.
type Theme struct {
	name  string
	ascii bool
	open  [roleCount]string
	close [roleCount]string
}

// Options adjust a theme to the terminal.
type Options struct {
	Profile termenv.Profile // how many colours the terminal has; Ascii emits no escape sequences at all
	ASCII   bool            // the terminal cannot show line drawing and block characters
}

// New returns the theme with that name, one of [Names]. The error for any other name
// lists them.
func New(name string, o Options) (*Theme, error) {
	p, ok := palettes[name]
	if !ok {
		return nil, fmt.Errorf("there is no theme %q; choose one of %s", name, strings.Join(Names(), ", "))
	}
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(o.Profile)
	t := &Theme{name: name, ascii: o.ASCII}
	for role := range roleCount {
		t.open[role], t.close[role] = sequences(p.style(r, role, o.Profile))
	}
	return t, nil
}

// sequences returns the escape sequences before and after text in the style. A style is
// rendered only once, not for each run of each frame.
func sequences(s lipgloss.Style) (open, end string) {
	const probe = "x"
	open, end, _ = strings.Cut(s.Render(probe), probe)
	return open, end
}

// Name returns the theme's name.
func (t *Theme) Name() string { return t.name }

// Paint appends text in the look of role. The text must be free of control characters.
func (t *Theme) Paint(b *strings.Builder, role Role, text string) {
	if role >= roleCount {
		role = Text
	}
	b.WriteString(t.open[role])
	if t.ascii {
		text = strings.Map(foldRune, text)
	}
	b.WriteString(text)
	b.WriteString(t.close[role])
}

// foldRune maps the drawing characters that the console uses to ASCII of the same width.
func foldRune(r rune) rune {
	if r < 0x80 {
		return r
	}
	if a, ok := asciiFor[r]; ok {
		return a
	}
	if r >= 0x2400 && r <= 0x2421 { // pictures of control characters
		return '^'
	}
	return r
}

var asciiFor = map[rune]rune{
	'─': '-', '│': '|', '╭': '+', '╮': '+', '╰': '+', '╯': '+', '├': '+', '┤': '+', '━': '=', '┃': '|', '┆': ':',
	'┬': '+', '┴': '+', '┼': '+', '┣': '+', '┫': '+', '┳': '+', '┻': '+', '╋': '+', '┄': '-', '┈': '-', '┊': ':',
	'═': '=', '║': '|', '╔': '+', '╗': '+', '╚': '+', '╝': '+', '╠': '+', '╣': '+', '╦': '+', '╩': '+', '╬': '+',
	'╴': '-', '╵': '|', '╶': '-', '╷': '|', '▶': '>', '▀': '"', '±': '~',
	'└': '+', '┘': '+', '┌': '+', '┐': '+', '┏': '+', '┓': '+', '┗': '+', '┛': '+', '╌': '-',
	'█': '#', '▉': '#', '▊': '#', '▋': '#', '▌': '#', '▍': '=', '▎': '=', '▏': '-', '░': '.', '▒': ':', '▓': '%',
	'▁': '_', '▂': '_', '▃': '.', '▄': '-', '▅': '-', '▆': '=', '▇': '#',
	'●': '*', '○': 'o', '▲': '!', '✗': 'x', '✓': 'v', '⊘': '/', '≠': '=', '◆': '#', '∅': '0', '▸': '>', '★': '*', '✎': '~', '…': '~', '·': '.', '—': '-', '–': '-',
	'Σ': 'S', '↑': '^', '↓': 'v', '←': '<', '→': '>', '×': 'x', '‖': '=', '≤': '<', '≥': '>', '÷': '/', 'µ': 'u', '�': '?', '◌': 'o', '‹': '<', '›': '>', '↵': '$',
}
