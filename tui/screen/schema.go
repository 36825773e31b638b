package screen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/sqlwrite"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Schema is the place that lists databases and tables, with the definition of the chosen one and
// its rows on each shard.
type Schema struct {
	list    listing
	entries []schemaEntry
	pane    pane
}

// schemaEntry is a table, or a database without one.
type schemaEntry struct{ db, table string }

// NewSchema returns the place.
func NewSchema() *Schema { return &Schema{} }

func (s *Schema) fillsFrame() {}

// Writing reports whether a filter is being typed.
func (s *Schema) Writing() bool { return s.list.typing() }

// Insert adds to the filter.
func (s *Schema) Insert(text string) Intent { return s.list.insert(text) }

// Update ignores messages.
func (s *Schema) Update(any) Intent { return nil }

// OpenStatement shows the Query screen with a statement in a tab of its own, on a table, and runs it
// if that is asked for: with the question that precedes every write.
type OpenStatement struct {
	DB, Table, SQL string
	Run            bool
}

// Renew follows the tables.
func (s *Schema) Renew(v *View) Intent {
	t := &grid.Table{Head: []grid.Column{{Name: "database"}, {Name: "table"}, {Name: "rows", Right: true}, {Name: "shard key"}, {Name: "columns", Right: true}, {Name: "skew", Right: true}, {Name: "drift"}}}
	s.entries = s.entries[:0]
	var keys []string
	add := func(e schemaEntry, looks []theme.Role, cells ...string) {
		row := make([]grid.Cell, len(t.Head))
		for i, text := range cells {
			row[i].Text = text
		}
		t.Rows, t.Looks = append(t.Rows, row), append(t.Looks, looks)
		s.entries, keys = append(s.entries, e), append(keys, e.db+"."+e.table)
	}
	for i := range databasesOf(v) {
		d := &databasesOf(v)[i]
		if len(d.Tables) == 0 {
			add(schemaEntry{d.Name, ""}, nil, d.Name, "", "", "", "", "", driftMark(v, d.Name, ""))
		}
		for j := range d.Tables {
			info := &d.Tables[j]
			rows, rowsLook := widget.Thousands(info.Rows), theme.Text
			if !allFresh(v) {
				rows, rowsLook = "~"+rows, theme.Stale
			}
			add(schemaEntry{d.Name, info.Name}, []theme.Role{theme.Muted, theme.Strong, rowsLook, theme.Text, theme.Text, theme.Text, theme.Warn},
				d.Name, info.Name, rows, keyName(&info.Definition), strconv.Itoa(len(info.Definition.Columns)), skewText(info), driftMark(v, d.Name, info.Name))
		}
	}
	first := s.list.grid == nil
	in := s.list.show(t, keys)
	if first {
		s.list.choose(v.DB + "." + v.Table)
	}
	return in
}

func databasesOf(v *View) []api.DatabaseInfo {
	if v.State.Meta == nil {
		return nil
	}
	return v.State.Meta.Databases
}

// keyName is what decides the shard of a table's rows.
func keyName(def *api.TableDef) string {
	switch {
	case def.Replicated():
		return "(every shard)"
	case def.ShardKey == "":
		return "(row hash)"
	}
	return def.ShardKey
}

func skewText(t *api.TableInfo) string {
	if t.Rows == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", t.Skew)
}

// driftsOf lists the differences between shards that concern a table, or only its database.
func driftsOf(v *View, db, table string) []api.Drift {
	if v.State.Meta == nil {
		return nil
	}
	var all []api.Drift
	for _, d := range v.State.Meta.Drift {
		if api.SameName(d.DB, db) && (d.Table == "" || api.SameName(d.Table, table)) {
			all = append(all, d)
		}
	}
	return all
}

func driftMark(v *View, db, table string) string {
	if all := driftsOf(v, db, table); len(all) > 0 {
		return "▲ " + strings.ReplaceAll(all[0].Kind, "_", " ")
	}
	return ""
}

