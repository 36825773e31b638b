package detail

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/sqltypes"
	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Close is the intent of a detail that is left.
type Close struct{}

// View is a way to show a value.
type View int8

// The views.
const (
	AsText View = iota
	AsJSON
	AsHex
)

// maxText bounds the text that is wrapped for display, in bytes. As bytes, all of a value can be
// seen.
const maxText = 4 << 20

// Value is a value on its own.
type Value struct {
	column grid.Column
	cell   grid.Cell
	bytes  []byte // what the value consists of
	json   string // formatted; "" if it is not an object or array
	view   View
	top    int
	page   int
	lines  []line // of the view, wrapped for width
	width  int
}

// line is a row of wrapped text; end says how it ends in the value.
type line struct {
	text string
	end  string
}

// NewValue shows a value of a column: as formatted JSON if it is an object or an array, and as
// bytes if the column is binary.
func NewValue(c grid.Column, cell grid.Cell) *Value {
	v := &Value{column: c, cell: cell, width: -1, page: 1}
	if cell.Null {
		return v
	}
	v.bytes = []byte(cell.Text)
	if t, err := sqltypes.Parse(c.Type); err == nil && t.Kind.IsBinary() {
		if raw, err := hex.DecodeString(strings.TrimPrefix(cell.Text, "0x")); err == nil {
			v.bytes, v.view = raw, AsHex
			return v
		}
	}
	if v.json = formatted(cell.Text); v.json != "" {
		v.view = AsJSON
	}
	return v
}

// formatted returns JSON with line breaks and indentation, "" for a text that is no object or
// array.
func formatted(text string) string {
	trimmed := strings.TrimSpace(text)
	if len(text) > maxText || trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' {
		return ""
	}
	v := jsontext.Value(trimmed)
	if v.Indent(jsontext.AllowDuplicateNames(true), jsontext.WithIndent("  ")) != nil {
		return ""
	}
	return string(v)
}

// Facts says what the value is: its type and its length.
func (v *Value) Facts() string {
	var parts []string
	if v.column.Type != "" {
		parts = append(parts, v.column.Type)
	}
	switch {
	case v.cell.Null:
		parts = append(parts, "NULL")
	case v.binary():
		parts = append(parts, plural(len(v.bytes), "byte"))
	default:
		parts = append(parts, plural(utf8.RuneCountInString(v.cell.Text), "character"), plural(len(v.bytes), "byte"))
		if n := strings.Count(v.cell.Text, "\n"); n > 0 {
			parts = append(parts, plural(n+1, "line"))
		}
	}
	if v.view == AsText && len(v.cell.Text) > maxText {
		parts = append(parts, "the first "+widget.Bytes(maxText)+" are shown; h shows all as bytes")
	}
	return strings.Join(parts, " · ")
}

func (v *Value) binary() bool {
	t, err := sqltypes.Parse(v.column.Type)
	return err == nil && t.Kind.IsBinary()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return widget.Thousands(int64(n)) + " " + noun + "s"
}

// Title is the name of the column.
func (v *Value) Title() string { return v.column.Name }

// View returns how the value is shown.
func (v *Value) View() View { return v.view }

// Commands returns what can be done with the value.
func (v *Value) Commands() []keymap.Command {
	const group = "A whole value"
	const far = 1 << 40
	scroll := func(by int) func() keymap.Intent {
		return func() keymap.Intent { v.top = max(v.top+by, 0); return nil }
	}
	show := func(view View) func() keymap.Intent {
		return func() keymap.Intent { v.view, v.top, v.width = view, 0, -1; return nil }
	}
	why := func(not bool, text string) string {
		if not {
			return text
		}
		return ""
	}
	return []keymap.Command{
		{Name: "one line up", Group: group, Keys: []string{"up", "k"}, Do: scroll(-1)},
		{Name: "one line down", Group: group, Keys: []string{"down", "j"}, Do: scroll(1)},
		{Name: "one page up", Group: group, Keys: []string{"pgup", "ctrl+b"}, Do: scroll(-max(v.page-1, 1))},
		{Name: "one page down", Group: group, Keys: []string{"pgdown", "ctrl+f", " "}, Do: scroll(max(v.page-1, 1))},
		{Name: "to the beginning", Group: group, Keys: []string{"home", "g", "ctrl+home"}, Do: scroll(-far)},
		{Name: "to the end", Group: group, Keys: []string{"end", "G", "ctrl+end"}, Do: scroll(far)},
		{Name: "show the text", Group: group, Label: "text", Keys: []string{"t"}, Off: why(v.view == AsText, "the text is shown"), Do: show(AsText)},
		{Name: "show formatted JSON", Group: group, Label: "JSON", Keys: []string{"f"},
			Off: why(v.json == "", "the value is not a JSON object or array"), Do: show(AsJSON)},
		{Name: "show the bytes", Group: group, Label: "hex", Keys: []string{"h"}, Off: why(v.cell.Null, "NULL has no bytes"), Do: show(AsHex)},
		{Name: "copy the value", Group: group, Label: "copy", Keys: []string{"y"}, Off: why(v.cell.Null, "NULL is no text to copy"),
			Do: func() keymap.Intent { return keymap.Copy{Text: v.copied(), What: "the value of " + v.column.Name} }},
		{Name: "close it", Group: group, Label: "close", Keys: []string{"esc", "enter"}, Do: func() keymap.Intent { return Close{} }},
	}
}

