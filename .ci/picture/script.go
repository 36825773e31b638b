package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hinshun/vt10x"
)

// step is a line of a script: keys to press, how long to wait then, and the picture to take, "" for
// none. A script is read from a file of lines such as
//
//	3      1s  schema.svg
//	e<F5>  2s  query.svg
//
// where a line that begins with # is a comment, and - stands for no keys.
type step struct {
	keys  []string
	after time.Duration
	out   string
}

// named are the keys that are written by their names.
var named = map[string]string{"F5": "\x1b[15~", "F12": "\x1b[24~", "Esc": "\x1b", "Enter": "\r", "Tab": "\t", "Down": "\x1b[B", "Right": "\x1b[C", "PgDn": "\x1b[6~", "Space": " "}

// readScript reads the steps of a script.
func readScript(path string) ([]step, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var steps []step
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		s := step{}
		if len(fields) < 2 || len(fields) > 3 {
			return nil, fmt.Errorf("%s, line %d: not keys, a time and perhaps a file", path, n)
		}
		if s.after, err = time.ParseDuration(fields[1]); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		if s.keys, err = keysOf(fields[0]); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		if len(fields) == 3 {
			s.out = fields[2]
		}
		steps = append(steps, s)
	}
	return steps, lines.Err()
}

// keysOf splits keys into one write each.
func keysOf(text string) ([]string, error) {
	if text == "-" {
		return nil, nil
	}
	var all []string
	for text != "" {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(text, "<"), ">"); strings.HasPrefix(text, "<") && ok {
			if named[name] == "" {
				return nil, fmt.Errorf("there is no key <%s>", name)
			}
			all, text = append(all, named[name]), rest
			continue
		}
		all, text = append(all, text[:1]), text[1:]
	}
	return all, nil
}

// keyGap is the pause after each key, so that no two are taken for one.
const keyGap = 150 * time.Millisecond

// play runs the steps of a script. Pictures are written beside dir.
func play(ctx context.Context, tty io.Writer, screen vt10x.Terminal, steps []step, dir, title string, ended <-chan error) error {
	for _, s := range steps {
		for _, key := range s.keys {
			if _, err := io.WriteString(tty, key); err != nil {
				return err
			}
			if err := pause(ctx, keyGap, ended); err != nil {
				return err
			}
		}
		if err := pause(ctx, s.after, ended); err != nil {
			return err
		}
		if s.out == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, s.out), draw(screen, title), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration, ended <-chan error) error {
	select {
	case <-time.After(d):
		return nil
	case err := <-ended:
		return fmt.Errorf("the program ended before the script did: %w", err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// film is an animated picture: of each row of the screen what it showed and from when to when.
type film struct {
	cols, rows int
	every      time.Duration
	frames     int
	shots      [][]shot // by row
}

// shot is what a row showed from frame from on, until to.
type shot struct {
	from, to int
	drawing  string
}

// take adds what the screen shows now as the next frame.
func (f *film) take(screen vt10x.Terminal) {
	screen.Lock()
	defer screen.Unlock()
	f.cols, f.rows = screen.Size()
	if f.shots == nil {
		f.shots = make([][]shot, f.rows)
	}
	for y := range f.rows {
		var b strings.Builder
		drawLine(&b, screen, y, f.cols)
		row := f.shots[y]
		if n := len(row); n > 0 && row[n-1].drawing == b.String() {
			row[n-1].to = f.frames + 1
			continue
		}
		f.shots[y] = append(row, shot{f.frames, f.frames + 1, b.String()})
	}
	f.frames++
}

// record takes frames until stop is closed.
func (f *film) record(screen vt10x.Terminal, stop <-chan struct{}, done chan<- struct{}) {
	defer close(done)
	tick := time.NewTicker(f.every)
	defer tick.Stop()
	for {
		f.take(screen)
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

// svg is the film as an animated SVG, which begins again at its end.
func (f *film) svg(title string) []byte {
	var b strings.Builder
	total := seconds(time.Duration(f.frames) * f.every)
	begin(&b, f.cols, f.rows, title)
	fmt.Fprintf(&b, `<rect width="0" height="0"><animate id="t" attributeName="x" from="0" to="0" begin="0s;t.end" dur="%ss"/></rect>`+"\n", total)
	for _, row := range f.shots {
		for _, s := range row {
			switch {
			case s.drawing == "":
			case s.from == 0 && s.to == f.frames:
				b.WriteString(s.drawing)
			default:
				fmt.Fprintf(&b, `<g visibility="hidden"><set attributeName="visibility" to="visible" begin="t.begin+%ss" dur="%ss"/>%s</g>`+"\n",
					seconds(time.Duration(s.from)*f.every), seconds(time.Duration(s.to-s.from)*f.every), strings.TrimSpace(s.drawing))
			}
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return []byte(b.String())
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
