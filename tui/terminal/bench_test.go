package terminal

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// BenchmarkPaste decodes a bracketed paste of 1 MiB from reads of a terminal's size.
func BenchmarkPaste(b *testing.B) {
	in := []byte(pasteStart + strings.Repeat("INSERT INTO T VALUES (1, 'été');\r\t", 1<<20/36) + pasteEnd)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		var d decoder
		var got []any
		for rest := in; len(rest) > 0; {
			n := min(4095, len(rest))
			got = append(got, d.feed(rest[:n], time.Time{})...)
			rest = rest[n:]
		}
		if len(got) != 1 {
			b.Fatalf("%d messages", len(got))
		}
	}
}

// BenchmarkFrame paints frames in which every line differs from the one before.
func BenchmarkFrame(b *testing.B) {
	for _, size := range [][2]int{{120, 40}, {200, 60}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			p := NewPainter(io.Discard, size[0], size[1], []string{"TERM=xterm-256color"})
			r := &bubble{out: p, width: size[0], height: size[1]}
			r.enter()
			frames := make([][]string, 2)
			for i := range frames {
				for y := range size[1] {
					frames[i] = append(frames[i], fmt.Sprintf("\x1b[38;5;%dm%*d\x1b[0m \x1b[1mrow\x1b[0m", 100+i, size[0]-10, y*7+i))
				}
			}
			for i := 0; b.Loop(); i++ {
				r.frame(frames[i%2])
			}
		})
	}
}
