package screen

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muesli/termenv"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
)

// inserts is a text of about so many bytes, of statements of one line each.
func inserts(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "INSERT INTO Students VALUES (%d, N'Zoë No. %d');\n", i, i)
	}
	return b.String()
}

// A frame after a letter in a long text, as bench prints it with its aim.
func BenchmarkLetterInLongText(b *testing.B) {
	th := newTheme(b, theme.Dark, termenv.TrueColor)
	const lines = 479 << 10 // about 10,000
	values := "INSERT INTO Students VALUES\n" + strings.Repeat("(1, N'Zoë No. 1'),\n", 25_000)
	for _, text := range []struct{ name, sql string }{
		{"10,000_lines", inserts(lines)}, {"1_MiB", inserts(1 << 20)}, {"one_statement", values}, {"in_GO", strings.ReplaceAll(inserts(lines), ";\n", "\nGO\n")},
	} {
		line := strings.LastIndexByte(text.sql[:len(text.sql)/2], '\n') + 1
		for _, at := range []struct {
			name   string
			offset int
		}{{"start", 0}, {"middle", line}, {"end", len(text.sql)}} {
			b.Run(text.name+"/"+at.name, func(b *testing.B) {
				v := tabled()
				q := NewQuery(QueryOptions{})
				Paste(q, text.sql)
				q.tab().editor.MoveTo(at.offset)
				dash := &Dashboard{}
				Render(th, 200, 60, v, dash, q)
				i := 0
				for b.Loop() {
					k := string("select * from Students where "[i%29])
					Press(q, v, keymap.Key{Name: k, Text: k})
					Render(th, 200, 60, v, dash, q)
					i++
				}
			})
		}
	}
}
