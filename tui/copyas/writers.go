package copyas

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/sqltypes"
	"shardeck/tui/answer"
	"shardeck/tui/sqlwrite"
)

// output buffers what is written and keeps the first error, which each row returns.
type output struct {
	w   *bufio.Writer
	err error
}

func newOutput(w io.Writer) *output { return &output{w: bufio.NewWriterSize(w, 64<<10)} }

func (o *output) write(s string) {
	if o.err == nil {
		_, o.err = o.w.WriteString(s)
	}
}

// End writes what is buffered.
func (o *output) End() error {
	if o.err == nil {
		o.err = o.w.Flush()
	}
	return o.err
}

// textWriter separates values by tabs. A table of one value is that value as it is.
type textWriter struct {
	*output
	bare bool
	one  bool // the table has one column and no header
	rows int
}

func (t *textWriter) Head(columns []Column) error {
	t.one = t.bare && len(columns) == 1
	if t.bare {
		return nil
	}
	names := make([]answer.Cell, len(columns))
	for i, c := range columns {
		names[i].Text = c.Name
	}
	return t.Row(names)
}

func (t *textWriter) Row(cells []answer.Cell) error {
	if t.rows++; t.rows > 1 {
		t.write("\n")
	}
	for i, c := range cells {
		if i > 0 {
			t.write("\t")
		}
		text := c.Text
		if !t.one && !c.Null && strings.ContainsAny(text, "\t\r\n\"") {
			text = quoted(text)
		}
		t.write(text)
	}
	return t.err
}

func (t *textWriter) End() error {
	if !t.one && t.rows > 0 {
		t.write("\n")
	}
	return t.output.End()
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// csvWriter writes the CSV that the package describes.
type csvWriter struct {
	*output
	show func(string) string
	one  bool // the table has one column
}

func (w *csvWriter) Head(columns []Column) error {
	w.one = len(columns) == 1
	names := make([]answer.Cell, len(columns))
	for i, c := range columns {
		names[i].Text = c.Name
	}
	return w.Row(names)
}

func (w *csvWriter) Row(cells []answer.Cell) error {
	for i, c := range cells {
		if i > 0 {
			w.write(",")
		}
		switch {
		case !c.Null:
			w.write(w.field(c.Text))
		case w.one:
			w.write("NULL")
		}
	}
	w.write("\r\n")
	return w.err
}

func (w *csvWriter) field(text string) string {
	if w.show != nil {
		text = w.show(text)
	}
	if text == "" || text == "NULL" || strings.ContainsAny(text, "\",\r\n") || text[0] == ' ' || text[len(text)-1] == ' ' {
		return quoted(text)
	}
	return text
}

// jsonWriter writes an array of objects, one a line, whose members are in the order of the
// columns. A number that a reader's float64 could change is a string, as in the API.
type jsonWriter struct {
	*output
	names   []string // quoted, with the colon
	columns []Column
	rows    int
}

func (w *jsonWriter) Head(columns []Column) error {
	w.columns = columns
	seen := map[string]bool{}
	for i, c := range columns {
		name := c.Name
		for n := 2; seen[name]; n++ { // members have names of their own
			name = c.Name + "_" + strconv.Itoa(n)
		}
		seen[name] = true
		w.names = append(w.names, member(i, name))
	}
	w.write("[")
	return w.err
}

func member(i int, name string) string {
	separator := ", "
	if i == 0 {
		separator = ""
	}
	return separator + quoteJSON(name) + ": "
}

func quoteJSON(s string) string {
	b, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(s, "\ufffd"))
	if err != nil {
		return `""` // valid UTF-8 can be quoted
	}
	return string(b)
}

func (w *jsonWriter) Row(cells []answer.Cell) error {
	if w.rows++; w.rows > 1 {
		w.write(",")
	}
	w.write("\n  {")
	for i, c := range cells {
		w.write(w.names[i])
		w.write(jsonValue(w.columns[i].Type, c))
	}
	w.write("}")
	return w.err
}

func jsonValue(typ string, c answer.Cell) string {
	if c.Null {
		return "null"
	}
	t, err := sqltypes.Parse(typ)
	if err != nil {
		return quoteJSON(c.Text)
	}
	switch {
	case t.Kind == sqltypes.Bit && (c.Text == "true" || c.Text == "false"):
		return c.Text
	case t.Kind.IsFloat() && jsontext.Value(c.Text).Kind() == '0' && jsontext.Value(c.Text).IsValid():
		return c.Text
	case t.Kind.IsInteger() && t.Kind != sqltypes.Bit:
		const safe = 1<<53 - 1
		if n, err := strconv.ParseInt(c.Text, 10, 64); err == nil && n >= -safe && n <= safe {
			return strconv.FormatInt(n, 10)
		}
	}
	return quoteJSON(c.Text)
}

func (w *jsonWriter) End() error {
	w.write("\n]\n")
	return w.output.End()
}

// markdownWriter writes a table as GitHub's Markdown has it.
type markdownWriter struct {
	*output
}

func (w *markdownWriter) Head(columns []Column) error {
	line := "|"
	for _, c := range columns {
		w.write("| " + escapeMarkdown(c.Name) + " ")
		if t, err := sqltypes.Parse(c.Type); err == nil && t.Kind.IsNumeric() && t.Kind != sqltypes.Bit {
			line += " ---: |"
		} else {
			line += " --- |"
		}
	}
	w.write("|\n" + line + "\n")
	return w.err
}

func (w *markdownWriter) Row(cells []answer.Cell) error {
	for _, c := range cells {
		text := "*NULL*"
		if !c.Null {
			text = escapeMarkdown(c.Text)
		}
		w.write("| " + text + " ")
	}
	w.write("|\n")
	return w.err
}

// escapeMarkdown keeps a value on one line of a cell and its characters literal.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '|', '\\', '`', '*', '_', '[', ']', '~':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '<':
			b.WriteString("&lt;")
		case '&':
			b.WriteString("&amp;")
		case '\r':
			if i+1 == len(s) || s[i+1] != '\n' {
				b.WriteString("<br>")
			}
		case '\n':
			b.WriteString("<br>")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// perInsert is how many rows one INSERT has. SQL Server allows 1000.
const perInsert = 100

// insertWriter writes INSERT statements, each closed by a semicolon.
type insertWriter struct {
	*output
	table   string
	columns []Column
	begin   string
	rows    int
}

func (w *insertWriter) Head(columns []Column) error {
	w.columns = columns
	var err error
	w.begin, err = sqlwrite.Insert(w.table, columns)
	return err
}

func (w *insertWriter) Row(cells []answer.Cell) error {
	switch {
	case w.rows == 0:
		w.write(w.begin + "\n  ")
	case w.rows%perInsert == 0:
		w.write(";\n" + w.begin + "\n  ")
	default:
		w.write(",\n  ")
	}
	w.rows++
	w.write(sqlwrite.Values(w.columns, cells))
	return w.err
}

func (w *insertWriter) End() error {
	if w.rows > 0 {
		w.write(";\n")
	}
	return w.output.End()
}
