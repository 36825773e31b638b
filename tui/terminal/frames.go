package terminal

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

// frameGap is the least time between two frames. A change is painted at once unless another one
// was painted just before.
const frameGap = 8 * time.Millisecond

// What is written when the program takes the terminal over, and gives it back: the alternate
// screen, a hidden cursor, and pastes between marks.
const (
	takeScreen = "\x1b[?1049h\x1b[?25l\x1b[?2004h"
	giveScreen = "\x1b[?2004l\x1b[?25h\x1b[?1049l"
)

// frames paints frames in a goroutine of its own, so that a slow terminal does not hold up the
// event loop. Only the latest frame counts. It takes the place of Bubble Tea's renderer, which
// wakes up a hundred times a second whether or not anything has changed.
type frames struct {
	painter *Painter
	next    chan string // holds at most one frame

	mu    sync.Mutex
	on    bool     // the terminal is ours
	shown []string // the lines that have been painted
}

func newFrames(p *Painter) *frames { return &frames{painter: p, next: make(chan string, 1)} }

// run paints frames until quit is closed.
func (f *frames) run(quit <-chan struct{}) {
	for {
		select {
		case frame := <-f.next:
			f.paint(frame)
		case <-quit:
			return
		}
	}
}

// show hands over a frame, and drops the one before if it has not been painted yet. Only the event
// loop calls it.
func (f *frames) show(frame string) {
	select {
	case <-f.next:
	default:
	}
	f.next <- frame
}

// paint writes the lines that have changed.
func (f *frames) paint(frame string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.on || frame == "" {
		return
	}
	lines := strings.Split(frame, "\n")
	var b strings.Builder
	if len(lines) != len(f.shown) {
		f.shown = nil
	}
	for y, line := range lines {
		if f.shown != nil && f.shown[y] == line {
			continue
		}
		b.WriteString("\x1b[")
		b.WriteString(strconv.Itoa(y + 1))
		b.WriteString(";1H")
		b.WriteString(line)
	}
	f.shown = lines
	if b.Len() > 0 {
		f.painter.Write([]byte(b.String())) //nolint:errcheck // whoever cannot write cannot be told
	}
}

// repaint has the next frame painted as a whole, over whatever the terminal shows.
func (f *frames) repaint() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shown = nil
	if f.on {
		f.painter.Write([]byte("\x1b[2J")) //nolint:errcheck // as above
	}
}

// take takes the terminal over.
func (f *frames) take() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on, f.shown = true, nil
	f.painter.Write([]byte(takeScreen)) //nolint:errcheck // as above
}

// give gives the terminal back.
func (f *frames) give() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.on {
		f.on = false
		f.painter.Write([]byte(giveScreen)) //nolint:errcheck // as above
	}
}
