package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/tsqltoken"
)

// createStatement parses a CREATE TABLE or CREATE INDEX and refuses the other CREATEs.
func (p *parser) createStatement() Statement {
	s := &CreateTable{At: p.tok.Start}
	p.advance()
	if p.tok.Keyword == tsqltoken.Unique || p.acceptsVerb("CLUSTERED") || p.acceptsVerb("NONCLUSTERED") || p.acceptsVerb("INDEX") {
		return p.createIndex(s.At)
	}
	if !p.acceptWord(tsqltoken.Table) {
		p.fail(p.refuseObject("CREATE", "POST /create-db of the master creates a database on every shard"))
		return s
	}
	if p.tok.Keyword == tsqltoken.If {
		p.fail(unsupported(p.tok.Start, "CREATE TABLE IF NOT EXISTS is not T-SQL").Hinted("leave it out; a table that exists already has an error code of its own"))
	}
	s.Table = p.table()
	if p.tok.Keyword == tsqltoken.As || p.tok.Keyword == tsqltoken.With {
		p.fail(unsupported(p.tok.Start, "CREATE TABLE ... AS SELECT is not supported").Hinted("write the columns in parentheses, and send the rows with INSERT"))
	}
	p.expect('(', "( and the columns of the table")
	for p.err == nil {
		if p.tok.Kind == tsqltoken.KindOp && p.tok.Op == ')' && len(s.Columns) > 0 {
			break // T-SQL allows a comma after the last
		}
		p.tableElement(s)
		if !p.accept(',') {
			break
		}
	}
	p.expect(')', "a comma or ) after a column")
	if p.err == nil && len(s.Columns) == 0 {
		p.fail(syntaxError(s.At, "the table has no columns").Hinted("write (name type, ...)").Numbered(mssqlerr.ColumnWithoutType))
	}
	if p.acceptWord(tsqltoken.With) {
		p.distribution(s)
	}
	if p.tok.Keyword == tsqltoken.On || p.acceptName("TEXTIMAGE_ON") {
		p.fail(unsupported(p.tok.Start, "filegroups and partitions (ON) are not supported").Hinted("leave them out: rows are placed by WITH (DISTRIBUTION = HASH(column))"))
	}
	return s
}

// refuseObject refuses to create or drop anything but a table or an index.
func (p *parser) refuseObject(verb, database string) *api.Problem {
	t := p.tok
	if t.Kind != tsqltoken.KindWord {
		return p.unexpected("TABLE after " + verb)
	}
	word := strings.ToUpper(api.Clip(t.Text))
	hint := "there are tables and indexes only"
	switch word {
	case "DATABASE":
		hint = database
	case "VIEW":
		hint = "send the query itself"
	case "PROC", "PROCEDURE", "FUNCTION", "TRIGGER":
		hint = "compute in the program that sends the statements"
	case "SEQUENCE":
		hint = "send values of your own"
	case "LOGIN", "USER", "ROLE":
		hint = "access is by the master's API token"
	}
	return unsupported(t.Start, "%s %s is not supported", verb, word).Hinted("%s", hint)
}

// tableElement parses a column or a constraint of the table.
func (p *parser) tableElement(s *CreateTable) {
	t := p.tok
	named := p.constraintName()
	switch p.tok.Keyword {
	case tsqltoken.Primary, tsqltoken.Unique:
		p.tableKey(s)
		return
	}
	if p.isTableConstraint() {
		p.fail(p.refuseConstraint())
		return
	}
	if named {
		p.fail(p.unexpected("PRIMARY KEY or UNIQUE after the name of the constraint"))
		return
	}
	if len(s.Columns) == MaxColumns {
		p.fail(tooComplex(t.Start, "the table has more than %d columns", MaxColumns).Hinted("create several tables"))
	}
	c := TableColumn{Name: p.identifier("the name of a column")}
	from := p.tok.Start
	c.Def = p.columnDef()
	if p.err != nil {
		return
	}
	c.Text = strings.TrimRight(p.lex.scan.Text()[from:p.tok.Start], " \t\r\n")
	s.Columns = append(s.Columns, c)
	if c.Def.PrimaryKey {
		p.onePrimaryKey(s, c.Name.At, len(s.Columns)-1)
	}
}

