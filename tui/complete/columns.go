package complete

import (
	"fmt"
	"slices"
	"strings"
)

// table returns the table of that name, nil if there is none.
func (f *finder) table(name string) *Table {
	for i := range f.schema.Tables {
		if strings.EqualFold(f.schema.Tables[i].Name, name) {
			return &f.schema.Tables[i]
		}
	}
	return nil
}

// visible reports whether a table is known where the word stands: in the same parentheses or
// in ones around them.
func (f *finder) visible(r ref) bool {
	return len(r.scope) <= len(f.context.scope) && slices.Equal(r.scope, f.context.scope[:len(r.scope)])
}

// called returns the table that a qualifier means: by an alias or its name, the innermost
// first, or else any table of that name.
func (f *finder) called(name string) *Table {
	for i := len(f.context.refs) - 1; i >= 0; i-- {
		r := f.context.refs[i]
		if f.visible(r) && (strings.EqualFold(r.alias, name) || r.alias == "" && strings.EqualFold(r.table, name)) {
			return f.table(r.table)
		}
	}
	return f.table(name)
}

// source is a table of the statement and what it is called there.
type source struct {
	table *Table
	name  string
}

// sources returns the tables whose columns the word can mean.
func (f *finder) sources() []source {
	var all []source
	for _, r := range f.context.refs {
		if !f.visible(r) {
			continue
		}
		if t := f.table(r.table); t != nil {
			s := source{table: t, name: t.Name}
			if r.alias != "" {
				s.name = r.alias
			}
			all = append(all, s)
		}
	}
	return all
}

// columns adds the columns of the statement's tables, with the table's name where several
// have one of that name, and those names. Without any table yet, what was typed may be the
// start of any column.
func (f *finder) columns(rank int) {
	sources := f.sources()
	if len(sources) == 0 {
		f.anyColumn(rank)
		return
	}
	tables := map[string]int{} // by a column's name, in lower case
	if len(sources) > 1 {
		for _, s := range sources {
			for i := range s.table.Columns {
				tables[strings.ToLower(s.table.Columns[i].Name)]++
			}
		}
	}
	for _, s := range sources {
		for i := range s.table.Columns {
			c := &s.table.Columns[i]
			qualifier := ""
			if tables[strings.ToLower(c.Name)] > 1 {
				qualifier = f.name(s.name) + "."
			}
			f.column(s.table, c, qualifier, rank)
		}
	}
	if f.context.clause == atValue {
		for _, s := range sources {
			f.add(s.name, rank, Item{Text: f.name(s.name), Kind: KindAlias, Detail: s.table.Name})
		}
	}
}

func (f *finder) columnsOf(t *Table) {
	for i := range t.Columns {
		f.column(t, &t.Columns[i], "", likely)
	}
}

func (f *finder) column(t *Table, c *Column, qualifier string, rank int) {
	help := ""
	if t.ShardKey != "" && strings.EqualFold(t.ShardKey, c.Name) {
		help = "the shard key: a condition on it reaches one shard"
	}
	f.add(c.Name, rank, Item{Text: qualifier + f.name(c.Name), Kind: KindColumn, Detail: c.Type + " · " + t.Name, Help: help})
}

// anyColumn adds the columns of all tables that begin with what was typed, each name once.
func (f *finder) anyColumn(rank int) {
	if f.place.prefix == "" {
		return
	}
	seen := map[string]bool{}
	for i := range f.schema.Tables {
		t := &f.schema.Tables[i]
		for j := range t.Columns {
			c := &t.Columns[j]
			if !hasPrefix(c.Name, f.place.prefix) {
				continue
			}
			if key := strings.ToLower(c.Name); !seen[key] {
				seen[key] = true
				f.column(t, c, "", rank)
				if len(seen) > MaxItems {
					return
				}
			}
		}
	}
}

// shardedBy tells how a table's rows are spread.
func shardedBy(t *Table) string {
	switch {
	case t.Replicated:
		return "on every shard"
	case t.ShardKey == "":
		return "spread by row hash"
	}
	return "sharded by " + t.ShardKey
}

func columnCount(n int) string {
	if n == 1 {
		return "1 column"
	}
	return fmt.Sprintf("%d columns", n)
}
