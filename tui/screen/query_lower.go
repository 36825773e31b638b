package screen

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/detail"
	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/plot"
	"shardeck/tui/sqlwrite"
	"shardeck/tui/statement"
	"shardeck/tui/widget"
)

// lower is what is shown in place of the rows: a value, a row or a plot.
type lower interface {
	Title() string
	Commands() []keymap.Command
	Paint(a widget.Area)
}

// The intents about rows that only the console can carry out.
type (
	// Work does something that takes time: Run in the background, and then what it returns, which
	// changes the screen. What says what is done; "" is not worth saying.
	Work struct {
		What string
		Run  func(context.Context) (then func() Intent)
	}
	// PickCopy opens the menu of what to copy or to export.
	PickCopy struct{ Menu *CopyMenu }
	// AskValue asks for a new value of a cell.
	AskValue struct{ Prompt *Prompt }
)

// onResult carries out what the rows that are shown ask for.
func (q *Query) onResult(o *output, in Intent) Intent {
	switch in := in.(type) {
	case grid.OpenCell:
		o.lower = detail.NewValue(in.Of, in.Value)
	case grid.OpenRow:
		o.lower = detail.NewRow(o.grid)
	case grid.CopyAs:
		return PickCopy{Menu: q.copyMenu(o, false)}
	case grid.Export:
		return PickCopy{Menu: q.copyMenu(o, true)}
	case grid.EditCell:
		return q.editCell(o, in)
	case grid.Prepare:
		return background(q, o, in.What, in.Run, func(order grid.Order) Intent { return q.onResult(o, o.grid.Apply(order)) })
	case grid.PlotColumns:
		p, next, err := plot.New(o.grid.Shown(), in.Column)
		if err != nil {
			return keymap.Say{Text: err.Error()}
		}
		o.lower = p
		return q.onLower(o, next)
	case plot.Collect:
		p, ok := o.lower.(*plot.Plot)
		if !ok {
			return nil
		}
		run := func(ctx context.Context) *plot.Collected {
			read := in.Run(ctx)
			if ctx.Err() != nil {
				return nil
			}
			return &read
		}
		return background(q, p, "", run, func(read *plot.Collected) Intent {
			if read == nil { // there is nothing to show
				q.leaveLower(o)
				return keymap.Say{Text: "the plot was cancelled"}
			}
			return q.onLower(o, p.Apply(*read))
		})
	default:
		return in
	}
	return nil
}

// copyMenu is the menu for the rows of a result.
func (q *Query) copyMenu(o *output, export bool) *CopyMenu {
	m := newCopyMenu(o.grid, tableOf(o.SQL), export)
	switch {
	case o.streams:
		m.lacks = "rows are still arriving"
	case o.Err != nil:
		m.lacks = "the statement failed"
	case len(o.Partial) > 0:
		m.lacks = "shards are missing"
	default:
		m.lacks = o.Truncated
	}
	return m
}

// pane is what is shown in place of the rows, nil for them.
func (q *Query) pane() lower {
	if o := q.shown(); o != nil {
		return o.lower
	}
	return nil
}

// onLower carries out what the value, the row or the plot of a result asks for.
func (q *Query) onLower(o *output, in Intent) Intent {
	switch in.(type) {
	case detail.Close, plot.Close:
		q.leaveLower(o)
		return nil
	}
	return q.onResult(o, in)
}

// tableOf is the table whose rows a statement returns, "" if they are of no single one.
func tableOf(sql string) string {
	table, _ := rowsOf(sql)
	return table
}

// editCell asks for a new value of a cell, and then for the UPDATE of it to be run, after a look at
// that and its shard.
func (q *Query) editCell(o *output, in grid.EditCell) Intent {
	if q.running != nil {
		return keymap.Say{Text: "a statement is running"}
	}
	name, why := rowsOf(o.SQL)
	switch {
	case why != "":
		return keymap.Say{Text: why}
	case o.DB != q.tables.db:
		return keymap.Say{Text: "these rows are of " + o.DB + "; choose that database with Ctrl-T to edit them"}
	}
	def := q.tables.table(name)
	if def == nil {
		return keymap.Say{Text: "the table " + name + " is not known here"}
	}
	column, _ := def.Column(in.Of.Name)
	if column == nil {
		return keymap.Say{Text: def.Name + " has no column " + in.Of.Name}
	}
	if strings.EqualFold(column.Name, def.ShardKey) {
		return keymap.Say{Text: column.Name + " is the shard key, which cannot be changed: insert the row anew and delete this one"}
	}
	keys, values, why := q.keyOf(o, def, in.Row)
	if why != "" {
		return keymap.Say{Text: why}
	}
	title := fmt.Sprintf("%s of %s %s", column.Name, def.Name, strings.Join(cellTexts(values), ", "))
	help := "A new value of type " + strings.ToLower(column.Type) + ". You see the statement and its shard before it is sent."
	if column.Nullable {
		help += " Ctrl-N makes it NULL."
	}
	text := in.Value.Text
	if in.Value.Null {
		text = ""
	}
	return AskValue{Prompt: NewValuePrompt(title, help, text, in.Value.Null, column.Nullable, func(text string, null bool) Intent {
		sql, err := sqlwrite.EditStatement(def.Name, keys, values, sqlwrite.Column{Name: column.Name, Type: column.Type}, answer.Cell{Text: text, Null: null}, in.Value)
		if err != nil {
			return keymap.Say{Text: err.Error()}
		}
		run := RunQueries{DB: o.DB, tab: q.tab(), Options: q.options, Ask: true, Edits: true, Pieces: []Piece{
			{SQL: sql, At: -1, Repeat: 1, Kind: statement.Write},
			{SQL: o.SQL, At: o.At, Repeat: 1, Kind: statement.Read}, // to see the rows as they are then
		}}
		return run
	})}
}

// keyOf returns the primary key of a row of the result. why says why it cannot be told.
func (q *Query) keyOf(o *output, def *api.TableDef, row int) (keys []sqlwrite.Column, values []answer.Cell, why string) {
	if len(def.PrimaryKey) == 0 {
		return nil, nil, def.Name + " has no primary key, so that no single row of it can be changed"
	}
	source := grid.NewResult(o.Columns, o.Rows)
	cells, err := source.Row(row)
	if err != nil {
		return nil, nil, err.Error()
	}
	for _, name := range def.PrimaryKey {
		i := slices.IndexFunc(o.Columns, func(c api.Column) bool { return strings.EqualFold(c.Name, name) })
		if i < 0 || i >= len(cells) {
			return nil, nil, "select the key too (" + strings.Join(def.PrimaryKey, ", ") + "), which tells the rows apart"
		}
		column, _ := def.Column(name)
		if column == nil {
			return nil, nil, def.Name + " has no column " + name
		}
		keys = append(keys, sqlwrite.Column{Name: column.Name, Type: column.Type})
		values = append(values, cells[i])
	}
	return keys, values, ""
}

func cellTexts(cells []answer.Cell) []string {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = widget.Fit(c.Text, 24)
	}
	return texts
}
