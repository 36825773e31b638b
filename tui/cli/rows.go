package cli

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/copyas"
)

// rowPrinter writes a stream of rows in bounded memory. After head come blocks of
// whole lines, each a row as a JSON array, then end, with the closing information or
// the error that ended the stream early.
type rowPrinter interface {
	head(columns []api.Column) error
	block(rows []byte) error
	end(info *api.EndInfo, err error) error
}

// The bounds of the rows that a sheet buffers to measure its columns, and of the widths.
const (
	sampleRows  = 500
	sampleBytes = 1 << 20
	// widestPad bounds the width that a column is padded to without a terminal; longer
	// values are written whole and overhang.
	widestPad = 60
	// A column no wider than short, such as one of numbers or dates, stays whole if cutting
	// the others is enough. No column is cut below narrowest.
	short     = 12
	narrowest = 6
)

// sheet prints rows as aligned columns, with widths measured on the first rows. On a
// terminal every line is cut to its width; elsewhere nothing is cut.
type sheet struct {
	out      *bufio.Writer
	terminal int // width in columns, 0 if there is none
	cut      bool

	right   []bool
	widths  []int // nil until they are known
	sampled [][]string
	bytes   int
}

func newSheet(out io.Writer, terminal int) *sheet {
	return &sheet{out: bufio.NewWriterSize(out, 64<<10), terminal: terminal}
}

func (s *sheet) head(columns []api.Column) error {
	names := make([]string, len(columns))
	s.right = make([]bool, len(columns))
	for i, c := range columns {
		names[i], s.right[i] = Clean(answer.Name(c)), answer.Numeric(c)
	}
	s.sampled = append(s.sampled, names)
	return nil
}

func (s *sheet) block(rows []byte) error {
	limit := 0
	if s.terminal > 0 {
		limit = 4 * s.terminal // more of a value could not be shown
	}
	for line := range bytes.Lines(rows) {
		values := answer.Cells(bytes.TrimSuffix(line, []byte("\n")), limit)
		cells := make([]string, len(values))
		for i := range values {
			cells[i] = Clean(values[i].Text)
			s.bytes += len(cells[i])
		}
		if s.widths != nil {
			s.line(cells)
			continue
		}
		s.sampled = append(s.sampled, cells)
		if len(s.sampled) > sampleRows || s.bytes > sampleBytes {
			s.layout()
		}
	}
	if s.widths == nil {
		return nil
	}
	return s.out.Flush()
}

func (s *sheet) end(*api.EndInfo, error) error {
	if s.widths == nil {
		s.layout()
	}
	return s.out.Flush()
}

// layout fixes the widths and writes the buffered rows.
func (s *sheet) layout() {
	s.widths = make([]int, len(s.right))
	for _, row := range s.sampled {
		for i, cell := range row {
			if i < len(s.widths) {
				s.widths[i] = max(s.widths[i], ansi.StringWidth(cell))
			}
		}
	}
	if s.terminal > 0 {
		s.widths = fitColumns(s.widths, s.terminal)
	} else {
		for i := range s.widths {
			s.widths[i] = min(s.widths[i], widestPad)
		}
	}
	for i, row := range s.sampled {
		s.line(row)
		if i == 0 {
			s.rule()
		}
	}
	s.sampled = nil
}

// fitColumns returns the widths to cut columns to so that they fit side by side, as far
// as that is possible.
func fitColumns(natural []int, terminal int) []int {
	for _, whole := range []int{short, 0} {
		for most := terminal; most >= narrowest; most-- {
			widths := make([]int, len(natural))
			total := 2 * (len(natural) - 1)
			for i, w := range natural {
				if w > whole {
					w = min(w, most)
				}
				widths[i] = w
				total += w
			}
			if total > terminal && (whole > 0 || most > narrowest) {
				continue
			}
			for i := range widths { // the cut columns share the space left over
				if more := min(natural[i]-widths[i], terminal-total); more > 0 {
					widths[i] += more
					total += more
				}
			}
			return widths
		}
	}
	return natural
}

func (s *sheet) rule() {
	lines := make([]string, len(s.widths))
	for i, w := range s.widths {
		lines[i] = strings.Repeat("-", w)
	}
	s.line(lines)
}

