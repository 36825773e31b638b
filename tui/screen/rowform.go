package screen

import (
	"fmt"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sharding"
	"shardeck/tui/answer"
	"shardeck/tui/keymap"
	"shardeck/tui/sqlwrite"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// RowForm is the dialog that inserts a row: a line for each column. It shows which shard the row
// would go to before anything is sent.
type RowForm struct {
	guard  guard
	db     string
	def    *api.TableDef
	fields []field
	cursor int
	top    int // the first field that is shown
	fault  string
}

// field is the value of a column as typed.
type field struct {
	text  string
	given bool // else the column is left out: it gets its default or NULL
	null  bool
}

// NewRowForm returns the form of a row of a table.
func NewRowForm(now time.Time, db string, def *api.TableDef) *RowForm {
	return &RowForm{guard: newGuard(now, quietOpening), db: db, def: def, fields: make([]field, len(def.Columns))}
}

func (f *RowForm) absorbs(at time.Time) bool { return f.guard.absorbs(at) }

// Writing is always true.
func (f *RowForm) Writing() bool { return true }

// Insert adds to the value of the column.
func (f *RowForm) Insert(text string) Intent {
	x := &f.fields[f.cursor]
	if x.null {
		x.null, x.text = false, ""
	}
	x.text, x.given, f.fault = x.text+text, true, ""
	return nil
}

func (f *RowForm) move(by int) {
	f.cursor = min(max(f.cursor+by, 0), len(f.fields)-1)
}

// Commands lists the keys.
func (f *RowForm) Commands(v *View) []keymap.Command {
	x, column := &f.fields[f.cursor], &f.def.Columns[f.cursor]
	noNull := ""
	if !column.Nullable {
		noNull = column.Name + " cannot be NULL"
	}
	all := []keymap.Command{
		{Name: "insert the row, after a look at the statement", Label: "insert", Group: groupDialog, Keys: []string{"f5", "alt+enter"}, Do: f.insert},
		{Name: "next column, and from the last one insert", Label: "next", Group: groupDialog, Keys: []string{"enter"}, Do: func() Intent {
			if f.cursor == len(f.fields)-1 {
				return f.insert()
			}
			f.move(1)
			return nil
		}},
		{Name: "next column", Group: groupDialog, Keys: []string{"down", "tab"}, Do: does(func() { f.move(1) })},
		{Name: "previous column", Group: groupDialog, Keys: []string{"up", "shift+tab"}, Do: does(func() { f.move(-1) })},
		{Name: "make it NULL", Label: "NULL", Group: groupDialog, Keys: []string{"ctrl+n"}, Off: noNull, Do: does(func() { *x = field{given: true, null: true} })},
		{Name: "close and insert nothing", Label: "cancel", Group: groupDialog, Keys: []string{"esc"}, Do: asks(Close{})},
	}
	return append(all, erasing(&x.text, "", "leave out", func() {
		f.fault = ""
		x.null, x.given = false, x.text != ""
	})...)
}

// insert shows the statement, and asks before it is sent.
func (f *RowForm) insert() Intent {
	var columns []sqlwrite.Column
	var values []answer.Cell
	for i, x := range f.fields {
		c := &f.def.Columns[i]
		if !x.given {
			if !c.Nullable && c.Default == "" {
				f.cursor, f.fault = i, c.Name+" requires a value"
				return nil
			}
			continue
		}
		value := answer.Cell{Text: x.text, Null: x.null}
		converted, err := sqlwrite.Converted(c.Type, value)
		if err != nil {
			f.cursor, f.fault = i, c.Name+" cannot hold that: "+err.Error()
			return nil
		}
		columns, values = append(columns, sqlwrite.Column{Name: c.Name, Type: c.Type}), append(values, converted)
	}
	if len(columns) == 0 {
		f.fault = "the row has no value yet"
		return nil
	}
	sql, err := sqlwrite.Insert(f.def.Name, columns)
	if err != nil {
		f.fault = err.Error()
		return nil
	}
	return CloseAnd{Then: OpenStatement{DB: f.db, Table: f.def.Name, SQL: sql + "\n    " + sqlwrite.Values(columns, values), Run: true}}
}

// route says where the row would go, as far as the shard key has been typed.
func (f *RowForm) route(v *View) (theme.Role, string) {
	if f.def.Replicated() {
		return theme.Muted, "The table is replicated: the row goes to every shard."
	}
	if f.def.ShardKey == "" {
		return theme.Muted, "The table has no shard key: a hash of the whole row decides the shard."
	}
	c, i := f.def.Column(f.def.ShardKey)
	if c == nil || !f.fields[i].given {
		return theme.Muted, "Which shard it goes to depends on " + f.def.ShardKey + ", the shard key."
	}
	key, err := sqlwrite.ShardKey(c.Type, answer.Cell{Text: f.fields[i].text, Null: f.fields[i].null})
	if err != nil {
		return theme.Warn, "▲ " + c.Name + ": " + err.Error()
	}
	m, err := sharding.NewMap(len(shardsOf(v)))
	if err != nil || v.State.Meta == nil || v.State.Meta.Master.MapVersion != m.Version() {
		return theme.Muted, "The masters decide the shard."
	}
	r := m.Route(key)
	text := fmt.Sprintf("→ %s %s: hash %d, slot %d, shard %d", c.Name, key, r.Hash, r.Slot, r.Shard)
	if w := v.State.Worker(r.Shard); w != nil {
		text += " (" + w.Name + ")"
		if w.State != api.ShardUp && w.State != api.ShardSlow {
			return theme.Warn, "▲" + strings.TrimPrefix(text, "→") + ", which does not serve"
		}
	}
	return theme.Series(r.Shard), text
}

// Update ignores messages.
func (f *RowForm) Update(any) Intent { return nil }

// Paint draws the columns, the shard, and what is wrong.
func (f *RowForm) Paint(a widget.Area, v *View) {
	names, types := 6, 4
	for _, c := range f.def.Columns {
		names, types = max(names, min(widget.Width(c.Name), 24)), max(types, min(len(c.Type), 16))
	}
	in := a.Center(76, len(f.fields)+5).Dialog("Insert into "+f.def.Name, "left out: default or NULL")
	room := max(in.H-3, 1)
	f.top = min(max(f.top, f.cursor-room+1), f.cursor)
	for y := 0; y < room && f.top+y < len(f.fields); y++ {
		i := f.top + y
		c, x := &f.def.Columns[i], &f.fields[i]
		role := theme.Text
		if api.SameName(c.Name, f.def.ShardKey) {
			role = theme.Key
		}
		if i == f.cursor {
			in.Text(0, y, theme.Key, "▸")
		}
		in.Text(2, y, role, widget.FitMiddle(c.Name, names))
		in.Text(names+4, y, theme.Muted, widget.Fit(c.Type, types))
		f.paintValue(in.Sub(names+types+6, y, in.W-names-types-6, 1), c, x, i == f.cursor)
	}
	role, text := f.route(v)
	paragraph(in, 0, in.H-2, role, text, 1)
	if f.fault != "" {
		in.Text(0, in.H-1, theme.Bad, widget.Fit("✗ "+f.fault, in.W))
	} else if hidden := len(f.fields) - room; hidden > 0 {
		in.TextRight(in.W, in.H-1, theme.Muted, fmt.Sprintf("columns %d–%d of %d", f.top+1, min(f.top+room, len(f.fields)), len(f.fields)))
	}
}

func (f *RowForm) paintValue(a widget.Area, c *api.ColumnDef, x *field, chosen bool) {
	text, role := widget.Data(x.text), theme.Text
	switch {
	case x.null:
		text, role = "NULL", theme.Stale
	case x.given:
	case chosen:
		text = ""
	case c.Default != "":
		text, role = "default "+c.Default, theme.Muted
	case c.Nullable:
		text, role = "left out: NULL", theme.Muted
	default:
		text, role = "required", theme.Muted
	}
	if over := widget.Width(text) - (a.W - 2); over > 0 {
		text = "…" + dropCells(text, over+1)
	}
	end := a.Text(0, 0, role, text)
	if chosen {
		a.Text(end, 0, theme.ButtonFocus, " ")
	}
}
