package tsql

import (
	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

// drawStatement draws any tree that ParseStatement could have made.
func drawStatement(t *rapid.T) Statement {
	switch rapid.IntRange(0, 12).Draw(t, "statement") {
	case 0:
		return drawInsert(t)
	case 1:
		u := &Update{Table: drawWritten(t), Where: drawWhere(t)}
		for range rapid.IntRange(1, 3).Draw(t, "set") {
			u.Set = append(u.Set, Assignment{Column: Name{Name: drawName(t)}, X: drawOrDefault(t)})
		}
		return u
	case 2:
		return &Delete{Table: drawWritten(t), Where: drawWhere(t)}
	case 3:
		return drawCreateTable(t)
	case 5:
		return &Truncate{Table: TableRef{Name: drawName(t)}}
	case 6:
		return drawAlterTable(t)
	case 7:
		if rapid.Bool().Draw(t, "drop") {
			return &DropIndex{Name: Name{Name: drawName(t)}, Table: TableRef{Name: drawName(t)}, IfExists: rapid.Bool().Draw(t, "if exists")}
		}
		s := &CreateIndex{Name: Name{Name: drawName(t)}, Table: TableRef{Name: drawName(t)}}
		for range rapid.IntRange(1, 3).Draw(t, "columns") {
			s.Columns = append(s.Columns, KeyColumn{Name: Name{Name: drawName(t)}, Desc: rapid.Bool().Draw(t, "desc")})
		}
		return s
	case 4:
		return &DropTable{Table: TableRef{Name: drawName(t)}, IfExists: rapid.Bool().Draw(t, "if exists")}
	}
	switch rapid.IntRange(0, 5).Draw(t, "query") {
	case 0:
		w := &With{Body: drawQuery(t, 2)}
		switch rapid.IntRange(0, 5).Draw(t, "body") {
		case 0:
			w.Body = drawInsert(t)
		case 1:
			w.Body = &Delete{Table: drawWritten(t), Where: drawWhere(t)}
		}
		for range rapid.IntRange(1, 2).Draw(t, "tables") {
			c := CommonTable{Name: Name{Name: drawName(t)}, Query: drawNested(t, 1)}
			if rapid.Bool().Draw(t, "columns") {
				c.Columns = drawNames(t, 2)
			}
			w.Tables = append(w.Tables, c)
		}
		return w
	case 1, 2:
		return drawQuery(t, 2)
	}
	return drawQuery(t, 0)
}

// drawQuery draws a query with its ordering; depth bounds nested queries.
func drawQuery(t *rapid.T, depth int) Query {
	q := drawOperand(t, depth)
	o := q.order()
	for range rapid.IntRange(0, 2).Draw(t, "order by") {
		o.OrderBy = append(o.OrderBy, OrderItem{X: drawValue(t, 2), Desc: rapid.Bool().Draw(t, "desc")})
	}
	s, plain := q.(*Select)
	switch limit := rapid.IntRange(0, 3).Draw(t, "limit"); {
	case limit == 0 && plain:
		s.Top = &Top{N: drawCount(t), WithTies: o.OrderBy != nil && rapid.Bool().Draw(t, "ties")}
	case limit == 1 && o.OrderBy != nil:
		o.Offset = drawCount(t)
		if rapid.Bool().Draw(t, "fetch") {
			o.Fetch = drawCount(t)
		}
	}
	return q
}

// drawOperand draws a query without an ordering.
func drawOperand(t *rapid.T, depth int) Query {
	if depth == 0 || rapid.Bool().Draw(t, "simple") {
		return drawSelect(t, depth)
	}
	return &SetQuery{Op: SetOp(rapid.IntRange(0, int(Intersect)).Draw(t, "set")), L: drawOperand(t, depth-1), R: drawOperand(t, depth-1)}
}

// drawNested draws a subquery: its ORDER BY has an effect.
func drawNested(t *rapid.T, depth int) Query {
	q := drawQuery(t, depth)
	o := q.order()
	if s, plain := q.(*Select); o.Offset == nil && (!plain || s.Top == nil) {
		o.OrderBy = nil
	}
	return q
}

func drawName(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "gpa", "Students", "order", "key", "x y", "a]b", "N", "offset", "limit", "\u00e9", "percent"}).Draw(t, "name")
}

func drawWhere(t *rapid.T) Expr {
	if rapid.Bool().Draw(t, "no where") {
		return nil
	}
	return drawPredicate(t, 3)
}

func drawOrDefault(t *rapid.T) Expr {
	if rapid.IntRange(0, 4).Draw(t, "default") == 0 {
		return nil
	}
	return drawValue(t, 2)
}

