package complete

import (
	"slices"
	"strings"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
	"shardeck/shared/tsqltoken"
)

// finder collects the candidates of a word.
type finder struct {
	place   place
	schema  Schema
	context context
	lower   bool // words are written in lower case
	found   []candidate
}

// The ranks of what fits equally well.
const (
	likely = iota
	possible
	unlikely
)

func (f *finder) add(name string, rank int, item Item) {
	if m := matches(name, f.place.prefix); m != byNothing {
		f.found = append(f.found, candidate{Item: item, match: m, rank: rank})
	}
}

func (f *finder) find() {
	switch c := f.context.clause; {
	case f.place.param:
		if f.schema.Params == nil {
			return
		}
		for _, p := range f.schema.Params() {
			f.add(p, likely, Item{Text: "@" + p, Kind: KindParam})
		}
	case len(f.place.qualifier) > 0:
		f.qualified()
	case c == atTable:
		f.tables(likely)
		f.databases()
	case c == afterDelete:
		f.words(likely, "FROM")
		f.tables(possible)
	case c == atValue && f.context.ended:
		f.keywords(goOn)
		f.columns(unlikely)
		f.functions(unlikely)
	case c == atValue:
		f.columns(likely)
		f.functions(likely)
		f.keywords(begin)
	case c == atConstant:
		f.functions(likely)
		f.words(likely, "NULL", "DEFAULT", "CASE")
	case c == atColumn:
		f.columns(likely)
	case c == atType:
		f.types()
	case c == atPart:
		f.parts()
	case c == atDefinition:
		f.types()
		f.words(possible, "NOT", "NULL", "PRIMARY", "KEY", "UNIQUE", "DEFAULT", "CONSTRAINT")
	default:
		if f.words(likely, follows[c]...); c == afterTable {
			f.keywords(follows[c])
		}
	}
}

// follows are the words that go on after a clause, the likely ones first. It is never
// modified.
var follows = map[clause][]string{
	atStart:       {"SELECT", "INSERT INTO", "UPDATE", "DELETE FROM", "CREATE TABLE", "DROP TABLE"},
	afterTable:    {"WHERE", "JOIN", "ON", "LEFT JOIN", "GROUP BY", "ORDER BY", "SET", "AS", "INNER JOIN"},
	afterInsert:   {"INTO"},
	afterInserted: {"VALUES", "SELECT"},
	afterCreate:   {"TABLE"},
	afterOrder:    {"BY"},
}

// The words that a value likely begins with, and that go on after one. They are never
// modified.
var (
	begin = []string{"CASE", "NOT", "NULL", "DISTINCT", "TOP"}
	goOn  = []string{
		"FROM", "WHERE", "AND", "OR", "GROUP BY", "ORDER BY", "HAVING", "AS", "ASC", "DESC", "IN", "LIKE", "BETWEEN", "IS", "NOT", "WHEN", "THEN", "ELSE", "END",
		"JOIN", "OFFSET", "FETCH",
	}
)

// words adds words in the case of the text.
func (f *finder) words(rank int, words ...string) {
	if f.place.bracket {
		return
	}
	for _, w := range words {
		f.add(w, rank, Item{Text: f.cased(w), Kind: KindKeyword})
	}
}

func (f *finder) cased(word string) string {
	if f.lower {
		return strings.ToLower(word)
	}
	return word
}

// keywords adds the likely keywords, and once something was typed, the others too.
func (f *finder) keywords(listed []string) {
	if f.context.clause == atValue {
		f.words(likely, listed...)
	}
	if f.place.prefix == "" {
		return
	}
	for _, w := range tsqltoken.Words() {
		if sqlfunc.Lookup(w) == nil && !slices.ContainsFunc(listed, func(l string) bool { return l == w || strings.HasPrefix(l, w+" ") }) {
			f.words(unlikely, w)
		}
	}
}

func (f *finder) functions(rank int) {
	if f.place.bracket {
		return
	}
	open := "("
	if strings.HasPrefix(f.place.text[f.place.to:], "(") {
		open = ""
	}
	for _, fn := range sqlfunc.All() {
		if !strings.Contains(fn.Usage(), "(") {
			continue // a keyword, or a name with @@
		}
		f.add(fn.Name, rank, Item{Text: f.cased(fn.Name) + open, Kind: KindFunction, Detail: fn.Usage(), Help: fn.Help})
	}
}

func (f *finder) tables(rank int) {
	for i := range f.schema.Tables {
		t := &f.schema.Tables[i]
		f.add(t.Name, rank, Item{Text: f.name(t.Name), Kind: KindTable, Detail: columnCount(len(t.Columns)), Help: shardedBy(t)})
	}
}

func (f *finder) databases() {
	for _, db := range f.schema.Databases {
		f.add(db, unlikely, Item{Text: f.name(db), Kind: KindDatabase})
	}
}

func (f *finder) types() {
	for k := sqltypes.Bit; k <= sqltypes.UniqueIdentifier; k++ {
		f.add(k.String(), likely, Item{Text: f.cased(k.String()), Kind: KindType})
	}
}

func (f *finder) parts() {
	for p := sqltypes.PartYear; p.String() != ""; p++ {
		f.add(p.String(), likely, Item{Text: p.String(), Kind: KindDatePart})
	}
}

// qualified adds what can follow names with points.
func (f *finder) qualified() {
	q := f.place.qualifier
	isDBO := strings.EqualFold(q[0], "dbo") || q[0] == "" && len(q) > 1
	value := f.context.clause == atValue || f.context.clause == atColumn
	switch {
	case isDBO:
		f.tables(likely)
	case value:
		if t := f.called(q[0]); t != nil {
			f.columnsOf(t)
			return
		}
		f.schemaOf(q[0])
	case f.context.clause == atTable:
		f.schemaOf(q[0])
	}
}

// schemaOf adds dbo behind the name of a database.
func (f *finder) schemaOf(db string) {
	if slices.ContainsFunc(f.schema.Databases, func(d string) bool { return strings.EqualFold(d, db) }) {
		f.add("dbo", likely, Item{Text: f.name("dbo"), Kind: KindDatabase})
	}
}
