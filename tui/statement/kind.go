package statement

import (
	"strings"

	"shardeck/shared/tsqltoken"
)

// Kind is what a statement does, as far as its first words tell.
type Kind uint8

// The kinds.
const (
	Other      Kind = iota // none of the following, such as EXEC, whose effect is unknown
	Read                   // SELECT, and DECLARE, SET and USE, which only change the session
	Write                  // INSERT, UPDATE, DELETE, MERGE, TRUNCATE, SELECT INTO
	Definition             // CREATE, ALTER, DROP
)

// String returns the kind as it is written in a sentence.
func (k Kind) String() string {
	return [...]string{Other: "other", Read: "read", Write: "write", Definition: "definition"}[k]
}

// classifier finds the kind of a statement from its tokens. Words that write count wherever
// they stand, as they are reserved: it may take a read for a write, and never a write for a
// read, as in SELECT 1 DELETE t.
type classifier struct {
	first   opening
	changes Kind // what the first word that writes or defines does; Other without one
	selects bool // there is a SELECT
	into    bool // and an INTO after it
}

// opening is the first word of a statement.
type opening uint8

const (
	noWord opening = iota
	selectWord
	withWord
	declareWord
	sessionWord
	anotherWord
)

func openingOf(word string) opening {
	switch {
	case strings.EqualFold(word, "SELECT"):
		return selectWord
	case strings.EqualFold(word, "WITH"):
		return withWord
	case strings.EqualFold(word, "DECLARE"):
		return declareWord
	case strings.EqualFold(word, "SET"), strings.EqualFold(word, "USE"):
		return sessionWord
	}
	return anotherWord
}

// verbs are the words that decide. It is never modified.
var verbs = map[string]Kind{
	"INSERT": Write, "UPDATE": Write, "DELETE": Write, "MERGE": Write, "TRUNCATE": Write,
	"CREATE": Definition, "ALTER": Definition, "DROP": Definition,
}

func (c *classifier) token(t *tsqltoken.Token) {
	if t.Kind != tsqltoken.KindWord {
		return
	}
	if c.first == noWord {
		c.first = openingOf(t.Text)
	}
	switch {
	case t.Keyword == tsqltoken.Select:
		c.selects = true
	case t.Keyword == tsqltoken.Into && c.selects:
		c.into = true
	case t.Keyword != tsqltoken.NoKeyword && c.changes == Other:
		c.changes = verbs[strings.ToUpper(t.Text)]
	}
}

func (c *classifier) kind() Kind {
	switch {
	case c.changes != Other:
		return c.changes
	case c.into:
		return Write
	case c.first == selectWord, c.first == withWord && c.selects, c.first == declareWord, c.first == sessionWord:
		return Read
	}
	return Other
}

// OnlyReads reports whether a text has no statement but those that read.
func OnlyReads(sql string) bool {
	for _, s := range Split(sql) {
		if s.Kind != Read {
			return false
		}
	}
	return true
}