// drawSelect draws a SELECT without its ordering.
func drawSelect(t *rapid.T, depth int) *Select {
	s := &Select{Distinct: rapid.Bool().Draw(t, "distinct"), Where: drawWhere(t)}
	if depth > 0 && rapid.Bool().Draw(t, "subquery") {
		s.Where = drawSubqueryCondition(t, depth)
	}
	for range rapid.IntRange(1, 3).Draw(t, "items") {
		s.List = append(s.List, drawItem(t))
	}
	if rapid.IntRange(0, 4).Draw(t, "from") > 0 {
		from := drawSource(t, depth)
		s.From = &from
		for range rapid.IntRange(0, 2).Draw(t, "joins") {
			j := Join{Kind: JoinKind(rapid.IntRange(0, int(CrossJoin)).Draw(t, "join")), Table: drawSource(t, depth)}
			if j.Kind != CrossJoin {
				j.On = drawPredicate(t, 1)
			}
			s.Joins = append(s.Joins, j)
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "group by") {
		s.GroupBy = append(s.GroupBy, drawValue(t, 2))
	}
	if rapid.Bool().Draw(t, "having") {
		s.Having = drawPredicate(t, 2)
	}
	return s
}

func drawSubqueryCondition(t *rapid.T, depth int) Expr {
	q := drawNested(t, depth-1)
	switch rapid.IntRange(0, 2).Draw(t, "condition") {
	case 0:
		return &Exists{Query: q}
	case 1:
		return &In{X: drawValue(t, 1), Query: q, Negated: rapid.Bool().Draw(t, "not")}
	}
	return &Compare{Op: Lt, L: &Subquery{Query: q}, R: drawValue(t, 1)}
}

// drawSource draws a table or a derived table.
func drawSource(t *rapid.T, depth int) TableRef {
	kind := rapid.IntRange(0, 5).Draw(t, "source")
	if depth == 0 || kind > 1 {
		return drawTableRef(t)
	}
	r := TableRef{Alias: drawName(t)}
	if kind == 0 {
		r.Query = drawNested(t, depth-1)
		return r
	}
	width := rapid.IntRange(1, 3).Draw(t, "width")
	r.Columns = drawNames(t, width)
	for range rapid.IntRange(1, 3).Draw(t, "rows") {
		row := make([]Expr, 0, width)
		for range width {
			row = append(row, drawValue(t, 2))
		}
		r.Rows = append(r.Rows, row)
	}
	return r
}

func drawCount(t *rapid.T) Expr {
	if rapid.Bool().Draw(t, "parameter") {
		return &Param{Name: rapid.StringMatching(`[a-z_][a-z0-9_]{0,3}`).Draw(t, "param")}
	}
	return &Literal{Kind: IntLiteral, Text: rapid.StringMatching(`[0-9]{1,4}`).Draw(t, "count")}
}

func drawTableRef(t *rapid.T) TableRef {
	r := TableRef{Name: drawName(t)}
	if rapid.Bool().Draw(t, "alias") {
		r.Alias = drawName(t)
	}
	return r
}

func drawItem(t *rapid.T) SelectItem {
	switch rapid.IntRange(0, 5).Draw(t, "item") {
	case 0:
		return SelectItem{Star: true}
	case 1:
		return SelectItem{Star: true, Table: drawName(t)}
	}
	it := SelectItem{X: drawValue(t, 3)}
	if rapid.Bool().Draw(t, "alias") {
		it.Alias = drawName(t)
	}
	return it
}

func drawInsert(t *rapid.T) *Insert {
	s := &Insert{Table: TableRef{Name: drawName(t)}}
	width := rapid.IntRange(1, 3).Draw(t, "width")
	if rapid.Bool().Draw(t, "columns") {
		s.Columns = drawNames(t, width)
	}
	for range rapid.IntRange(0, 2).Draw(t, "output") {
		it := drawItem(t)
		if it.Star && it.Table == "" {
			it.Table = "inserted"
		}
		s.Output = append(s.Output, it)
	}
	if rapid.IntRange(0, 3).Draw(t, "query") == 0 {
		s.Query = drawQuery(t, 1)
		return s
	}
	for range rapid.IntRange(1, 3).Draw(t, "rows") {
		row := make([]Expr, 0, width)
		for range width {
			row = append(row, drawOrDefault(t))
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

// drawWritten draws the table that an UPDATE or DELETE writes.
func drawWritten(t *rapid.T) TableRef {
	ref := TableRef{Name: drawName(t)}
	if rapid.Bool().Draw(t, "from") {
		ref.Alias = drawName(t)
	}
	return ref
}

func drawNames(t *rapid.T, n int) []Name {
	var names []Name
	for range n {
		names = append(names, Name{Name: drawName(t)})
	}
	return names
}

func drawType(t *rapid.T) sqltypes.Type {
	return rapid.SampledFrom([]sqltypes.Type{
		{Kind: sqltypes.Int}, {Kind: sqltypes.BigInt}, {Kind: sqltypes.Bit}, {Kind: sqltypes.Decimal, Precision: 10, Scale: 2}, {Kind: sqltypes.Float},
		{Kind: sqltypes.NVarChar, Length: 50}, {Kind: sqltypes.NVarChar, Length: -1}, {Kind: sqltypes.VarChar, Length: 10}, {Kind: sqltypes.Char, Length: 3},
		{Kind: sqltypes.VarBinary, Length: 16}, {Kind: sqltypes.Date}, {Kind: sqltypes.Time, Scale: 3}, {Kind: sqltypes.DateTime2, Scale: 7}, {Kind: sqltypes.UniqueIdentifier},
	}).Draw(t, "type")
}

func drawCreateTable(t *rapid.T) *CreateTable {
	s := &CreateTable{Table: TableRef{Name: drawName(t)}}
	key := rapid.IntRange(0, 4).Draw(t, "key")
	for i := range rapid.IntRange(1, 3).Draw(t, "columns") {
		d := ColumnDef{Type: drawType(t), Null: Nullability(rapid.IntRange(0, int(NullForbidden)).Draw(t, "null"))}
		switch {
		case i == 0 && key == 0:
			d.PrimaryKey = true
			d.Null = NullForbidden
		case rapid.Bool().Draw(t, "unique"):
			d.Unique = true
		}
		if rapid.Bool().Draw(t, "default") {
			d.Default = drawLiteral(t)
			if l := d.Default.(*Literal); l.Kind == IntLiteral && rapid.Bool().Draw(t, "negative") {
				d.Default = &Neg{X: l}
			}
		}
		s.Columns = append(s.Columns, TableColumn{Name: Name{Name: drawName(t)}, Def: d})
	}
	if key == 1 {
		s.PrimaryKey = drawNames(t, 2)
	}
	for range rapid.IntRange(0, 2).Draw(t, "uniques") {
		s.Unique = append(s.Unique, drawNames(t, 2))
	}
	switch rapid.IntRange(0, 3).Draw(t, "distribution") {
	case 0:
		s.ShardKey = &Name{Name: drawName(t)}
	case 1:
		s.RoundRobin = true
	}
	return s
}

func drawAlterTable(t *rapid.T) *AlterTable {
	s := &AlterTable{Table: TableRef{Name: drawName(t)}}
	for range rapid.IntRange(1, 3).Draw(t, "columns") {
		c := AddedColumn{Name: Name{Name: drawName(t)}, Def: ColumnDef{Type: drawType(t), Null: Nullability(rapid.IntRange(0, int(NullForbidden)).Draw(t, "null"))}}
		if rapid.Bool().Draw(t, "default") {
			c.Def.Default = drawLiteral(t)
			c.WithValues = rapid.Bool().Draw(t, "with values")
		}
		s.Add = append(s.Add, c)
	}
	return s
}

// drawCall draws a value that is written as a call. Parameters are not among
// them: conditions alone have none.
func drawCall(t *rapid.T, depth int) Expr {
	switch rapid.IntRange(0, 7).Draw(t, "call") {
	case 0:
		return &Call{Name: rapid.SampledFrom([]string{"COUNT", "COUNT_BIG"}).Draw(t, "count"), Star: true}
	case 1:
		return &Call{Name: rapid.SampledFrom([]string{"COUNT", "SUM", "AVG"}).Draw(t, "aggregate"), Distinct: true, Args: []Expr{drawValue(t, depth-1)}}
	case 2:
		c := &Case{}
		simple := rapid.Bool().Draw(t, "simple")
		if simple {
			c.X = drawValue(t, depth-1)
		}
		for range rapid.IntRange(1, 3).Draw(t, "whens") {
			w := When{Then: drawValue(t, depth-1)}
			if simple {
				w.If = drawValue(t, depth-1)
			} else {
				w.If = drawPredicate(t, depth-1)
			}
			c.Whens = append(c.Whens, w)
		}
		if rapid.Bool().Draw(t, "else") {
			c.Else = drawValue(t, depth-1)
		}
		return c
	case 3:
		return &Cast{X: drawValue(t, depth-1), Type: drawType(t), Try: rapid.Bool().Draw(t, "try")}
	case 4:
		return &Cast{X: drawValue(t, depth-1), Type: drawType(t), Style: &Literal{Kind: IntLiteral, Text: "120"}, Try: rapid.Bool().Draw(t, "try")}
	case 7:
		return &Call{Name: "TRIM", From: true, Args: []Expr{drawValue(t, depth-1), drawValue(t, depth-1)}}
	case 5:
		return &Call{Name: "DATEPART", Args: []Expr{&Column{Name: rapid.SampledFrom([]string{"year", "hour"}).Draw(t, "part")}, drawValue(t, depth-1)}}
	}
	c := &Call{Name: rapid.SampledFrom([]string{"UPPER", "COALESCE", "LEFT", "NULLIF", "ROUND", "ISNULL"}).Draw(t, "function")}
	least, most := 1, 3
	if c.Name == "NULLIF" || c.Name == "LEFT" {
		least, most = 2, 2
	}
	for range rapid.IntRange(least, most).Draw(t, "arguments") {
		c.Args = append(c.Args, drawValue(t, depth-1))
	}
	return c
}