// copied is what a copy of the value has: formatted JSON if that is shown, else the value.
func (v *Value) copied() string {
	if v.view == AsJSON {
		return v.json
	}
	return v.cell.Text
}

// Key handles a key, and reports false if it means nothing here.
func (v *Value) Key(k keymap.Key) (keymap.Intent, bool) {
	c := keymap.Find(v.Commands(), k.Name)
	if c == nil {
		return nil, false
	}
	return c.Run(), true
}

// Paint draws the value and, on the last line, its type and length.
func (v *Value) Paint(a widget.Area) {
	if a.W <= 0 || a.H <= 0 {
		return
	}
	body := a.Sub(0, 0, a.W, max(a.H-1, 1))
	if a.H > 1 {
		a.Data(0, a.H-1, theme.Muted, v.Facts(), a.W)
	}
	v.page = body.H
	switch {
	case v.cell.Null:
		body.Text(0, 0, theme.Stale, "‹NULL›")
	case v.view == AsHex:
		v.paintHex(body)
	default:
		v.paintText(body)
	}
}

func (v *Value) paintText(a widget.Area) {
	if v.width != a.W {
		text := v.cell.Text
		if v.view == AsJSON {
			text = v.json
		}
		if len(text) > maxText {
			text = strings.ToValidUTF8(text[:maxText], "")
		}
		v.lines, v.width = wrap(text, a.W), a.W
	}
	v.top = max(min(v.top, len(v.lines)-a.H), 0)
	for y := range min(a.H, len(v.lines)-v.top) {
		l := v.lines[v.top+y]
		x := a.Text(0, y, theme.Text, l.text)
		if v.view == AsText {
			a.Text(x, y, theme.Muted, l.end)
		}
	}
}

// wrap breaks a text into rows of at most width cells, between clusters and after spaces if
// possible. A cell is left for the mark of a line end.
func wrap(text string, width int) []line {
	room := max(width-1, 1)
	var lines []line
	for text != "" {
		row, end, rest := text, "", ""
		if i := strings.IndexByte(text, '\n'); i >= 0 {
			row, end, rest = text[:i], "↵", text[i+1:]
		}
		if r, ok := strings.CutSuffix(row, "\r"); ok && end != "" {
			row, end = r, "␍↵"
		}
		lines = wrapRow(lines, row, room)
		lines[len(lines)-1].end = end
		if rest == "" && end != "" {
			lines = append(lines, line{}) // a text that ends in a line end has an empty last line
		}
		text = rest
	}
	if len(lines) == 0 {
		lines = append(lines, line{})
	}
	return lines
}

// wrapRow appends the rows of one line of a text, at least one.
func wrapRow(lines []line, s string, room int) []line {
	var b strings.Builder
	used, space := 0, 0 // space is where the last word of b begins
	for s != "" {
		if b.Len() == 0 && len(s) > room && isASCII(s[:room+1]) { // most text, without a look at each character
			n := room
			if i := strings.LastIndexByte(s[:room], ' '); i >= 0 {
				n = i + 1
			}
			lines = append(lines, line{text: s[:n]})
			s = s[n:]
			continue
		}
		cluster, w, n := widget.NextCluster(s)
		if used+w > room && used > 0 {
			row := b.String()
			b.Reset()
			if space > 0 {
				lines = append(lines, line{text: row[:space]})
				b.WriteString(row[space:])
				used = widget.Width(row[space:])
			} else {
				lines = append(lines, line{text: row})
				used = 0
			}
			space = 0
			continue
		}
		b.WriteString(cluster)
		used += w
		if cluster == " " {
			space = b.Len()
		}
		s = s[n:]
	}
	return append(lines, line{text: b.String()})
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// paintHex draws offsets, bytes and the ASCII among them.
func (v *Value) paintHex(a widget.Area) {
	per := 16
	if a.W < 10+3*per+1+per {
		per = 8
	}
	rows := (len(v.bytes) + per - 1) / per
	v.top = max(min(v.top, rows-a.H), 0)
	for y := range min(a.H, rows-v.top) {
		at := (v.top + y) * per
		part := v.bytes[at:min(at+per, len(v.bytes))]
		a.Text(0, y, theme.Muted, fmt.Sprintf("%08x", at))
		for i, b := range part {
			x := 10 + 3*i
			a.Text(x, y, theme.Text, hex.EncodeToString([]byte{b}))
			shown := "·"
			if b >= ' ' && b <= '~' {
				shown = string(rune(b))
			}
			a.Text(10+3*per+1+i, y, theme.Info, shown)
		}
	}
	if rows == 0 {
		a.Text(0, 0, theme.Muted, "no bytes")
	}
}
