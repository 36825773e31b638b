package screen

import (
	"strings"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// twoRowsHeight is the frame height from which the keys may take a second row.
const twoRowsHeight = 22

// footerKey is a key and its label.
type footerKey struct{ key, label string }

// keyLayout is the layout of the keys in the footer.
type keyLayout struct {
	rows [][]footerKey // at least one
	gap  int           // cells between two keys
}

// layoutKeys puts the keys into one row, with a smaller gap if necessary, or into two if
// the frame is tall enough. The last keys may be omitted.
func layoutKeys(keys []keymap.Command, width, height int) keyLayout {
	for gap := 2; gap >= 1; gap-- {
		if rows, all := keyRows(keys, width-2, 1, gap); all {
			return keyLayout{rows, gap}
		}
	}
	n := 1
	if height >= twoRowsHeight {
		n = 2
	}
	rows, _ := keyRows(keys, width-2, n, 2)
	return keyLayout{rows, 2}
}

// keyRows breaks the keys into at most n rows of at most width cells, in order, and
// reports whether all of them fit.
func keyRows(keys []keymap.Command, width, n, gap int) (rows [][]footerKey, all bool) {
	var row []footerKey
	used := -gap
	for i := range keys {
		h := footerKey{key: widget.Clean(keys[i].KeyText()), label: widget.Clean(keys[i].Label)}
		if h.label == "" || h.key == "" {
			continue
		}
		w := gap + keyCells(h)
		if used+w > width {
			if len(row) == 0 || len(rows) == n-1 {
				return append(rows, row), false
			}
			rows, row, used = append(rows, row), nil, -gap
		}
		row, used = append(row, h), used+w
	}
	return append(rows, row), true
}

// keyCells is the width of a key with its label.
func keyCells(h footerKey) int { return widget.Width(h.key) + 1 + widget.Width(h.label) }

// end is the column after the last key of the last row.
func (l keyLayout) end() int {
	x := 1
	for i, h := range l.rows[len(l.rows)-1] {
		if i > 0 {
			x += l.gap
		}
		x += keyCells(h)
	}
	return x
}

// paint draws the keys.
func (l keyLayout) paint(a widget.Area) {
	for y, row := range l.rows {
		x := 1
		for _, h := range row {
			x = a.Text(x, y, theme.Key, h.key)
			x = a.Text(x+1, y, theme.Muted, h.label) + l.gap
		}
	}
}

// paintFooter draws the keys, and the notes where they cover nothing: at the right of
// the footer, else at the right of the header's last row. If neither has room, the notes
// cover the last keys for as long as they are shown.
func paintFooter(header, footer widget.Area, keys keyLayout, v *View) {
	notes := widget.Clean(strings.Join(v.Notes, " · "))
	needs := widget.Width(notes) + 3
	_, text := alert(v, header.W-2)
	switch {
	case notes == "":
	case needs >= footer.W: // what was refused must be said, if only its beginning fits
		footer.Sub(0, footer.H-1, footer.W, 1).Text(1, 0, theme.Info, widget.Fit(notes, footer.W-2))
		keys.rows[len(keys.rows)-1] = nil
	case keys.end()+needs > footer.W && header.H > 0 && 1+widget.Width(text)+needs <= header.W:
		header.TextRight(header.W-1, header.H-1, theme.Info, " "+notes+" ")
	default:
		last := &keys.rows[len(keys.rows)-1]
		for keys.end()+needs > footer.W && len(*last) > 0 {
			*last = (*last)[:len(*last)-1]
		}
		footer.TextRight(footer.W-1, footer.H-1, theme.Info, notes)
	}
	keys.paint(footer)
}
