package tsql

import "strings"

// Format writes a statement as T-SQL that parses back to the same tree. Columns of
// a CREATE TABLE are written from their Def, not their Text.
func Format(s Statement) string {
	var dst []byte
	switch s := s.(type) {
	case Query:
		dst = appendQuery(dst, s)
	case *With:
		dst = appendWith(dst, s)
	case *Insert:
		dst = appendInsert(dst, s)
	case *Update:
		dst = appendWritten(append(dst, "UPDATE "...), s.Table)
		for i, a := range s.Set {
			dst = append(dst, [...]string{" SET ", ", "}[min(i, 1)]...)
			dst = append(appendName(dst, a.Column.Name), " = "...)
			dst = appendValueOrDefault(dst, a.X)
		}
		dst = appendWrittenFrom(dst, s.Table)
		dst = appendClause(dst, " WHERE ", s.Where)
	case *Delete:
		dst = appendWritten(append(dst, "DELETE FROM "...), s.Table)
		dst = appendWrittenFrom(dst, s.Table)
		dst = appendClause(dst, " WHERE ", s.Where)
	case *Declare:
		for i, v := range s.Variables {
			dst = append(append(dst, [...]string{"DECLARE @", ", @"}[min(i, 1)]...), v.Name.Name...)
			dst = append(append(dst, ' '), v.Type.String()...)
			dst = appendClause(dst, " = ", v.X)
		}
	case *SetVariable:
		dst = appendExpr(append(append(append(dst, "SET @"...), s.Name.Name...), " = "...), s.X, levelAdd)
	case *Assign:
		dst = appendAssign(dst, s)
	case *NoEffect:
		dst = append(dst, "SET NOCOUNT ON"...)
		if s.DB.Name != "" {
			dst = appendName(append(dst[:0], "USE "...), s.DB.Name)
		}
	case *Truncate:
		dst = appendTable(append(dst, "TRUNCATE TABLE "...), s.Table)
	case *CreateTable:
		dst = appendCreateTable(dst, s)
	case *AlterTable:
		dst = appendTable(append(dst, "ALTER TABLE "...), s.Table)
		for i, c := range s.Add {
			if i == 0 {
				dst = append(dst, " ADD "...)
			} else {
				dst = append(dst, ", "...)
			}
			dst = appendColumnDef(append(appendName(dst, c.Name.Name), ' '), c.Def)
			if c.WithValues {
				dst = append(dst, " WITH VALUES"...)
			}
		}
	case *CreateIndex:
		dst = appendName(append(dst, "CREATE INDEX "...), s.Name.Name)
		dst = append(appendTable(append(dst, " ON "...), s.Table), " ("...)
		for i, c := range s.Columns {
			dst = appendName(appendComma(dst, i), c.Name.Name)
			if c.Desc {
				dst = append(dst, " DESC"...)
			}
		}
		dst = append(dst, ')')
	case *DropIndex:
		dst = append(dst, "DROP INDEX "...)
		if s.IfExists {
			dst = append(dst, "IF EXISTS "...)
		}
		dst = appendTable(append(appendName(dst, s.Name.Name), " ON "...), s.Table)
	case *DropTable:
		dst = append(dst, "DROP TABLE "...)
		if s.IfExists {
			dst = append(dst, "IF EXISTS "...)
		}
		dst = appendTable(dst, s.Table)
	}
	return string(dst)
}

func appendSelect(dst []byte, s *Select) []byte {
	dst = append(dst, "SELECT "...)
	if s.Distinct {
		dst = append(dst, "DISTINCT "...)
	}
	if s.Top != nil {
		dst = append(appendExpr(append(dst, "TOP ("...), s.Top.N, levelAdd), ") "...)
		if s.Top.WithTies {
			dst = append(dst, "WITH TIES "...)
		}
	}
	for i, it := range s.List {
		dst = appendSelectItem(appendComma(dst, i), it)
	}
	if s.From != nil {
		dst = appendTable(append(dst, " FROM "...), *s.From)
	}
	for _, j := range s.Joins {
		dst = appendTable(append(append(append(dst, ' '), j.Kind.String()...), ' '), j.Table)
		dst = appendClause(dst, " ON ", j.On)
	}
	dst = appendClause(dst, " WHERE ", s.Where)
	for i, x := range s.GroupBy {
		if i == 0 {
			dst = append(dst, " GROUP BY "...)
		}
		dst = appendExpr(appendComma(dst, i), x, levelAdd)
	}
	return appendClause(dst, " HAVING ", s.Having)
}

