package grid

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/jsonrow"
	"shardeck/shared/sqltypes"
	"shardeck/tui/answer"
	"shardeck/tui/theme"
)

// Cell is a value: its whole text, or NULL.
type Cell = answer.Cell

// Column describes the values of a column.
type Column struct {
	Name  string
	Type  string // T-SQL's, such as "NVARCHAR(50)"; "" if it has none
	Right bool   // right-aligned, and sorted as numbers if there is no type
}

// Source is a table. Rows are numbered from 0; Len may grow, rows that exist do not change.
type Source interface {
	Columns() []Column
	Len() int
	Row(i int) ([]Cell, error)
}

// cellReader is a Source that can read one value without the rest of its row, which makes
// sorting faster.
type cellReader interface {
	Cell(i, column int) (Cell, error)
}

// styled is a Source whose values have looks of their own.
type styled interface {
	// Look returns the role in which the value is drawn where neither cursor nor selection is.
	Look(row, column int) theme.Role
}

// Table is a source of rows in memory.
type Table struct {
	Head  []Column
	Rows  [][]Cell
	Looks [][]theme.Role // of each row's values; a missing one is that of ordinary text
}

// Look returns the role of a value.
func (t *Table) Look(row, column int) theme.Role {
	if row < len(t.Looks) && column < len(t.Looks[row]) {
		return t.Looks[row][column]
	}
	return theme.Text
}

// Columns returns the columns.
func (t *Table) Columns() []Column { return t.Head }

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.Rows) }

// Row returns row i.
func (t *Table) Row(i int) ([]Cell, error) { return t.Rows[i], nil }

// Lines holds rows as JSON arrays, such as a store of package rowstore.
type Lines interface {
	Len() int
	Row(i int) ([]byte, error)
}

// Result is the source of a statement's rows.
type Result struct {
	columns []Column
	lines   Lines
}

// NewResult returns a source with the columns of an answer.
func NewResult(columns []api.Column, lines Lines) *Result {
	r := &Result{lines: lines}
	for _, c := range columns {
		r.columns = append(r.columns, Column{Name: answer.Name(c), Type: c.Type, Right: answer.Numeric(c)})
	}
	return r
}

// Columns returns the columns.
func (r *Result) Columns() []Column { return r.columns }

// Len returns the number of rows so far.
func (r *Result) Len() int { return r.lines.Len() }

// Row returns row i.
func (r *Result) Row(i int) ([]Cell, error) {
	line, err := r.lines.Row(i)
	if err != nil {
		return nil, err
	}
	return answer.Cells(line, 0), nil
}

// Cell returns one value of row i.
func (r *Result) Cell(i, column int) (Cell, error) {
	line, err := r.lines.Row(i)
	if err != nil {
		return Cell{}, err
	}
	n := 0
	for v, ok := range jsonrow.Elements(line) {
		if !ok {
			break
		}
		if n == column {
			return answer.CellOf(jsontext.Value(v), 0), nil
		}
		n++
	}
	return Cell{}, nil
}

// kindOf returns how a column's values compare. Those without a type compare as text, or as
// numbers if they are aligned like numbers.
func kindOf(c Column) sqltypes.Kind {
	if t, err := sqltypes.Parse(c.Type); err == nil {
		return t.Kind
	}
	if c.Right {
		return sqltypes.Decimal
	}
	return sqltypes.NVarChar
}

// part is some rows of a source in an order of their own.
type part struct {
	Source
	rows []int32
}

func (p *part) Len() int { return len(p.rows) }

func (p *part) Row(i int) ([]Cell, error) { return p.Source.Row(int(p.rows[i])) }

// columnNamed finds a column by its name, -1 if there is none.
func columnNamed(columns []Column, name string) int {
	for i, c := range columns {
		if strings.EqualFold(c.Name, name) {
			return i
		}
	}
	return -1
}
