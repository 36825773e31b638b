package copyas

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"shardeck/tui/answer"
	"shardeck/tui/grid"
	"shardeck/tui/sqlwrite"
)

// Format is a form of text.
type Format string

// The formats.
const (
	Text     Format = "text" // separated by tabs, as spreadsheets paste it
	CSV      Format = "CSV"
	JSON     Format = "JSON"
	Markdown Format = "Markdown"
	Insert   Format = "INSERT"
)

// Formats lists the formats in the order of menus.
func Formats() []Format { return []Format{Text, CSV, JSON, Markdown, Insert} }

// Extension returns the usual end of a file's name.
func (f Format) Extension() string {
	switch f {
	case CSV:
		return ".csv"
	case JSON:
		return ".json"
	case Markdown:
		return ".md"
	case Insert:
		return ".sql"
	}
	return ".txt"
}

// Column is a column to write.
type Column = sqlwrite.Column

// Options say what a format requires beyond the rows.
type Options struct {
	Table string // that INSERT statements are for
	// Bare leaves out the names of the columns in text, as for one value.
	Bare bool
	// Show, if it is set, replaces each value of CSV, as for a terminal.
	Show func(string) string
}

// Writer writes a table. Head comes first, then the rows, then End, which writes what is
// buffered. End of a CSV writer may be called in between, so that a reader sees the rows so far.
type Writer interface {
	Head(columns []Column) error
	Row(cells []answer.Cell) error
	End() error
}

// New returns a writer of a format.
func New(f Format, w io.Writer, o Options) (Writer, error) {
	out := newOutput(w)
	switch f {
	case Text:
		return &textWriter{output: out, bare: o.Bare}, nil
	case CSV:
		return &csvWriter{output: out, show: o.Show}, nil
	case JSON:
		return &jsonWriter{output: out}, nil
	case Markdown:
		return &markdownWriter{output: out}, nil
	case Insert:
		return &insertWriter{output: out, table: o.Table}, nil
	}
	return nil, fmt.Errorf("there is no format %q", f)
}

// every is after how many rows Copy reports progress and looks for a cancellation.
const every = 500

// Copy writes the rows of a table, or those of its columns that are listed. The progress
// function, unless it is nil, is told how many of how many rows are written. If Copy is
// cancelled, what was written is a part of the table.
func Copy(ctx context.Context, w Writer, s grid.Source, columns []int, progress func(done, total int)) error {
	all := s.Columns()
	if columns == nil {
		for i := range all {
			columns = append(columns, i)
		}
	}
	head := make([]Column, len(columns))
	for i, c := range columns {
		if c < 0 || c >= len(all) {
			return fmt.Errorf("there is no column %d", c+1)
		}
		head[i] = Column{Name: all[c].Name, Type: all[c].Type}
	}
	if err := w.Head(head); err != nil {
		return err
	}
	cells := make([]answer.Cell, len(columns))
	total := s.Len()
	for i := range total {
		if i%every == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if progress != nil {
				progress(i, total)
			}
		}
		row, err := s.Row(i)
		if err != nil {
			return err
		}
		for n, c := range columns {
			cells[n] = answer.Cell{Text: "NULL", Null: true}
			if c < len(row) {
				cells[n] = row[c]
			}
		}
		if err := w.Row(cells); err != nil {
			return err
		}
	}
	if err := w.End(); err != nil {
		return err
	}
	if progress != nil {
		progress(total, total)
	}
	return nil
}

// ErrTooLong says that a text has more than the bytes allowed.
var ErrTooLong = errors.New("too long to copy")

// String returns the rows as a text of at most limit bytes, as for the clipboard.
func String(ctx context.Context, f Format, o Options, s grid.Source, columns []int, limit int) (string, error) {
	b := &bounded{limit: limit}
	w, err := New(f, b, o)
	if err != nil {
		return "", err
	}
	if err := Copy(ctx, w, s, columns, nil); err != nil {
		return "", err
	}
	return b.String(), nil
}

// bounded is a text that does not grow beyond a limit.
type bounded struct {
	strings.Builder
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		return 0, ErrTooLong
	}
	return b.Builder.Write(p)
}
