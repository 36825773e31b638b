package tsql

import (
	"slices"
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
)

// Hints say how SQL Server is to find and lock rows. They change no answer, so they are accepted, and a
// note says that they have no effect.

// tableHints are the hints of WITH (...) after a table; see "Table Hints" in the T-SQL reference. READPAST
// is not among them: it leaves rows out.
var tableHints = []string{
	"FORCESCAN", "FORCESEEK", "HOLDLOCK", "INDEX", "NOEXPAND", "NOLOCK", "NOWAIT", "PAGLOCK", "READCOMMITTED", "READCOMMITTEDLOCK",
	"READUNCOMMITTED", "REPEATABLEREAD", "ROWLOCK", "SERIALIZABLE", "SNAPSHOT", "SPATIAL_WINDOW_MAX_CELLS", "TABLOCK", "TABLOCKX", "UPDLOCK", "XLOCK",
}

// queryHints are the first words of the hints of OPTION (...); see "Query Hints" in the T-SQL reference.
var queryHints = []string{
	"CONCAT", "DISABLE_OPTIMIZED_PLAN_FORCING", "EXPAND", "FAST", "FORCE", "FORCEPLAN", "HASH", "IGNORE_NONCLUSTERED_COLUMNSTORE_INDEX", "KEEP", "KEEPFIXED",
	"LABEL", "LOOP", "MAXDOP", "MAXRECURSION", "MAX_GRANT_PERCENT", "MERGE", "MIN_GRANT_PERCENT", "NO_PERFORMANCE_SPOOL", "OPTIMIZE", "ORDER", "PARAMETERIZATION",
	"QUERYTRACEON", "RECOMPILE", "ROBUST", "TABLE", "USE",
}

// maxHints is the greatest number of words in a list of hints.
const maxHints = 64

// hintsOfTable parses WITH (hint, ...) after a table, if it is there.
func (p *parser) hintsOfTable() {
	if p.tok.Keyword != tsqltoken.With {
		return
	}
	if t, _ := p.peek(); t.Kind != tsqltoken.KindOp || t.Op != '(' {
		return // the statement ends here, and another begins
	}
	p.advance()
	p.hints(tableHints, "WITH", "table hint", "reads do not wait for writes, and each statement is one transaction on each shard")
}

// oldHints parses (NOLOCK) after a table, the form without WITH, if it is there.
func (p *parser) oldHints() {
	if p.tok.Kind != tsqltoken.KindOp || p.tok.Op != '(' {
		return
	}
	if t, _ := p.peek(); t.Kind == tsqltoken.KindWord && slices.Contains(tableHints, strings.ToUpper(t.Text)) {
		p.hints(tableHints, "", "table hint", "reads do not wait for writes, and each statement is one transaction on each shard")
	}
}

// option parses OPTION (hint, ...) at the end of a statement, if it is there.
func (p *parser) option() {
	if t, _ := p.peek(); !p.acceptsVerb("OPTION") || t.Kind != tsqltoken.KindOp || t.Op != '(' {
		return
	}
	p.advance()
	p.hints(queryHints, "OPTION", "query hint", "the master and the shards choose how to run a statement")
}

// hints parses (hint, ...), of which ( is the current token, and notes that it has no effect.
func (p *parser) hints(known []string, word, what, why string) {
	from := p.tok.Start
	p.expect('(', "( and the hints")
	depth, first := 0, true
	for n := 0; p.err == nil; n++ {
		t := p.tok
		switch {
		case t.Kind == tsqltoken.KindEnd || n == maxHints:
			p.fail(p.unexpected("a hint, or ) after the hints"))
		case t.Kind == tsqltoken.KindOp && t.Op == '(':
			depth++
		case t.Kind == tsqltoken.KindOp && t.Op == ')' && depth == 0:
			if first {
				p.fail(p.unexpected("a hint"))
			}
			text := strings.Join(strings.Fields(p.lex.scan.Text()[from:t.End]), " ")
			if word != "" {
				text = word + " " + text
			}
			p.notes = append(p.notes, api.Clip(text)+" has no effect: "+why)
			p.advance()
			return
		case t.Kind == tsqltoken.KindOp && t.Op == ')':
			depth--
		case t.Kind == tsqltoken.KindOp && t.Op == ',':
			first = first || depth == 0
			p.advance()
			continue
		case first && depth == 0 && (t.Kind != tsqltoken.KindWord || !slices.Contains(known, strings.ToUpper(t.Text))):
			p.fail(unsupported(t.Start, "the %s %s is not supported", what, show(t)).Hinted("leave it out; these have no effect, and are accepted: %s", strings.Join(known, ", ")))
		}
		first = false
		p.advance()
	}
}
