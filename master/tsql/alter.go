package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
)

// indexOptions are the options of WITH (...) after CREATE INDEX that change no answer. DROP_EXISTING and
// IGNORE_DUP_KEY are not among them.
var indexOptions = []string{
	"ALLOW_PAGE_LOCKS", "ALLOW_ROW_LOCKS", "DATA_COMPRESSION", "FILLFACTOR", "MAXDOP", "MAX_DURATION", "ONLINE", "OPTIMIZE_FOR_SEQUENTIAL_KEY", "PAD_INDEX",
	"RESUMABLE", "SORT_IN_TEMPDB", "STATISTICS_INCREMENTAL", "STATISTICS_NORECOMPUTE", "XML_COMPRESSION",
}

// alterStatement parses an ALTER TABLE ... ADD, of which ALTER is the current token, and refuses the
// other ALTERs.
func (p *parser) alterStatement() Statement {
	s := &AlterTable{At: p.tok.Start}
	p.advance()
	if !p.acceptWord(tsqltoken.Table) {
		t := p.tok
		if t.Kind != tsqltoken.KindWord {
			p.fail(p.unexpected("TABLE after ALTER"))
			return s
		}
		p.fail(unsupported(t.Start, "ALTER %s is not supported", strings.ToUpper(api.Clip(t.Text))).Hinted("ALTER TABLE ... ADD adds columns, DROP INDEX and CREATE INDEX make an index anew"))
		return s
	}
	s.Table = p.table()
	if p.err != nil {
		return s
	}
	if !p.acceptName("ADD") {
		p.fail(p.refuseAlter())
		return s
	}
	for p.err == nil {
		if len(s.Add) == MaxStatements {
			p.fail(tooComplex(p.tok.Start, "ALTER TABLE adds more than %d columns", MaxStatements).Hinted("add them in several statements"))
		}
		s.Add = append(s.Add, p.addedColumn())
		if !p.accept(',') {
			break
		}
	}
	return s
}

// refuseAlter refuses what may follow the table of an ALTER TABLE but ADD.
func (p *parser) refuseAlter() *api.Problem {
	t := p.tok
	if t.Kind != tsqltoken.KindWord {
		return p.unexpected("ADD and a column")
	}
	word := strings.ToUpper(api.Clip(t.Text))
	hint := "ALTER TABLE adds columns: ADD name type"
	switch word {
	case "DROP":
		hint = "create another table without it, fill it with INSERT ... SELECT, and drop this one"
	case "ALTER":
		hint = "add another column and fill it with UPDATE, or create another table and fill it with INSERT ... SELECT"
	}
	return unsupported(t.Start, "ALTER TABLE ... %s is not supported", word).Hinted("%s", hint)
}

// addedColumn parses a column after ADD.
func (p *parser) addedColumn() AddedColumn {
	const inCreate = "keys and other constraints are made by CREATE TABLE only; CREATE INDEX makes reads faster"
	t := p.tok
	if t.Keyword == tsqltoken.Constraint || t.Keyword == tsqltoken.Primary || t.Keyword == tsqltoken.Unique || p.isTableConstraint() {
		p.fail(unsupported(t.Start, "ALTER TABLE ... ADD %s is not supported", strings.ToUpper(api.Clip(t.Text))).Hinted(inCreate))
		return AddedColumn{}
	}
	c := AddedColumn{Name: p.identifier("the name of a column"), Def: ColumnDef{Type: p.columnType()}}
	for p.err == nil && p.continuesColumn() {
		at := p.tok.Start
		if p.acceptWord(tsqltoken.With) {
			if !p.acceptName("VALUES") {
				p.fail(p.unexpected("VALUES after WITH"))
			} else if c.Def.Default == nil {
				p.fail(syntaxError(at, "WITH VALUES requires a DEFAULT").Hinted("write DEFAULT and a constant before it"))
			}
			c.WithValues = true
			continue
		}
		p.constraint(&c.Def)
		if c.Def.PrimaryKey || c.Def.Unique {
			p.fail(unsupported(at, "adding a column that is a key is not supported").Hinted(inCreate))
		}
	}
	return c
}