// appendQuery writes a query with its ordering.
func appendQuery(dst []byte, q Query) []byte {
	dst = appendOperand(dst, q)
	s := q.order()
	dst = appendOrderBy(dst, " ORDER BY ", s.OrderBy)
	if s.Offset != nil {
		dst = append(appendExpr(append(dst, " OFFSET "...), s.Offset, levelAdd), " ROWS"...)
	}
	if s.Fetch != nil {
		dst = append(appendExpr(append(dst, " FETCH NEXT "...), s.Fetch, levelAdd), " ROWS ONLY"...)
	}
	return dst
}

// appendOperand writes a query without its ordering.
func appendOperand(dst []byte, q Query) []byte {
	switch q := q.(type) {
	case *Select:
		return appendSelect(dst, q)
	case *SetQuery:
		dst = appendSetOperand(dst, q.L, q.Op == Intersect)
		dst = append(append(append(dst, ' '), q.Op.String()...), ' ')
		return appendSetOperand(dst, q.R, true)
	}
	return dst
}

// appendSetOperand writes an operand, in parentheses if it would group differently.
func appendSetOperand(dst []byte, q Query, tight bool) []byte {
	if _, set := q.(*SetQuery); set && tight {
		return append(appendOperand(append(dst, '('), q), ')')
	}
	return appendOperand(dst, q)
}

// appendAssign writes a SELECT that assigns to variables.
func appendAssign(dst []byte, s *Assign) []byte {
	q := *s.Query
	q.List = nil
	text := string(appendQuery(nil, &q))
	dst = append(dst, "SELECT "...)
	if q.Distinct {
		dst = append(dst, "DISTINCT "...)
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(text, "SELECT "), "DISTINCT ")
	if q.Top != nil {
		top := "TOP (" + string(appendExpr(nil, q.Top.N, levelAdd)) + ") "
		if q.Top.WithTies {
			top += "WITH TIES "
		}
		dst, rest = append(dst, top...), strings.TrimPrefix(rest, top)
	}
	for i, it := range s.Query.List {
		dst = append(append(appendComma(dst, i), '@'), s.Names[i].Name...)
		dst = appendExpr(append(dst, " = "...), it.X, levelAdd)
	}
	return append(dst, rest...)
}

func appendWith(dst []byte, s *With) []byte {
	for i, t := range s.Tables {
		dst = appendName(append(dst, [...]string{"WITH ", ", "}[min(i, 1)]...), t.Name.Name)
		if t.Columns != nil {
			dst = appendNames(append(dst, ' '), t.Columns)
		}
		dst = append(appendQuery(append(dst, " AS ("...), t.Query), ')')
	}
	return append(append(dst, ' '), Format(s.Body)...)
}

func appendOrderBy(dst []byte, words string, items []OrderItem) []byte {
	for i, it := range items {
		if i == 0 {
			dst = append(dst, words...)
		}
		dst = appendExpr(appendComma(dst, i), it.X, levelAdd)
		if it.Desc {
			dst = append(dst, " DESC"...)
		}
	}
	return dst
}

