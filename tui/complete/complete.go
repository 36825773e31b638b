package complete

import (
	"cmp"
	"slices"
	"strings"

	"shardeck/shared/tsqltoken"
	"shardeck/tui/statement"
)

// MaxItems bounds the items of a completion.
const MaxItems = 200

// Schema is what names can mean.
type Schema struct {
	Databases []string
	Tables    []Table
	// Params returns the names of the parameters in the text, without @; nil for none. It is called
	// only where one is written.
	Params func() []string
}

// Table is a table with its columns. ShardKey is the name of a column, "" for none.
type Table struct {
	Name     string
	Columns  []Column
	ShardKey string
	// Replicated means that every shard has all rows.
	Replicated bool
}

// Column is a column; Type is as T-SQL writes it.
type Column struct{ Name, Type string }

// Completion is the items that text[From:To] could be replaced by, the best first.
type Completion struct {
	From, To int
	// Prefix is what was typed of the word, without a bracket or @.
	Prefix string
	Items  []Item
	// TooLong tells that the statement exceeds [MaxStatement], so that there are no items.
	TooLong bool
	// More is the number of items beyond MaxItems.
	More int
}

// Item is something that a word could become.
type Item struct {
	// Text replaces the word: a name in brackets if it needs them, a function with its
	// parenthesis.
	Text string
	Kind Kind
	// Detail is a column's type and table, or a function's syntax.
	Detail string
	// Help is a function's line of help, or what is particular about a column.
	Help string
}

// Kind is the kind of an item. Of equally good ones, those of a lower kind come first.
type Kind uint8

// The kinds.
const (
	KindColumn Kind = iota
	KindAlias
	KindTable
	KindParam
	KindDatePart
	KindType
	KindFunction
	KindKeyword
	KindDatabase
)

// String returns the kind in words.
func (k Kind) String() string {
	return [...]string{
		KindColumn: "column", KindAlias: "alias", KindTable: "table", KindParam: "parameter", KindDatePart: "date part",
		KindType: "type", KindFunction: "function", KindKeyword: "keyword", KindDatabase: "database",
	}[k]
}

// Complete returns what the word at an offset of the text, whose statements are all, could become; without items in
// strings, comments and numbers, and where the user makes up a name.
func Complete(text string, all []statement.Statement, at int, s Schema) Completion {
	at = min(max(at, 0), len(text))
	c := Completion{From: at, To: at}
	p, ok := locate(text, all, at)
	if !ok {
		c.TooLong = p.tooLong
		return c
	}
	c.From, c.To, c.Prefix = p.from, p.to, p.prefix
	f := finder{place: p, schema: s, context: read(p), lower: p.lower()}
	f.find()
	slices.SortStableFunc(f.found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.match, b.match), cmp.Compare(a.rank, b.rank), cmp.Compare(a.Kind, b.Kind))
	})
	for _, candidate := range f.found {
		if len(c.Items) == MaxItems {
			c.More = len(f.found) - MaxItems
			break
		}
		c.Items = append(c.Items, candidate.Item)
	}
	if len(c.Items) > 0 && c.Items[0].Text == text[c.From:c.To] && (len(c.Items) == 1 || f.found[1].match > f.found[0].match) {
		c.Items = nil // it is complete, and begins nothing else
	}
	return c
}

// candidate is an item and how well it fits.
type candidate struct {
	Item
	match match
	rank  int // among those that match as well: lower is better
}

// name returns a name as it is written: in brackets if it needs them or if one is open.
func (f *finder) name(name string) string {
	if f.place.bracket || !tsqltoken.IsBareName(name) {
		return "[" + strings.ReplaceAll(name, "]", "]]") + "]"
	}
	return name
}

// match is how well a name fits what was typed.
type match uint8

const (
	byPrefix  match = iota
	byWord          // by the prefix of a word in it, as gpa fits avg_gpa
	byPart          // by any part of it
	byLetters       // by its letters in order
	byNothing
)

// matches compares a name with what was typed, ignoring case.
func matches(name, prefix string) match {
	switch {
	case hasPrefix(name, prefix):
		return byPrefix
	case len(name) < len(prefix):
		return byNothing
	}
	found := byNothing
	for i := 1; i+len(prefix) <= len(name); i++ {
		if hasPrefix(name[i:], prefix) {
			if c := name[i-1]; c == '_' || c == ' ' || isLower(c) && isUpper(name[i]) {
				return byWord
			}
			found = byPart
		}
	}
	if found == byNothing && len(prefix) > 1 && hasLetters(name, prefix) {
		return byLetters
	}
	return found
}

func hasPrefix(name, prefix string) bool {
	return len(name) >= len(prefix) && (prefix == "" || fold(name[0]) == fold(prefix[0])) && strings.EqualFold(name[:len(prefix)], prefix)
}

// hasLetters reports whether name begins as prefix does and has its letters in this order.
func hasLetters(name, prefix string) bool {
	if fold(name[0]) != fold(prefix[0]) {
		return false
	}
	for i := 0; i < len(name) && prefix != ""; i++ {
		if fold(name[i]) == fold(prefix[0]) {
			prefix = prefix[1:]
		}
	}
	return prefix == ""
}

// fold returns an ASCII letter in lower case; what is no ASCII is one class, which EqualFold
// tells apart.
func fold(c byte) byte {
	switch {
	case isUpper(c):
		return c + 'a' - 'A'
	case c >= 0x80:
		return 0x80
	}
	return c
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