// chosen returns the table under the cursor; info is nil for a database without one.
func (s *Schema) chosen(v *View) (e schemaEntry, info *api.TableInfo, ok bool) {
	row := s.list.row()
	if row < 0 || row >= len(s.entries) {
		return schemaEntry{}, nil, false
	}
	e = s.entries[row]
	return e, v.State.Table(e.db, e.table), true
}

// Commands lists the keys.
func (s *Schema) Commands(v *View) []keymap.Command {
	own := s.list.commands()
	if s.list.typing() {
		return own
	}
	e, info, ok := s.chosen(v)
	noTable := ""
	if info == nil {
		noTable = "there is no table here"
	}
	noColumns := noTable
	if info != nil && len(info.Definition.Columns) == 0 {
		noColumns = "its columns are not known"
	}
	db := v.DB
	if ok {
		db = e.db
	}
	open := func(sql string, run bool) func() Intent {
		return asks(OpenStatement{DB: e.db, Table: e.table, SQL: sql, Run: run})
	}
	commands := []keymap.Command{
		{Name: "show some of its rows", Label: "rows", Group: groupTables, Keys: []string{"enter"}, Off: noTable, Do: open(SampleOf(info), true)},
		{Name: "insert a row by a form", Label: "insert", Group: groupTables, Keys: []string{"i"}, Off: noColumns, Do: func() Intent {
			return Show{NewRowForm(v.Now, e.db, &info.Definition)}
		}},
		{Name: "create a table", Label: "create", Group: groupTables, Keys: []string{"n"}, Do: asks(OpenStatement{DB: db, SQL: newTableText(db == "")})},
		{Name: "drop it, after a question", Label: "drop", Group: groupTables, Keys: []string{"d"}, Off: noRow(ok), Do: open(dropText(e), true)},
		{Name: "count its rows by MapReduce", Label: "count", Group: groupTables, Keys: []string{"m"}, Off: noTable, Do: func() Intent {
			return All{ChooseTable{DB: e.db, Table: e.table}, Go{OverviewPlace}, StartCount{}}
		}},
		{Name: "copy its CREATE TABLE statement", Group: groupTables, Keys: []string{"C"}, Off: noColumns, Do: func() Intent {
			return keymap.Copy{Text: sqlwrite.CreateTable(&info.Definition), What: "the CREATE TABLE statement"}
		}},
		{Name: "scroll the definition", Label: "more", Group: groupView, Keys: []string{"tab"}, Do: does(func() { s.pane.page() })},
	}
	return placeCommands(v, SchemaPlace, append(commands, own...)...)
}

func noRow(ok bool) string {
	if ok {
		return ""
	}
	return "there is no table here"
}

// SampleOf is a statement that shows some rows of a table.
func SampleOf(t *api.TableInfo) string {
	if t == nil {
		return ""
	}
	text := "SELECT TOP (20) *\nFROM " + sqlwrite.Name(t.Name)
	if k := t.Definition.ShardKey; k != "" {
		text += "\nORDER BY " + sqlwrite.Name(k)
	}
	return text
}

func dropText(e schemaEntry) string {
	if e.table == "" {
		return "DROP DATABASE " + sqlwrite.Name(e.db)
	}
	return "DROP TABLE " + sqlwrite.Name(e.table)
}

// newTableText is a statement to begin with.
func newTableText(withDatabase bool) string {
	text := "CREATE TABLE NewTable (\n    id INT NOT NULL PRIMARY KEY,\n    name NVARCHAR(100) NOT NULL\n)\nWITH (DISTRIBUTION = HASH(id))"
	if withDatabase {
		text = "CREATE DATABASE NewDB"
	}
	return text
}

// Paint draws the list and the chosen table's definition.
func (s *Schema) Paint(a widget.Area, v *View) {
	body := paintPlace(a, v, SchemaPlace, s.Commands(v))
	list, detail := splitPlace(body, len(s.entries))
	s.list.paint(list, "Tables", strconv.Itoa(len(s.entries)), "There is no table yet. Press n to create one.")
	e, info, ok := s.chosen(v)
	title := "Definition"
	if ok {
		title = strings.TrimSuffix(e.db+"."+e.table, ".")
	}
	in := detail.Box(theme.Border, title, s.pane.more())
	in = in.Sub(1, 0, in.W-2, in.H)
	if !ok {
		paragraph(in, 0, 0, theme.Muted, "Choose a table.", in.H)
		return
	}
	paintSections(in, &s.pane, schemaSections(v, e, info, sectionWidth(in)))
}