func appendOver(dst []byte, o *Over) []byte {
	dst = append(dst, " OVER ("...)
	for i, x := range o.PartitionBy {
		dst = appendExpr(append(dst, [...]string{"PARTITION BY ", ", "}[min(i, 1)]...), x, levelAdd)
	}
	dst = appendOrderBy(dst, " ORDER BY ", o.OrderBy)
	if f := o.Frame; f != nil {
		dst = append(dst, map[bool]string{true: " RANGE BETWEEN ", false: " ROWS BETWEEN "}[f.Range]...)
		dst = append(appendBound(dst, f.From), " AND "...)
		dst = appendBound(dst, f.To)
	}
	return append(dst, ')')
}

func appendBound(dst []byte, b Bound) []byte {
	if b.N != nil {
		dst = append(appendExpr(dst, b.N, levelAdd), ' ')
	}
	return append(dst, [...]string{"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"}[b.Kind]...)
}

func appendSelectItem(dst []byte, it SelectItem) []byte {
	if it.Star {
		if it.Table != "" {
			dst = append(appendName(appendDB(dst, it.DB), it.Table), '.')
		}
		return append(dst, '*')
	}
	dst = appendExpr(dst, it.X, levelAdd)
	if it.Alias != "" {
		dst = appendName(append(dst, " AS "...), it.Alias)
	}
	return dst
}

func appendInsert(dst []byte, s *Insert) []byte {
	dst = append(appendTable(append(dst, "INSERT INTO "...), s.Table), ' ')
	if s.Columns != nil {
		dst = append(appendNames(dst, s.Columns), ' ')
	}
	for i, it := range s.Output {
		dst = appendSelectItem(append(dst, [...]string{"OUTPUT ", ", "}[min(i, 1)]...), it)
	}
	if s.Output != nil {
		dst = append(dst, ' ')
	}
	if s.Query != nil {
		return appendQuery(dst, s.Query)
	}
	return appendRows(append(dst, "VALUES "...), s.Rows)
}

// appendWritten writes the table that an UPDATE or DELETE writes: by its alias, if it has one.
func appendWritten(dst []byte, t TableRef) []byte {
	if t.Alias != "" {
		return appendName(dst, t.Alias)
	}
	return appendTable(dst, t)
}

func appendWrittenFrom(dst []byte, t TableRef) []byte {
	if t.Alias == "" {
		return dst
	}
	return appendTable(append(dst, " FROM "...), t)
}

func appendCreateTable(dst []byte, s *CreateTable) []byte {
	dst = append(appendTable(append(dst, "CREATE TABLE "...), s.Table), " ("...)
	for i, c := range s.Columns {
		dst = append(appendName(appendComma(dst, i), c.Name.Name), ' ')
		dst = appendColumnDef(dst, c.Def)
	}
	if s.PrimaryKey != nil {
		dst = appendNames(append(dst, ", PRIMARY KEY "...), s.PrimaryKey)
	}
	for _, u := range s.Unique {
		dst = appendNames(append(dst, ", UNIQUE "...), u)
	}
	dst = append(dst, ')')
	if s.ShardKey != nil {
		dst = append(appendName(append(dst, " WITH (DISTRIBUTION = HASH("...), s.ShardKey.Name), "))"...)
	}
	if s.RoundRobin {
		dst = append(dst, " WITH (DISTRIBUTION = ROUND_ROBIN)"...)
	}
	if s.Replicate {
		dst = append(dst, " WITH (DISTRIBUTION = REPLICATE)"...)
	}
	return dst
}

func appendColumnDef(dst []byte, d ColumnDef) []byte {
	dst = append(dst, d.Type.String()...)
	switch d.Null {
	case NullAllowed:
		dst = append(dst, " NULL"...)
	case NullForbidden:
		dst = append(dst, " NOT NULL"...)
	}
	if d.PrimaryKey {
		dst = append(dst, " PRIMARY KEY"...)
	}
	if d.Unique {
		dst = append(dst, " UNIQUE"...)
	}
	return appendClause(dst, " DEFAULT ", d.Default)
}

// appendDB appends what names a database before one of its tables, nothing for none.
func appendDB(dst []byte, db string) []byte {
	if db == "" {
		return dst
	}
	return append(appendName(dst, db), ".dbo."...)
}

