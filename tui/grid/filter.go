package grid

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/sqltypes"
	"shardeck/tui/answer"
)

// Filter is a condition that rows must meet to be shown.
type Filter struct {
	text   string
	column int // -1 for all
	op     string
	value  key
	null   bool // = and != compare with NULL
	needle string
	kind   sqltypes.Kind
}

// FilterHelp says how a filter is written.
const FilterHelp = "text  =v !=v <v <=v >v >=v ~text in this column  name = v  = null"

// operators are tried in order.
var operators = []string{"!=", "<>", "<=", ">=", "=", "<", ">", "~"}

// ParseFilter reads a filter:
//
//	text              rows with the text in any column, whatever its case
//	= 5   < 10   !=x  the column current compared with a value
//	= null   != null  whether it is NULL
//	~ text            the text in the column current
//	name = 5          the same for the column name, or [name]
//	"= 5"             in quotation marks, any text as it is
//
// Values compare by the column's type, as in WHERE: NULL is neither equal nor unequal to
// anything, and letters match in either case. An empty text is no filter: nil.
func ParseFilter(text string, columns []Column, current int) (*Filter, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	f := &Filter{text: text, column: -1}
	if n := len(text); n >= 2 && text[0] == '"' && text[n-1] == '"' {
		f.op, f.needle = "~", strings.ToLower(text[1:n-1])
		return f, nil
	}
	column, op, value, ok := splitFilter(text, columns, current)
	if !ok {
		f.op, f.needle = "~", strings.ToLower(text)
		return f, nil
	}
	if column < 0 || column >= len(columns) {
		return nil, fmt.Errorf("there is no column to compare with %q", value)
	}
	f.column, f.op, f.kind = column, op, kindOf(columns[column])
	switch {
	case op == "~":
		f.needle = strings.ToLower(value)
	case strings.EqualFold(value, "null"):
		if op != "=" && op != "!=" {
			return nil, fmt.Errorf("NULL can be compared by = and != only")
		}
		f.null = true
	default:
		if value, ok = canonical(f.kind, strings.Trim(value, "'")); !ok {
			return nil, fmt.Errorf("%q is not a value of the type %s; ~%s finds the text", value, f.kind, value)
		}
		f.value = keyOf(f.kind, Cell{Text: value})
		if f.value.rank == rankOther {
			return nil, fmt.Errorf("%q is not a number, and %s holds numbers; ~%s finds the text", value, columns[column].Name, value)
		}
	}
	return f, nil
}

// canonical returns a value as a column of a kind whose values compare as text has it, such
// as 2024-01-01T10:00:00 for '2024-01-01 10:00'. The values of other kinds compare as they are.
func canonical(kind sqltypes.Kind, text string) (string, bool) {
	t := sqltypes.Type{Kind: kind}
	switch {
	case kind == sqltypes.Time, kind == sqltypes.DateTime2:
		t.Scale = 7
	case kind.IsDateTime():
		t = sqltypes.DateTime2Type // compared as text, with digits that the column may not have
	case kind.IsBinary():
		t = sqltypes.Type{Kind: sqltypes.VarBinary, Length: sqltypes.Max}
	case kind != sqltypes.Date && kind != sqltypes.UniqueIdentifier && kind != sqltypes.Bit:
		return text, true
	}
	raw, err := jsontext.AppendQuote(nil, text)
	if err != nil {
		return text, false
	}
	v, err := sqltypes.DecodeJSON(t, raw)
	if err != nil {
		return text, false
	}
	return answer.CellOf(sqltypes.AppendJSON(nil, t, v), 0).Text, true
}

// splitFilter finds the operator, at the beginning or after the name of a column.
func splitFilter(text string, columns []Column, current int) (column int, op, value string, ok bool) {
	for i := range len(text) {
		for _, o := range operators {
			rest, found := strings.CutPrefix(text[i:], o)
			if !found {
				continue
			}
			name := strings.TrimSpace(text[:i])
			column = current
			if name != "" {
				if n := len(name); n > 2 && name[0] == '[' && name[n-1] == ']' {
					name = name[1 : n-1]
				}
				if column = columnNamed(columns, name); column < 0 {
					return 0, "", "", false
				}
			}
			if o == "<>" {
				o = "!="
			}
			return column, o, strings.TrimSpace(rest), true
		}
	}
	return 0, "", "", false
}

// String returns the filter as it was written.
func (f *Filter) String() string { return f.text }

// matches reports whether row i meets the condition.
func (f *Filter) matches(s Source, i int) (bool, error) {
	if f.column >= 0 {
		c, err := readCell(s, i, f.column)
		return err == nil && f.cell(c), err
	}
	row, err := s.Row(i)
	if err != nil {
		return false, err
	}
	for _, c := range row {
		if f.cell(c) {
			return true, nil
		}
	}
	return false, nil
}

func (f *Filter) cell(c Cell) bool {
	switch {
	case f.null:
		return c.Null == (f.op == "=")
	case c.Null:
		return false
	case f.op == "~":
		return strings.Contains(strings.ToLower(c.Text), f.needle)
	}
	k := keyOf(f.kind, c)
	order := k.compare(&f.value, f.kind)
	switch f.op {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}