// isTableConstraint reports whether an unsupported table constraint begins here.
func (p *parser) isTableConstraint() bool {
	if p.tok.Kind != tsqltoken.KindWord {
		return false
	}
	switch strings.ToUpper(api.Clip(p.tok.Text)) {
	case "CHECK", "FOREIGN", "DEFAULT", "INDEX", "LIKE":
		return true
	case "PERIOD":
		t, _ := p.peek()
		return t.Kind == tsqltoken.KindWord && strings.EqualFold(t.Text, "FOR")
	}
	return false
}

// onePrimaryKey refuses a second primary key among the first upTo columns: in T-SQL
// a key of several columns is a constraint of the table.
func (p *parser) onePrimaryKey(s *CreateTable, at, upTo int) {
	another := s.PrimaryKey != nil
	for _, c := range s.Columns[:upTo] {
		another = another || c.Def.PrimaryKey
	}
	if another {
		p.fail(syntaxError(at, "the table has two primary keys").Hinted("a key of several columns is declared after the columns: PRIMARY KEY (a, b)").Numbered(mssqlerr.TwoPrimaryKeys))
	}
}

// tableKey parses PRIMARY KEY or UNIQUE with its columns.
func (p *parser) tableKey(s *CreateTable) {
	t := p.tok
	primary := p.acceptWord(tsqltoken.Primary)
	if primary {
		if !p.acceptName("KEY") {
			p.fail(p.unexpected("KEY after PRIMARY"))
		}
	} else {
		p.advance()
	}
	p.clustered()
	cols := p.names("the columns of the key", true)
	if p.err != nil {
		return
	}
	if !primary {
		s.Unique = append(s.Unique, cols)
		return
	}
	p.onePrimaryKey(s, t.Start, len(s.Columns))
	s.PrimaryKey = cols
}

// distribution parses (DISTRIBUTION = HASH(column)), ROUND_ROBIN or REPLICATE, after WITH.
func (p *parser) distribution(s *CreateTable) {
	p.expect('(', "( and DISTRIBUTION")
	if t := p.tok; !p.acceptName("DISTRIBUTION") {
		if t.Kind == tsqltoken.KindWord || t.Kind == tsqltoken.KindQuoted {
			p.fail(unsupported(t.Start, "the table option %s is not supported", strings.ToUpper(api.Clip(t.Text))).Hinted("write WITH (DISTRIBUTION = HASH(column)) or nothing"))
		}
		p.fail(p.unexpected("DISTRIBUTION"))
	}
	p.expect('=', "= after DISTRIBUTION")
	switch {
	case p.acceptName("HASH"):
		keys := p.names("the shard key", false)
		if p.err != nil {
			return
		}
		if len(keys) > 1 {
			p.fail(unsupported(keys[1].At, "a shard key of several columns is not supported").Hinted("name the column that places the rows"))
		}
		s.ShardKey = &keys[0]
	case p.acceptName("ROUND_ROBIN"):
		s.RoundRobin = true
	case p.acceptName("REPLICATE"):
		s.Replicate = true
	default:
		p.fail(p.unexpected("HASH(column), ROUND_ROBIN or REPLICATE"))
	}
	if p.accept(',') {
		p.fail(unsupported(p.tok.Start, "further table options are not supported").Hinted("leave them out: the engine orders the rows"))
	}
	p.expect(')', "a closing ) after the distribution")
}

// dropStatement parses a DROP TABLE or DROP INDEX and refuses the other DROPs.
func (p *parser) dropStatement() Statement {
	s := &DropTable{At: p.tok.Start}
	p.advance()
	if p.acceptsVerb("INDEX") {
		return p.dropIndex(s.At)
	}
	if !p.acceptWord(tsqltoken.Table) {
		p.fail(p.refuseObject("DROP", "POST /drop-db of the master drops a database on every shard"))
		return s
	}
	s.IfExists = p.ifExists()
	s.Table = p.table()
	if at := p.tok.Start; p.accept(',') {
		p.fail(unsupported(at, "dropping several tables in one statement is not supported").Hinted("send one DROP TABLE for each"))
	}
	return s
}
