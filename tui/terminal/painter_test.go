package terminal

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"pgregory.net/rapid"
)

// headless is a terminal without a window.
func headless(t interface{ Cleanup(func()) }, w, h int) *vt.Emulator {
	e := vt.NewEmulator(w, h)
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(io.Discard, e) //nolint:errcheck // its answers, which it would otherwise wait to deliver
	}()
	t.Cleanup(func() {
		if c, ok := e.InputPipe().(io.Closer); ok {
			c.Close()
			<-done
		}
	})
	return e
}

// bubble writes what Bubble Tea v1's renderer writes; see its standard_renderer.go.
type bubble struct {
	out           io.Writer
	width, height int
	last          []string
}

func (b *bubble) send(s string) { io.WriteString(b.out, s) } //nolint:errcheck // into memory

func (b *bubble) frame(lines []string) {
	var s strings.Builder
	s.WriteString(ansi.CursorHomePosition)
	for i, line := range lines {
		if i < len(b.last) && b.last[i] == line {
			if i < len(lines)-1 {
				s.WriteByte('\n')
			}
			continue
		}
		line = ansi.Truncate(line, b.width, "")
		if ansi.StringWidth(line) < b.width {
			line += ansi.EraseLineRight
		}
		s.WriteString(line)
		if i < len(lines)-1 {
			s.WriteString("\r\n")
		}
	}
	if len(b.last) > len(lines) {
		s.WriteString(ansi.EraseScreenBelow)
	}
	s.WriteString(ansi.CursorPosition(0, len(lines)))
	b.send(s.String())
	b.last = lines
}

func (b *bubble) enter() {
	b.send(ansi.SetModeAltScreenSaveCursor)
	b.clear()
	b.send(ansi.HideCursor)
}

func (b *bubble) clear() {
	b.send(ansi.EraseEntireScreen)
	b.send(ansi.CursorHomePosition)
	b.last = nil
}

func (b *bubble) leave() {
	b.send(ansi.EraseEntireLine)
	b.send("\r")
	b.send(ansi.ResetModeBracketedPaste)
	b.send(ansi.ShowCursor)
	b.send(ansi.ResetModeAltScreenSaveCursor)
	b.last = nil
}

var scraps = []string{"", " ", "a", "row", "─", "█▇▆", "é", "e\u0301", "日本", "한", "नि", "🙂", "\x1b[1mbold\x1b[0m", "\x1b[31;44mred\x1b[m",
	"\x1b[38;5;200mx\x1b[39m", "\x1b[48;2;1;2;3m   \x1b[0m", "\x1b[7mrev\x1b[27m", strings.Repeat("=", 30), strings.Repeat(" ", 12),
	"\x1b]8;;http://example.com\x07link\x1b]8;;\x07"}

// terms are terminals of various abilities. The headless terminal knows no insert mode, so
// those that can insert characters by that alone are not among them.
var terms = []string{"xterm-256color", "tmux-256color", "screen", "linux", "alacritty"}

func drawFrame(t *rapid.T, b *bubble) []string {
	lines := make([]string, rapid.IntRange(1, b.height).Draw(t, "lines"))
	for i := range lines {
		if i < len(b.last) && rapid.Bool().Draw(t, "same") {
			lines[i] = b.last[i]
			continue
		}
		lines[i] = strings.Join(rapid.SliceOfN(rapid.SampledFrom(scraps), 0, 5).Draw(t, "line"), "")
	}
	if len(b.last) == len(lines) && rapid.IntRange(0, 3).Draw(t, "scrolled") == 0 {
		lines = append(b.last[1:len(b.last):len(b.last)], lines[0])
	}
	return lines
}

