package screen

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
	"shardeck/tui/complete"
)

// knownTables are the tables of the database in which statements run.
type knownTables struct {
	from *api.Metadata
	db   string
	all  []api.TableInfo

	names *complete.Schema // what completion offers of them; nil until it is asked for
}

// know takes over the tables of the view.
func (k *knownTables) know(v *View) (changed bool) {
	if v.State.Meta == k.from && v.DB == k.db {
		return false
	}
	k.from, k.db, k.all, k.names = v.State.Meta, v.DB, nil, nil
	if k.from == nil {
		return true
	}
	for i := range k.from.Databases {
		if k.from.Databases[i].Name == v.DB {
			k.all = k.from.Databases[i].Tables
		}
	}
	return true
}

// schema returns the names to complete words with.
func (k *knownTables) schema() complete.Schema {
	if k.names != nil {
		return *k.names
	}
	k.names = &complete.Schema{}
	if k.from != nil {
		for i := range k.from.Databases {
			k.names.Databases = append(k.names.Databases, k.from.Databases[i].Name)
		}
	}
	for i := range k.all {
		def := &k.all[i].Definition
		t := complete.Table{Name: k.all[i].Name, ShardKey: def.ShardKey, Replicated: def.Replicated()}
		for _, c := range def.Columns {
			t.Columns = append(t.Columns, complete.Column{Name: c.Name, Type: c.Type})
		}
		k.names.Tables = append(k.names.Tables, t)
	}
	return *k.names
}

// table returns the definition of a table, nil if it is unknown.
func (k *knownTables) table(name string) *api.TableDef {
	for i := range k.all {
		if strings.EqualFold(k.all[i].Name, name) {
			return &k.all[i].Definition
		}
	}
	return nil
}

// isKey reports whether a column is the shard key or in the primary key of any table.
func (k *knownTables) isKey(column string) bool {
	for i := range k.all {
		def := &k.all[i].Definition
		if strings.EqualFold(def.ShardKey, column) {
			return true
		}
	}
	return false
}

// rowsOf returns the table whose rows a statement returns as they are, so that a value of the
// result is a value of the table: SELECT of columns by their names, or of all, from one table. why
// says why there is none.
func rowsOf(sql string) (table, why string) {
	const plain = "only the values of a SELECT of columns, without expressions or other names for them, can be edited"
	scan := tsqltoken.NewScanner(sql)
	var t tsqltoken.Token
	var words []tsqltoken.Token
	for scan.Next(&t) {
		if t.Kind != tsqltoken.KindComment {
			words = append(words, t)
		}
	}
	i := 0
	is := func(keyword string) bool { return i < len(words) && strings.EqualFold(words[i].Text, keyword) }
	if !is("SELECT") {
		return "", "only the values of a SELECT can be edited"
	}
	i++
	if is("TOP") {
		for i++; i < len(words) && words[i].Kind != tsqltoken.KindWord && words[i].Op != '*'; i++ {
		}
	}
	name := false // whether a name has just been read, after which another one would rename it
	for ; i < len(words) && !is("FROM"); i++ {
		w := &words[i]
		isName := (w.Kind == tsqltoken.KindWord && !tsqltoken.IsWord(w.Text)) || w.Kind == tsqltoken.KindQuoted
		switch {
		case w.Kind == tsqltoken.KindOp && (w.Op == ',' || w.Op == '.' || w.Op == '*'):
			isName = false
		case !isName || name:
			return "", plain
		}
		name = isName
	}
	if i++; i >= len(words) {
		return "", plain
	}
	table = words[i].Text
	if i++; i < len(words) && words[i].Op == '.' {
		if i++; i >= len(words) {
			return "", plain
		}
		table = words[i].Text
		i++
	}
	for ; i < len(words); i++ {
		for _, k := range []string{"JOIN", "GROUP", "UNION", "HAVING", "APPLY"} {
			if is(k) {
				return "", "the rows of a " + k + " are not those of one table, so that they cannot be edited"
			}
		}
		if words[i].Op == ',' {
			break // ORDER BY may have one
		}
	}
	return unquoted(table), ""
}

// unquoted is a name without its brackets or quotation marks.
func unquoted(name string) string {
	switch {
	case strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]"):
		return strings.ReplaceAll(name[1:len(name)-1], "]]", "]")
	case strings.HasPrefix(name, `"`) && strings.HasSuffix(name, `"`) && len(name) > 1:
		return strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
	}
	return name
}