// line writes one row.
func (s *sheet) line(cells []string) {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		w, width := ansi.StringWidth(cell), 0
		if i < len(s.widths) {
			width = s.widths[i]
		}
		if s.terminal > 0 && w > width {
			cell = ansi.Truncate(cell, width, "…")
			w = ansi.StringWidth(cell)
			s.cut = true
		}
		pad := strings.Repeat(" ", max(width-w, 0))
		if i < len(s.right) && s.right[i] {
			b.WriteString(pad + cell)
		} else {
			b.WriteString(cell + pad)
		}
	}
	text := strings.TrimRight(b.String(), " ")
	if s.terminal > 0 && ansi.StringWidth(text) > s.terminal {
		text = ansi.Truncate(text, s.terminal, "…")
		s.cut = true
	}
	_, _ = s.out.WriteString(text + "\n") // Flush returns the error
}

// jsonPrinter prints one document, in the form of the API's JSON answer, with one row
// per line. An error after the first row is its last member.
type jsonPrinter struct {
	out     *bufio.Writer
	hasRows bool
}

func newJSONPrinter(out io.Writer) *jsonPrinter {
	return &jsonPrinter{out: bufio.NewWriterSize(out, 64<<10)}
}

func (p *jsonPrinter) head(columns []api.Column) error {
	b, err := json.Marshal(columns)
	if err != nil {
		return err
	}
	p.write([]byte(`{"columns":`), b, []byte(`,"rows":[`))
	return nil
}

func (p *jsonPrinter) write(parts ...[]byte) {
	for _, b := range parts {
		_, _ = p.out.Write(b) // Flush returns the error
	}
}

func (p *jsonPrinter) block(rows []byte) error {
	for line := range bytes.Lines(rows) {
		if p.hasRows {
			p.write([]byte(","))
		}
		p.hasRows = true
		p.write([]byte("\n"), escapeUnsafe(bytes.TrimSuffix(line, []byte("\n"))))
	}
	return p.out.Flush()
}

func (p *jsonPrinter) end(info *api.EndInfo, failure error) error {
	p.write([]byte("\n]"))
	var last any
	switch {
	case failure != nil:
		last = struct {
			Error *api.Problem `json:"error"`
		}{api.AsProblem(failure)}
	default:
		e := api.EndInfoJSON{RowCount: info.Rows, Shards: info.Shards, Partial: info.Partial, Query: info.Query}
		if info.Route != nil {
			e.Route = *info.Route
		}
		last = e
	}
	b, err := json.Marshal(last)
	if err != nil {
		return err
	}
	p.write([]byte(","), escapeUnsafe(b[1:]), []byte("\n"))
	return p.out.Flush()
}

// escapeUnsafe escapes the characters in JSON that a terminal would act on but that JSON
// allows unescaped in a string.
func escapeUnsafe(b []byte) []byte {
	if bytes.IndexFunc(b, unsafeRune) < 0 {
		return b
	}
	const hex = "0123456789abcdef"
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if unsafeRune(r) && r <= 0xffff {
			out = append(out, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// csvPrinter prints the CSV of package copyas. On a terminal, values are sanitized.
type csvPrinter struct{ rows copyas.Writer }

func newCSVPrinter(out io.Writer, safe bool) (*csvPrinter, error) {
	var o copyas.Options
	if safe {
		o.Show = Clean
	}
	w, err := copyas.New(copyas.CSV, out, o)
	return &csvPrinter{w}, err
}

func (p *csvPrinter) head(columns []api.Column) error {
	names := make([]copyas.Column, len(columns))
	for i, c := range columns {
		names[i] = copyas.Column{Name: c.Name, Type: c.Type}
	}
	return p.rows.Head(names)
}

func (p *csvPrinter) block(rows []byte) error {
	for line := range bytes.Lines(rows) {
		if err := p.rows.Row(answer.Cells(jsontext.Value(bytes.TrimSuffix(line, []byte("\n"))), 0)); err != nil {
			return err
		}
	}
	return p.rows.End()
}

func (p *csvPrinter) end(*api.EndInfo, error) error { return p.rows.End() }