// TestScreensAreEqual compares two terminals after random frames, resizes, clearings and
// suspensions: one that receives what Bubble Tea writes, and one behind a Painter.
func TestScreensAreEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 40).Draw(t, "w"), rapid.IntRange(1, 12).Draw(t, "h")
		plain, painted := headless(t, w, h), headless(t, w, h)
		painter := NewPainter(painted, w, h, []string{"TERM=" + rapid.SampledFrom(terms).Draw(t, "term")})
		b := &bubble{out: io.MultiWriter(plain, painter), width: w, height: h}
		b.enter()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"frame", "frame", "frame", "resize", "clear", "suspend"}).Draw(t, "step") {
			case "clear":
				b.clear()
			case "suspend":
				b.leave()
				sameScreen(t, plain, painted)
				b.enter()
			case "resize":
				w, h = rapid.IntRange(1, 40).Draw(t, "w"), rapid.IntRange(1, 12).Draw(t, "h")
				plain.Resize(w, h)
				painted.Resize(w, h)
				b.width, b.height, b.last = w, h, nil
				if rapid.Bool().Draw(t, "late frame") { // drawn before the program learns of the size
					b.frame(drawFrame(t, b))
				}
				painter.Resize(w, h)
				b.clear()
			}
			b.frame(drawFrame(t, b))
			sameScreen(t, plain, painted)
		}
		b.leave()
		sameScreen(t, plain, painted)
	})
}

func sameScreen(t *rapid.T, plain, painted *vt.Emulator) {
	t.Helper()
	for y := range plain.Height() {
		for x := range plain.Width() {
			a, b := plain.CellAt(x, y), painted.CellAt(x, y)
			if text(a) != text(b) {
				t.Fatalf("row %d, column %d: %s, want %s\nwant:\n%s\ngot:\n%s", y, x, text(b), text(a), plain.String(), painted.String())
			}
		}
	}
	if plain.IsAltScreen() != painted.IsAltScreen() {
		t.Fatal("only one shows the alternate screen")
	}
}

func TestPainterWritesDifferences(t *testing.T) {
	e := headless(t, 80, 24)
	p := NewPainter(e, 80, 24, []string{"TERM=xterm-256color"})
	b := &bubble{out: p, width: 80, height: 24}
	b.enter()
	lines := make([]string, 24)
	for i := range lines {
		lines[i] = fmt.Sprintf("%-76s%3d", "row", i)
	}
	b.frame(lines)
	before := p.Traffic()
	next := append([]string(nil), lines...)
	next[7] = fmt.Sprintf("%-76s%3d", "row", 999)
	b.frame(next)
	after := p.Traffic()
	if n := after.Written - before.Written; n < 3 || n > 20 {
		t.Errorf("%d bytes for three cells", n)
	}
	if n := after.Given - before.Given; n < 80 {
		t.Errorf("given only %d bytes", n)
	}
	before = after
	b.frame(next)
	if after = p.Traffic(); after.Written != before.Written {
		t.Errorf("%d bytes for an unchanged frame", after.Written-before.Written)
	}
}

func TestPainterPassesTheRestThrough(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"outside the alternate screen": {"abc\x1b[31m\r\n\x1b[2J", "abc\x1b[31m\r\n\x1b[2J"},
		"modes":                        {"\x1b[?1049h\x1b[?2004h\x1b[?25l", "\x1b[?1049h\x1b[?2004h\x1b[?25l"},
		"title and clipboard":          {"\x1b[?1049h\x1b]2;title\x07\x1b]52;c;YQ==\x07", "\x1b[?1049h\x1b]2;title\x07\x1b]52;c;YQ==\x07"},
	} {
		var out strings.Builder
		if _, err := NewPainter(&out, 10, 3, nil).Write([]byte(c.in)); err != nil || out.String() != c.want {
			t.Errorf("%s: %q, want %q (%v)", name, out.String(), c.want, err)
		}
	}
	var out strings.Builder
	p := NewPainter(&out, 0, 0, nil)
	if p.Write([]byte("\x1b[?1049hab")); out.String() != "\x1b[?1049hab" {
		t.Errorf("without a size: %q", out.String())
	}
}