func appendTable(dst []byte, t TableRef) []byte {
	switch {
	case t.Query != nil:
		dst = append(appendQuery(append(dst, '('), t.Query), ')')
	case t.Rows != nil:
		dst = appendRows(append(dst, "(VALUES "...), t.Rows)
		dst = append(dst, ')')
	default:
		dst = appendName(appendDB(dst, t.DB), t.Name)
	}
	if t.Alias != "" {
		dst = appendName(append(dst, " AS "...), t.Alias)
	}
	if t.Columns != nil {
		dst = appendNames(dst, t.Columns)
	}
	return dst
}

func appendRows(dst []byte, rows [][]Expr) []byte {
	for i, row := range rows {
		dst = append(appendComma(dst, i), '(')
		for i, x := range row {
			dst = appendValueOrDefault(appendComma(dst, i), x)
		}
		dst = append(dst, ')')
	}
	return dst
}

func appendNames(dst []byte, names []Name) []byte {
	dst = append(dst, '(')
	for i, n := range names {
		dst = appendName(appendComma(dst, i), n.Name)
	}
	return append(dst, ')')
}

// appendClause appends the words and x, or nothing for nil.
func appendClause(dst []byte, words string, x Expr) []byte {
	if x == nil {
		return dst
	}
	return appendExpr(append(dst, words...), x, levelOr)
}

func appendValueOrDefault(dst []byte, x Expr) []byte {
	if x == nil {
		return append(dst, "DEFAULT"...)
	}
	return appendExpr(dst, x, levelAdd)
}

// appendComma separates item i from the one before it.
func appendComma(dst []byte, i int) []byte {
	if i == 0 {
		return dst
	}
	return append(dst, ", "...)
}

// appendCall appends parameters, functions, CASE and CAST.
func appendCall(dst []byte, e Expr) []byte {
	switch e := e.(type) {
	case *Param:
		return append(append(dst, '@'), e.Name...)
	case *Call:
		dst = append(append(dst, e.Name...), '(')
		if e.Distinct {
			dst = append(dst, "DISTINCT "...)
		}
		if e.Star {
			dst = append(dst, '*')
		}
		if e.From {
			dst = append(appendExpr(dst, e.Args[1], levelAdd), " FROM "...)
			return append(appendExpr(dst, e.Args[0], levelAdd), ')')
		}
		for i, a := range e.Args {
			dst = appendExpr(appendComma(dst, i), a, levelAdd)
		}
		if dst = append(dst, ')'); e.Over != nil {
			return appendOver(dst, e.Over)
		}
		for i, it := range e.Within {
			dst = append(dst, [...]string{" WITHIN GROUP (ORDER BY ", ", "}[min(i, 1)]...)
			dst = appendExpr(dst, it.X, levelAdd)
			if it.Desc {
				dst = append(dst, " DESC"...)
			}
		}
		if e.Within != nil {
			dst = append(dst, ')')
		}
		return dst
	case *Subquery:
		return append(appendQuery(append(dst, '('), e.Query), ')')
	case *Exists:
		return append(appendQuery(append(dst, "EXISTS ("...), e.Query), ')')
	case *Case:
		dst = appendClause(append(dst, "CASE"...), " ", e.X)
		for _, w := range e.Whens {
			dst = appendClause(dst, " WHEN ", w.If)
			dst = appendClause(dst, " THEN ", w.Then)
		}
		return append(appendClause(dst, " ELSE ", e.Else), " END"...)
	case *Cast:
		if e.Try {
			dst = append(dst, "TRY_"...)
		}
		if e.Style == nil {
			dst = appendExpr(append(dst, "CAST("...), e.X, levelAdd)
			return append(append(append(dst, " AS "...), e.Type.String()...), ')')
		}
		dst = append(append(append(dst, "CONVERT("...), e.Type.String()...), ", "...)
		dst = appendExpr(dst, e.X, levelAdd)
		return append(appendClause(dst, ", ", e.Style), ')')
	}
	return dst
}
