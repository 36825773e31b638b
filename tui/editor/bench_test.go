package editor

import (
	"fmt"
	"strings"
	"testing"

	"shardeck/tui/keymap"
	"shardeck/tui/widget"
)

// script returns a text of so many lines of SQL.
func script(lines int) string {
	var b strings.Builder
	for i := range lines {
		fmt.Fprintf(&b, "INSERT INTO students (id, name) VALUES (%d, N'Zoë O''Neil'); -- row\n", i)
	}
	return b.String()
}

// BenchmarkKey measures a key and the drawing after it, at 200x60.
func BenchmarkKey(b *testing.B) {
	long := script(10_000)
	for _, bc := range []struct {
		name, text string
		at         int
		keys       string
	}{
		{"type/start", long, 0, "x"},
		{"type/middle", long, len(long) / 2, "x"},
		{"type/end", long, len(long), "x"},
		{"quote/start", long, 0, "'"},
		{"type/line_of_1MiB", strings.Repeat("SELECT a, 'b', ", 70_000), 500_000, "x"},
		{"type/line_of_1MiB_CJK", strings.Repeat("李小龙 ", 110_000), 500_000, "x"},
		{"type/4MiB", strings.Repeat(script(100), 580), 2 << 20, "x"},
	} {
		b.Run(bc.name, func(b *testing.B) {
			e := New(bc.text)
			e.MoveTo(bc.at)
			c := widget.NewCanvas(200, 60)
			e.Paint(c.Area(), Look{Focused: true})
			for b.Loop() {
				e.Key(keymap.Key{Name: bc.keys, Text: bc.keys})
				e.Paint(c.Area(), Look{Focused: true})
			}
		})
	}
	b.Run("jump/end_and_back", func(b *testing.B) {
		e := New(long)
		c := widget.NewCanvas(200, 60)
		for b.Loop() {
			e.Key(keymap.Key{Name: "ctrl+end"})
			e.Paint(c.Area(), Look{Focused: true})
			e.Key(keymap.Key{Name: "ctrl+home"})
			e.Key(keymap.Key{Name: "x", Text: "x"})
			e.Paint(c.Area(), Look{Focused: true})
		}
	})
	b.Run("down", func(b *testing.B) {
		e := New(long)
		c := widget.NewCanvas(200, 60)
		for b.Loop() {
			e.Key(keymap.Key{Name: "down"})
			e.Paint(c.Area(), Look{Focused: true})
		}
	})
	b.Run("bracket_without_partner", func(b *testing.B) {
		e := New("(" + long)
		c := widget.NewCanvas(200, 60)
		for b.Loop() {
			e.Paint(c.Area(), Look{Focused: true})
		}
	})
}

// BenchmarkPaste measures the insertion of 1 MiB and the drawing after it.
func BenchmarkPaste(b *testing.B) {
	text := strings.Repeat(script(100), 145)
	for b.Loop() {
		e := New("")
		if err := e.Insert(text); err != nil {
			b.Fatal(err)
		}
		c := widget.NewCanvas(200, 60)
		e.Paint(c.Area(), Look{Focused: true})
	}
}
