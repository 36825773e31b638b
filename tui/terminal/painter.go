package terminal

import (
	"bytes"
	"io"
	"runtime"
	"sync"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Painter is a program's output that writes to the terminal only the cells that change. While
// the alternate screen is shown it keeps the cells of the terminal, takes in what is written
// as a terminal would, and writes the difference at the end of each Write. Control sequences
// that do not concern cells go through, and so does everything outside the alternate screen
// or before the size is known.
//
// It is safe for concurrent use.
type Painter struct {
	out io.Writer

	mu       sync.Mutex
	alt      bool
	changed  bool // cells differ from what the terminal shows
	cells    *uv.RenderBuffer
	renderer *uv.TerminalRenderer
	pending  bytes.Buffer // of one Write, so that it reaches the terminal in one piece
	parser   *ansi.Parser
	pen      uv.Cell // style and link of the next character
	x, y     int
	traffic  Traffic
	report   func(Traffic) // nil for nobody
}

// Traffic counts what a Painter has been given, which is what the terminal would have
// received without it, and what it has written.
type Traffic struct{ Given, Written int64 }

// NewPainter returns a Painter of a terminal of that size; 0 is not known. environ are
// variables such as TERM.
func NewPainter(out io.Writer, width, height int, environ []string) *Painter {
	p := &Painter{out: out, parser: ansi.NewParser(), cells: uv.NewRenderBuffer(max(width, 0), max(height, 0))}
	p.renderer = uv.NewTerminalRenderer(&p.pending, environ)
	p.renderer.SetColorProfile(colorprofile.TrueColor) // the theme has chosen colours that the terminal has
	p.renderer.SetFullscreen(true)
	p.renderer.SetRelativeCursor(false)
	p.renderer.SetScrollOptim(runtime.GOOS != "windows") // Windows Terminal leaves the scrolled region
	p.renderer.Resize(max(width, 0), max(height, 0))
	return p
}

// Resize takes in the terminal's new size. What a terminal shows after that is its own
// choice, so all is painted again with the next frame.
func (p *Painter) Resize(width, height int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cells.Resize(max(width, 0), max(height, 0))
	p.renderer.Resize(max(width, 0), max(height, 0))
	p.renderer.Erase()
}

// Traffic returns what has been counted so far.
func (p *Painter) Traffic() Traffic {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.traffic
}

// Write takes in output of the program.
func (p *Painter) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traffic.Given += int64(len(b))
	var state byte
	for rest := b; len(rest) > 0; {
		seq, width, n, next := ansi.DecodeSequence(rest, state, p.parser)
		if n == 1 && len(rest) > 1 && rest[1] >= 0xc0 && seq[0] >= ' ' && seq[0] < 0x7f {
			// ASCII is decoded on its own, although a combining character may follow.
			if cluster, w := ansi.FirstGraphemeCluster(rest, ansi.GraphemeWidth); len(cluster) > 1 {
				seq, width, n = cluster, w, len(cluster)
			}
		}
		p.take(seq, width)
		rest, state = rest[n:], next
	}
	p.paint()
	return len(b), p.send()
}

// Pass writes to the terminal itself, such as a question to it, without a change of the cells.
func (p *Painter) Pass(sequence string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traffic.Given += int64(len(sequence))
	p.pending.WriteString(sequence)
	return p.send()
}

// send writes what is pending. One Write is one write, so that a terminal seldom shows half
// of a frame.
func (p *Painter) send() error {
	var err error
	if p.pending.Len() > 0 {
		var n int
		n, err = p.out.Write(p.pending.Bytes())
		p.traffic.Written += int64(n)
		p.pending.Reset()
	}
	if p.report != nil {
		p.report(p.traffic)
	}
	return err
}

// paint appends to pending what turns the terminal's cells into ours.
func (p *Painter) paint() {
	if !p.changed {
		return
	}
	p.changed = false
	p.renderer.Render(p.cells)
	p.renderer.Flush() //nolint:errcheck // into a bytes.Buffer
}

// take takes in one character or sequence.
func (p *Painter) take(seq []byte, width int) {
	if p.alt && p.cells.Width() > 0 && p.cells.Height() > 0 && p.draw(seq, width) {
		return
	}
	p.paint()
	p.pending.Write(seq)
	switch string(seq) {
	case ansi.SetModeAltScreenSaveCursor:
		p.alt, p.pen = true, uv.Cell{}
		p.clear()
	case ansi.ResetModeAltScreenSaveCursor:
		p.alt = false
	}
}

// clear forgets what the terminal shows. Nothing is painted until the next frame, which is
// there at once.
func (p *Painter) clear() {
	p.cells.Clear()
	p.renderer.Erase()
	p.renderer.SetPosition(-1, -1)
	p.x, p.y = 0, 0
}

// draw takes in what concerns cells, and reports whether seq does.
func (p *Painter) draw(seq []byte, width int) bool {
	switch {
	case width > 0:
		p.put(string(seq), width)
	case string(seq) == "\r":
		p.x = 0
	case string(seq) == "\n":
		p.y = min(p.y+1, p.cells.Height()-1)
	case seq[0] >= 0xc0: // a combining character after a sequence
		if c := p.cells.CellAt(p.x-1, p.y); c != nil && c.Width > 0 {
			folded := *c
			folded.Content += string(seq)
			p.cells.SetCell(p.x-1, p.y, &folded)
			p.changed = true
		}
	case ansi.HasCsiPrefix(seq):
		return p.control(ansi.Cmd(p.parser.Command()), p.parser.Params())
	case ansi.HasOscPrefix(seq) && p.parser.Command() == 8:
		uv.ReadLink(p.parser.Data(), &p.pen.Link)
	default:
		return false
	}
	return true
}

func (p *Painter) put(text string, width int) {
	c := p.pen
	c.Content, c.Width = text, width
	p.cells.SetCell(p.x, p.y, &c)
	p.x += width
	p.changed = true
}

// control takes in a control sequence of those that Bubble Tea's renderer writes, and reports
// whether it is one that concerns cells.
func (p *Painter) control(cmd ansi.Cmd, params ansi.Params) bool {
	if cmd.Prefix() != 0 || cmd.Intermediate() != 0 {
		return false
	}
	first, _, _ := params.Param(0, 0)
	w, h := p.cells.Width(), p.cells.Height()
	at := min(p.x, w-1) // after the last column a terminal's cursor is still in it
	switch cmd.Final() {
	case 'm':
		uv.ReadStyle(params, &p.pen.Style)
	case 'H':
		row, _, _ := params.Param(0, 1)
		column, _, _ := params.Param(1, 1)
		p.y, p.x = min(max(row, 1), h)-1, min(max(column, 1), w)-1
	case 'K':
		switch first {
		case 0:
			p.erase(at, p.y, w)
		case 1:
			p.erase(0, p.y, at+1)
		case 2:
			p.erase(0, p.y, w)
		}
	case 'J':
		switch first {
		case 0:
			p.erase(at, p.y, w)
			for y := p.y + 1; y < h; y++ {
				p.erase(0, y, w)
			}
		case 2:
			x, y := p.x, p.y
			p.clear()
			p.x, p.y = x, y
		default:
			return false
		}
	default:
		return false
	}
	return true
}

// erase blanks the cells from x to before end, in the background colour of the pen.
func (p *Painter) erase(x, y, end int) {
	blank := uv.EmptyCell
	blank.Style.Bg = p.pen.Style.Bg
	for ; x < min(end, p.cells.Width()); x++ {
		p.cells.SetCell(x, y, &blank)
	}
	p.changed = true
}
