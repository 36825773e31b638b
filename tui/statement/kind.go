package statement

import (
	"strings"

	"shardeck/shared/tsqltoken"
)

// Kind is what a statement does, as far as its first words tell.
type Kind uint8

// The kinds.
const (
	Other      Kind = iota // neither of the following, such as EXEC
	Read                   // SELECT
	Write                  // INSERT, UPDATE, DELETE, MERGE, TRUNCATE, SELECT INTO
	Definition             // CREATE, ALTER, DROP
)

// String returns the kind as it is written in a sentence.
func (k Kind) String() string {
	return [...]string{Other: "other", Read: "read", Write: "write", Definition: "definition"}[k]
}

// KindOf returns the kind of the statement that a text is.
func KindOf(text string) Kind {
	var c classifier
	scan := tsqltoken.NewScanner(text)
	var t tsqltoken.Token
	for scan.Next(&t) {
		c.token(&t)
	}
	return c.kind()
}

// classifier finds the kind of a statement from its tokens.
type classifier struct {
	verb  string // the word that decides, in capitals
	with  bool   // it begins with WITH, so that the verb comes after the common table expressions
	into  bool
	depth int // of parentheses
}

// verbs are the words that decide, and the kinds. It is never modified.
var verbs = map[string]Kind{
	"SELECT": Read, "INSERT": Write, "UPDATE": Write, "DELETE": Write, "MERGE": Write, "TRUNCATE": Write,
	"CREATE": Definition, "ALTER": Definition, "DROP": Definition,
}

func (c *classifier) token(t *tsqltoken.Token) {
	switch {
	case t.Kind == tsqltoken.KindOp && t.Op == '(':
		c.depth++
	case t.Kind == tsqltoken.KindOp && t.Op == ')':
		c.depth--
	case t.Kind != tsqltoken.KindWord:
	case c.verb == "SELECT" && t.Keyword == tsqltoken.Into:
		c.into = true
	case c.verb != "":
	case !c.with:
		// In parentheses, too: (SELECT 1) UNION (SELECT 2).
		c.with = t.Keyword == tsqltoken.With
		if !c.with {
			c.verb = strings.ToUpper(t.Text)
		}
	case c.depth == 0:
		if word := strings.ToUpper(t.Text); verbs[word] != Other {
			c.verb = word
		}
	}
}

func (c *classifier) kind() Kind {
	if c.into {
		return Write
	}
	return verbs[c.verb]
}
