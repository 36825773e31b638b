package planner

import (
	"strconv"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// output is one column of the answer.
type output struct {
	plan.Output
	at      int
	uses    []bind.Use
	unnamed bool // T-SQL leaves the column without a name
}

// maxOutputs is the maximum number of columns of an answer.
const maxOutputs = 1024

// list binds the select list.
func (s *statement) list(items []tsql.SelectItem) error {
	s.outputs = make([]output, 0, max(4, len(items)))
	s.b.Uses = make([]bind.Use, 0, len(items)+4)
	for i := range items {
		it := &items[i]
		var err error
		if it.Star {
			err = s.star(it)
		} else {
			err = s.item(it)
		}
		if err != nil {
			return err
		}
		if len(s.outputs) > maxOutputs {
			return s.b.Problem(api.CodeTooComplex, it.At, "the answer has more than %d columns", maxOutputs).Hinted("name fewer columns")
		}
	}
	s.header = make([]api.Column, len(s.outputs))
	for i := range s.outputs {
		o := &s.outputs[i]
		s.header[i] = api.Column{Name: o.Name, Type: s.b.Scope.TypeName(o.Expr)}
	}
	return nil
}

func (s *statement) item(it *tsql.SelectItem) error {
	from := len(s.b.Uses)
	x, err := s.b.Value(it.X)
	if err != nil {
		return err
	}
	name := it.Alias
	if c, ok := it.X.(*tsql.Column); ok && name == "" {
		name = s.b.Scope.ColumnName(x, c.Name)
	}
	unnamed := name == ""
	if unnamed {
		name = "column" + strconv.Itoa(len(s.outputs)+1)
	}
	s.outputs = append(s.outputs, output{plan.Output{Name: name, Expr: x}, it.X.Pos(), s.b.Uses[from:], unnamed})
	return nil
}

// star adds all columns of all tables, or of one.
func (s *statement) star(it *tsql.SelectItem) error {
	sc := s.b.Scope
	if len(sc.Sources) == 0 {
		return s.b.Problem(api.CodeSyntax, it.At, "* has no table to select the columns of").Hinted("add FROM with a table").Numbered(mssqlerr.NoTableForStar)
	}
	sources := sc.Sources
	if p := s.b.CheckDB(it.DB, it.At); p != nil {
		return p
	}
	if it.Table != "" {
		i := sc.Source(it.Table)
		if i < 0 {
			return s.b.UnboundTable(it.Table, it.At, mssqlerr.UnknownPrefix)
		}
		sources = sources[i : i+1]
	}
	for i := range sources {
		for _, c := range sources[i].Columns {
			s.outputs = append(s.outputs, output{Output: plan.Output{Name: sc.ColumnName(c, c.Column), Expr: c}, at: it.At, uses: []bind.Use{{X: c, At: it.At}}})
		}
	}
	return nil
}

// window binds TOP, or OFFSET and FETCH.
func (s *statement) window(st *tsql.Select) error {
	if st.Top != nil {
		if st.Offset != nil || st.Fetch != nil {
			p := s.b.Problem(api.CodeUnsupported, st.Top.At, "TOP and OFFSET are mutually exclusive")
			return p.Hinted("write FETCH NEXT n ROWS ONLY after OFFSET").Numbered(mssqlerr.TopWithOffset)
		}
		n, err := s.rowCount(st.Top.N, 0, mssqlerr.NegativeTop)
		if err != nil {
			return err
		}
		if st.Top.WithTies && len(st.OrderBy) == 0 {
			return s.b.Problem(api.CodeInvalidField, st.Top.At, "WITH TIES requires ORDER BY").Hinted("add ORDER BY").Numbered(mssqlerr.TiesWithoutOrder)
		}
		s.limit, s.ties = &n, st.Top.WithTies
		if s.ties && len(s.order) == 0 { // ordered by constants only: all rows tie
			s.ties = false
			if n > 0 {
				s.limit = nil
			}
		}
	}
	if st.Offset != nil {
		if len(st.OrderBy) == 0 {
			p := s.b.Problem(api.CodeSyntax, st.Offset.Pos(), "OFFSET requires ORDER BY: without an order it is undefined which rows to skip")
			return p.Hinted("add ORDER BY").Numbered(mssqlerr.Syntax)
		}
		n, err := s.rowCount(st.Offset, 0, mssqlerr.NegativeOffset)
		if err != nil {
			return err
		}
		s.offset = n
	}
	if st.Fetch != nil {
		n, err := s.rowCount(st.Fetch, 1, mssqlerr.FetchNotPositive)
		if err != nil {
			return err
		}
		s.limit = &n
	}
	if s.most != nil && !s.ties && (s.limit == nil || *s.limit > *s.most) {
		s.limit = s.most
	}
	return nil
}

// rowCount binds a constant number of rows.
func (s *statement) rowCount(e tsql.Expr, least int64, number int) (int64, error) {
	constants := bind.Binder{Field: bind.StatementField, Params: s.b.Params, Session: s.b.Session, Clause: "a number of rows"}
	x, err := constants.Value(e)
	if err != nil {
		return 0, err
	}
	if x.IsConst() && x.Type.Kind == sqltypes.Decimal && x.Type.Scale == 0 { // beyond INT
		if x, err = constants.Convert(x, sqltypes.BigIntType, e.Pos()); err != nil {
			return 0, err
		}
	}
	if !x.IsConst() || !x.Type.Kind.IsInteger() || x.Value.IsNull() {
		return 0, s.b.Problem(api.CodeInvalidField, e.Pos(), "a number of rows must be an integer constant").Hinted("write a number, or a parameter with an integer value").Numbered(mssqlerr.RowCountNotInteger)
	}
	if x.Value.Int < least {
		return 0, s.b.Problem(api.CodeInvalidField, e.Pos(), "the number of rows is %d; the minimum is %d", x.Value.Int, least).Hinted("use a greater number").Numbered(number)
	}
	return x.Value.Int, nil
}
