package screen

import (
	"slices"
	"strings"
	"unicode"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Presenter is how the console is shown to an audience; nil in a View is not at all.
type Presenter struct {
	ASCII   bool     // the terminal cannot show block characters
	Pressed []string // the keys that were pressed a moment ago, as people write them
}

// hidden takes the place of what an audience should not see.
const hidden = '…'

// privatePrefixes begin what is private: directories that name users and where secrets are kept.
var privatePrefixes = []string{"/home/", "/root/", "/Users/", "/tmp/", "/var/", "/private/", "/etc/", "/opt/", "/mnt/", "/run/", "/srv/", "/usr/", "~/"}

// tokenLength is the length from which hexadecimal digits are taken for a secret; the ids of
// clusters and requests are shorter.
const tokenLength = 48

// Hide replaces paths and tokens in a text. Addresses stay.
func Hide(text string) string {
	runes := []rune(text)
	spans := private(runes)
	if len(spans) == 0 {
		return text
	}
	var out []rune
	from := 0
	for _, s := range spans {
		out = append(append(out, runes[from:s[0]]...), hidden)
		from = s[1]
	}
	return string(append(out, runes[from:]...))
}

// private finds the parts of a text that an audience should not see.
func private(text []rune) (spans [][2]int) {
	for i := 0; i < len(text); i++ {
		end := i
		if i == 0 || !partOfWord(text[i-1]) {
			end = max(pathEnd(text, i), tokenEnd(text, i))
		}
		if end > i {
			spans = append(spans, [2]int{i, end})
			i = end - 1
		}
	}
	return spans
}

// partOfWord reports whether a path cannot begin after a character: that of an address does not.
func partOfWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("/.-_:]~", r)
}

// pathEnd is the end of the private path at i, or i if there is none.
func pathEnd(text []rune, i int) int {
	drive := i+2 < len(text) && unicode.IsLetter(text[i]) && text[i] < unicode.MaxASCII && text[i+1] == ':' && (text[i+2] == '\\' || text[i+2] == '/')
	if drive {
		drive = i+3 >= len(text) || text[i+3] != '/' // rather than the scheme of an address
	}
	if !drive && !slices.ContainsFunc(privatePrefixes, func(p string) bool { return hasPrefix(text[i:], p) }) {
		return i
	}
	for i < len(text) && text[i] != 0 && !unicode.IsSpace(text[i]) && !strings.ContainsRune("\"'`,;)]}│", text[i]) {
		i++
	}
	return i
}

func hasPrefix(text []rune, prefix string) bool {
	if len(text) < len(prefix) { // prefixes are ASCII
		return false
	}
	return string(text[:len(prefix)]) == prefix
}

// tokenEnd is the end of the token at i, or i if there is none.
func tokenEnd(text []rune, i int) int {
	end := i
	for end < len(text) && strings.ContainsRune("0123456789abcdefABCDEF", text[end]) {
		end++
	}
	if end-i < tokenLength {
		return i
	}
	return end
}

// HideEvents returns events as an audience may see them, and without who caused them.
func HideEvents(events []cluster.Event) []cluster.Event {
	shown := slices.Clone(events)
	for i := range shown {
		shown[i].Text, shown[i].Source = Hide(shown[i].Text), ""
	}
	return shown
}

// paintPressed draws the keys that were pressed in the first place of the frame where they cover
// nothing: at the right of the header, else at the bottom right.
func paintPressed(c *widget.Canvas, pressed []string) {
	if len(pressed) == 0 {
		return
	}
	a := c.Area()
	text := widget.Fit(" "+widget.Clean(strings.Join(pressed, "  "))+" ", a.W)
	w := widget.Width(text)
	x := a.W - w
	for _, y := range []int{1, 0, 2} {
		if y < a.H-1 && x > 0 && c.Blank(x-1, y, w+1) {
			a.Text(x, y, theme.ButtonFocus, text)
			return
		}
	}
	a.Text(x, a.H-1, theme.ButtonFocus, text)
}

// figuresFrom is the height of a frame from which the figures are large.
const figuresFrom = 24

// bigRows is the height of a large figure.
const bigRows = 3

// headerRows is the height of the overview's header.
func headerRows(v *View, height int) int {
	if v.Presenter == nil || height < figuresFrom || v.State.Meta == nil {
		return 3
	}
	return 2 + bigRows
}

// figure is a number or a word to be drawn large.
type figure struct {
	role        theme.Role
	text, label string
}

// figures are what an audience should see first: the state, the rows and the requests per second.
func figures(v *View) []figure {
	role, text := statusBadge(v)
	state := figure{text: strings.TrimSpace(strings.TrimLeft(text, "○✗▲✓ "))}
	switch role {
	case theme.GoodBadge:
		state.role = theme.Good
	case theme.WarnBadge:
		state.role = theme.Warn
	case theme.BadBadge:
		state.role = theme.Bad
	default:
		state.role = theme.Info
	}
	if v.State.Status() == api.StatusDegraded {
		state.text = strings.TrimSuffix(state.text, " SHARDS")
		state.label = "shards"
	}
	rows := figure{role: theme.Strong, text: strings.TrimSuffix(rowsFact(v), " rows"), label: "rows"}
	all := []figure{state, rows}
	if r := v.State.Clients.Now(); r.Known {
		all = append(all, figure{role: theme.Strong, text: widget.Rate(r.Requests), label: "req/s"})
		if r.Errors > 0 {
			all = append(all, figure{role: theme.Bad, text: widget.Rate(r.Errors), label: "err/s"})
		}
	}
	return all
}

// paintFigures draws the large figures. The state is also in the line above, so it goes first if
// there is no room for all.
func paintFigures(a widget.Area, v *View) {
	all := figures(v)
	need := func() (w int) {
		for _, f := range all {
			w += bigWidth(f.text, v.Presenter.ASCII) + len(f.label) + 4
		}
		return w
	}
	if need() > a.W {
		all = all[1:]
	}
	x := 1
	for _, f := range all {
		w := bigWidth(f.text, v.Presenter.ASCII)
		if x+w+len(f.label)+1 > a.W {
			return
		}
		paintBig(a, x, f.role, f.text, v.Presenter.ASCII)
		x = a.Text(x+w+1, bigRows-1, theme.Muted, f.label) + 3
	}
}