// splitPlace divides a place into a list of n rows and the details of the chosen one: side by side
// where there is room.
func splitPlace(body widget.Area, n int) (list, detail widget.Area) {
	if body.W >= wideWidth {
		list = body.Sub(0, 0, max(body.W*45/100, 66), body.H) // all columns of the lists
		return list, body.Sub(list.W, 0, body.W-list.W, body.H)
	}
	list = body.Sub(0, 0, body.W, min(max(n, 1)+3, max(body.H*2/5, 5)))
	return list, body.Sub(0, list.H, body.W, body.H-list.H)
}

func schemaSections(v *View, e schemaEntry, info *api.TableInfo, width int) []section {
	var all []section
	if drifts := driftsOf(v, e.db, e.table); len(drifts) > 0 {
		var facts []fact
		for i := range drifts {
			facts = append(facts, fact{"▲", strings.TrimPrefix(cluster.DriftText(&drifts[i]), "drift: ") + ": " + drifts[i].Detail, theme.Warn})
		}
		all = append(all, factSection("Drift", facts, width))
	}
	if info == nil {
		return append(all, factSection("Database", []fact{{"tables", "none", theme.Muted}}, width))
	}
	return append(all, columnSection(&info.Definition), keySection(&info.Definition, width), rowsSection(v, info))
}

// columnSection lists the columns.
func columnSection(def *api.TableDef) section {
	names, types := 6, 4
	for _, c := range def.Columns {
		names, types = max(names, min(widget.Width(c.Name), 30)), max(types, min(len(c.Type), 20))
	}
	return section{fmt.Sprintf("Columns (%d)", len(def.Columns)), len(def.Columns), func(a widget.Area) {
		for y, c := range def.Columns {
			role := theme.Text
			var marks []string
			if api.SameName(c.Name, def.ShardKey) {
				role = theme.Key
				marks = append(marks, "shard key")
			}
			if slices.ContainsFunc(def.PrimaryKey, func(k string) bool { return api.SameName(k, c.Name) }) {
				marks = append(marks, "primary key")
			}
			if !c.Nullable {
				marks = append(marks, "NOT NULL")
			}
			if c.Default != "" {
				marks = append(marks, "DEFAULT "+c.Default)
			}
			a.Text(0, y, role, widget.FitMiddle(c.Name, names))
			a.Text(names+2, y, theme.Info, widget.Fit(c.Type, types))
			a.Text(names+types+4, y, theme.Muted, widget.Fit(strings.Join(marks, ", "), a.W-names-types-4))
		}
	}}
}

// keySection describes what spreads the rows and what is unique.
func keySection(def *api.TableDef, width int) section {
	spread := "by the hash of " + def.ShardKey
	switch {
	case def.Replicated():
		spread = "to every shard: each has all of them, and any one answers a read"
	case def.ShardKey == "":
		spread = "by a hash of the whole row, evenly; no value tells a row's shard"
	}
	facts := []fact{{"rows go", spread, theme.Text}}
	if len(def.PrimaryKey) > 0 {
		facts = append(facts, fact{"primary key", strings.Join(def.PrimaryKey, ", "), theme.Text})
	}
	for _, u := range def.Unique {
		facts = append(facts, fact{"unique", strings.Join(u, ", "), theme.Text})
	}
	for i := range def.Indexes {
		facts = append(facts, fact{"index", def.Indexes[i].Name + ": " + sqlwrite.IndexColumns(&def.Indexes[i]), theme.Text})
	}
	return factSection("Keys", append(facts, fact{"version", def.Version(), theme.Muted}), width)
}

// rowsSection draws the rows on each shard.
func rowsSection(v *View, info *api.TableInfo) section {
	return section{"Rows per shard", len(info.RowsPerShard), func(a widget.Area) { paintBars(a, v, info, 0) }}
}
