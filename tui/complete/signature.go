package complete

import (
	"strings"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/tsqltoken"
	"shardeck/tui/statement"
)

// Call is a function at a place of a text.
type Call struct {
	Name string
	// Usage is its syntax, "" if it is not supported.
	Usage string
	// Help is its line of help, or what to write instead of a function that is not supported.
	Help string
	// Arg is the argument that is being written, from 0; -1 on the function's name.
	Arg int
	// From is where the name begins.
	From int
}

// Signature returns the function whose name or arguments an offset of the text, whose statements
// are all, is in, and whether there is one.
func Signature(text string, all []statement.Statement, at int) (Call, bool) {
	at = min(max(at, 0), len(text))
	p, ok := locate(text, all, at)
	if ok && !p.param && !p.bracket && p.from < p.to {
		name := strings.ToUpper(text[p.from:p.to])
		if len(p.after) > 0 && p.after[0].Kind == tsqltoken.KindOp && p.after[0].Op == '(' && isFunction(name) {
			return describe(name, p.from, -1), true
		}
	}
	c := read(p).call
	if c == nil {
		return Call{}, false
	}
	return describe(c.name, c.from, c.arg), true
}

func describe(name string, from, arg int) Call {
	c := Call{Name: name, From: from, Arg: arg}
	if f := sqlfunc.Lookup(name); f != nil {
		c.Usage, c.Help = f.Usage(), f.Help
		return c
	}
	c.Help = "not supported"
	if advice, _ := sqlfunc.Unsupported(name); advice != "" {
		c.Help += ": " + advice
	}
	return c
}
