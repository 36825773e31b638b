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
)

// rowPrinter writes a stream of rows in bounded memory. After head come blocks of
// whole lines, each a row as a JSON array, then end, with what is known at the end
// or why there is none.
type rowPrinter interface {
	head(columns []api.Column) error
	block(rows []byte) error
	end(info *api.EndInfo, err error) error
}

// The rows from which a sheet learns how wide its columns are, and the memory that
// they may take.
const (
	sampleRows  = 500
	sampleBytes = 1 << 20
	// widestPad bounds the width that a column is padded to without a terminal: what is
	// longer is written whole and stands out.
	widestPad = 60
	// A column that is not wider than short, as one of numbers or dates, stays whole as
	// long as cutting others makes all fit. None is cut below narrowest.
	short     = 12
	narrowest = 6
)

// sheet prints rows as aligned columns. Their widths follow from the first rows. On
// a terminal everything is cut to its width; elsewhere nothing is.
type sheet struct {
	out      *bufio.Writer
	terminal int // columns, 0 for none
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
		limit = 4 * s.terminal // no more of a value can be shown
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

// layout fixes the widths and writes what was held back.
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

// fitColumns returns the widths to which columns are cut so that they fit side by
// side, as far as that is possible.
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
			for i := range widths { // what is left over goes to those that are cut
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
	_, _ = s.out.WriteString(text + "\n") // Flush tells of an error
}

// jsonPrinter prints one document, in the form of the API's JSON answer, with a
// row a line. A failure after the first row is its last member.
type jsonPrinter struct {
	out  *bufio.Writer
	some bool
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
		_, _ = p.out.Write(b) // Flush tells of an error
	}
}

func (p *jsonPrinter) block(rows []byte) error {
	for line := range bytes.Lines(rows) {
		if p.some {
			p.write([]byte(","))
		}
		p.some = true
		p.write([]byte("\n"), escapeUnsafe(bytes.TrimSuffix(line, []byte("\n"))))
	}
	return p.out.Flush()
}

func (p *jsonPrinter) end(info *api.EndInfo, failed error) error {
	p.write([]byte("\n]"))
	var last any
	switch {
	case failed != nil:
		last = struct {
			Error *api.Problem `json:"error"`
		}{api.AsProblem(failed)}
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

// escapeUnsafe writes out, in JSON, the characters that a terminal would obey and
// that JSON allows in a string as they are.
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

// csvPrinter prints RFC 4180 CSV as the API does: a line of names, NULL as an empty
// field and an empty string in quotes. On a terminal values are made safe for it.
type csvPrinter struct {
	out  *bufio.Writer
	safe bool
}

func newCSVPrinter(out io.Writer, safe bool) *csvPrinter {
	return &csvPrinter{out: bufio.NewWriterSize(out, 64<<10), safe: safe}
}

func (p *csvPrinter) head(columns []api.Column) error {
	for i, c := range columns {
		p.field(i, answer.Cell{Text: c.Name})
	}
	_, err := p.out.WriteString("\r\n")
	return err
}

func (p *csvPrinter) block(rows []byte) error {
	for line := range bytes.Lines(rows) {
		for i, c := range answer.Cells(jsontext.Value(bytes.TrimSuffix(line, []byte("\n"))), 0) {
			p.field(i, c)
		}
		_, _ = p.out.WriteString("\r\n") // Flush tells of an error
	}
	return p.out.Flush()
}

func (p *csvPrinter) field(i int, c answer.Cell) {
	if i > 0 {
		_ = p.out.WriteByte(',')
	}
	if c.Null {
		return
	}
	text := c.Text
	if p.safe {
		text = Clean(text)
	}
	if text == "" || strings.ContainsAny(text, "\",\r\n") || text[0] == ' ' || text[len(text)-1] == ' ' {
		text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	_, _ = p.out.WriteString(text)
}

func (p *csvPrinter) end(*api.EndInfo, error) error { return p.out.Flush() }