// continuesColumn reports whether the current token belongs to the column that is added, rather than to
// what follows the statement.
func (p *parser) continuesColumn() bool {
	if p.tok.Keyword == tsqltoken.With {
		t, _ := p.peek()
		return t.Kind == tsqltoken.KindWord && strings.EqualFold(t.Text, "VALUES")
	}
	return p.tok.Kind == tsqltoken.KindWord && isConstraintWord(p.tok) && !p.beginsStatement() && !p.isGo()
}

// createIndex parses what follows CREATE in a CREATE INDEX that began at at.
func (p *parser) createIndex(at int) Statement {
	s := &CreateIndex{At: at}
	t := p.tok
	switch {
	case t.Keyword == tsqltoken.Unique:
		p.fail(unsupported(t.Start, "CREATE UNIQUE INDEX is not supported: it could be enforced on each shard alone").Hinted("use PRIMARY KEY or UNIQUE of CREATE TABLE, which contain the shard key; CREATE INDEX makes reads faster"))
	case p.acceptsVerb("CLUSTERED"):
		p.fail(unsupported(t.Start, "CREATE CLUSTERED INDEX is not supported").Hinted("leave CLUSTERED out: the engine orders the rows"))
	}
	p.acceptName("NONCLUSTERED")
	if !p.acceptName("INDEX") {
		p.fail(p.unexpected("INDEX"))
		return s
	}
	s.Name = p.identifier("the name of the index")
	p.onTable("the name of the index", &s.Table)
	p.expect('(', "( and the columns of the index")
	for p.err == nil {
		if len(s.Columns) == MaxColumns {
			p.fail(tooComplex(p.tok.Start, "the index has more than %d columns", MaxColumns).Hinted("name fewer columns"))
		}
		c := KeyColumn{Name: p.identifier("a column of the index")}
		if !p.acceptWord(tsqltoken.Asc) {
			c.Desc = p.acceptWord(tsqltoken.Desc)
		}
		s.Columns = append(s.Columns, c)
		if !p.accept(',') {
			break
		}
	}
	p.expect(')', "a comma or ) after a column")
	p.indexTail()
	return s
}

// onTable parses ON and the table of an index.
func (p *parser) onTable(after string, table *TableRef) {
	if p.err == nil && !p.acceptWord(tsqltoken.On) {
		p.fail(p.unexpected("ON and a table after " + after))
	}
	if p.err == nil {
		*table = p.table()
	}
}

// indexTail parses what may follow the columns of CREATE INDEX.
func (p *parser) indexTail() {
	t := p.tok
	switch {
	case p.err != nil:
	case p.acceptsVerb("INCLUDE"):
		p.fail(unsupported(t.Start, "INCLUDE is not supported").Hinted("write the columns behind the others of the index"))
	case t.Keyword == tsqltoken.Where:
		p.fail(unsupported(t.Start, "a filtered index (WHERE) is not supported").Hinted("leave the condition out: the index then has all rows"))
	case t.Keyword == tsqltoken.On:
		p.fail(unsupported(t.Start, "filegroups and partitions (ON) are not supported").Hinted("leave them out"))
	case t.Keyword == tsqltoken.With:
		if next, _ := p.peek(); next.Kind == tsqltoken.KindOp && next.Op == '(' {
			p.advance()
			p.hints(indexOptions, "WITH", "index option", "each shard makes its index in one transaction")
		}
	}
}

// dropIndex parses what follows DROP in a DROP INDEX that began at at.
func (p *parser) dropIndex(at int) Statement {
	s := &DropIndex{At: at}
	p.advance()
	s.IfExists = p.ifExists()
	s.Name = p.identifier("the name of the index")
	if p.err == nil && p.tok.Kind == tsqltoken.KindOp && p.tok.Op == '.' {
		p.fail(unsupported(p.tok.Start, "DROP INDEX table.index is not supported").Hinted("write DROP INDEX %s ON %s", "index", s.Name.Name))
	}
	p.onTable("the name of the index", &s.Table)
	if at := p.tok.Start; p.accept(',') {
		p.fail(unsupported(at, "dropping several indexes in one statement is not supported").Hinted("send one DROP INDEX for each"))
	}
	return s
}

// ifExists advances over IF EXISTS.
func (p *parser) ifExists() bool {
	if !p.acceptWord(tsqltoken.If) {
		return false
	}
	if !p.acceptWord(tsqltoken.Exists) {
		p.fail(p.unexpected("EXISTS after IF"))
	}
	return true
}
