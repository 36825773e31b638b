package parity

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// answer is the result of a statement.
type answer struct {
	columns string // "a INT, b DATE"
	rows    []string
	changed int64
}

// request is a statement as a call of the public API.
type request interface {
	send(ctx context.Context, m *client.Master, db string) (*answer, error)
}

type (
	createTable api.CreateTableRequest
	dropTable   api.DeleteTableRequest
	insert      api.InsertRequest
	update      api.UpdateRequest
	remove      api.DeleteRequest
	read        api.SelectRequest
	count       struct {
		api.MapReduceCountRequest
		name string // of the count's column
	}
)

func (r createTable) send(ctx context.Context, m *client.Master, db string) (*answer, error) {
	r.DB = db
	_, err := m.CreateTable(ctx, (*api.CreateTableRequest)(&r))
	return &answer{}, err
}

func (r dropTable) send(ctx context.Context, m *client.Master, db string) (*answer, error) {
	r.DB = db
	_, err := m.DeleteTable(ctx, (*api.DeleteTableRequest)(&r))
	return &answer{}, err
}

func (r insert) send(ctx context.Context, m *client.Master, db string) (*answer, error) {
	r.DB = db
	return changed(m.Insert(ctx, (*api.InsertRequest)(&r)))
}

func (r update) send(ctx context.Context, m *client.Master, db string) (*answer, error) {
	r.DB = db
	return changed(m.Update(ctx, (*api.UpdateRequest)(&r)))
}

func (r remove) send(ctx context.Context, m *client.Master, db string) (*answer, error) {
	r.DB = db
	return changed(m.Delete(ctx, (*api.DeleteRequest)(&r)))
}

func changed(resp *api.WriteResponse, err error) (*answer, error) {
	if err != nil {
		return nil, err
	}
	return &answer{changed: resp.RowsAffected}, nil
}

func (r read) send(ctx context.Context, m *client.Master, db string) (*answer, error) {
	r.DB = db
	resp, err := m.Select(ctx, (*api.SelectRequest)(&r))
	if err != nil {
		return nil, err
	}
	a := &answer{columns: columnList(resp.Columns)}
	for _, row := range resp.Rows {
		a.rows = append(a.rows, string(row))
	}
	return a, nil
}

func (r count) send(ctx context.Context, m *client.Master, db string) (*answer, error) {
	r.DB = db
	resp, err := m.Count(ctx, &r.MapReduceCountRequest)
	if err != nil {
		return nil, err
	}
	a := &answer{columns: columnList(append(resp.GroupColumns, api.Column{Name: r.name, Type: "BIGINT"}))}
	if len(r.GroupBy) == 0 {
		a.rows = []string{fmt.Sprintf("[%d]", resp.Total)}
	}
	for _, g := range resp.Groups {
		a.rows = append(a.rows, fmt.Sprintf("%s,%d]", strings.TrimSuffix(string(g.Key), "]"), g.Count))
	}
	return a, nil
}

// verbatim is text for POST /query.
type verbatim string

func (s verbatim) send(ctx context.Context, m *client.Master, db string) (*answer, error) {
	resp, err := m.Query(ctx, &api.SQLRequest{DB: db, SQL: string(s)})
	if err != nil {
		return nil, err
	}
	a := &answer{columns: columnList(resp.Columns)}
	for _, row := range resp.Rows {
		a.rows = append(a.rows, string(row))
	}
	if resp.RowsAffected != nil {
		a.changed = *resp.RowsAffected
	}
	return a, nil
}

func columnList(columns []api.Column) string {
	var list []string
	for _, c := range columns {
		list = append(list, c.Name+" "+c.Type)
	}
	return strings.Join(list, ", ")
}

// parse reads a statement of the corpus. It knows the forms used in the corpus and passes
// conditions, ORDER BY lists and types on to Shardeck.
func parse(text string) (request, error) {
	s := scan(text)
	if len(s.tokens) < 3 {
		return nil, fmt.Errorf("%q is not a statement", text)
	}
	switch s.words(0, 2) {
	case "CREATE TABLE":
		return s.createTable()
	case "DROP TABLE":
		return dropTable{Table: s.name(2)}, nil
	case "INSERT INTO":
		return s.insert()
	case "DELETE FROM":
		parts, err := s.clauses("DELETE FROM", "WHERE")
		return remove{Table: unquote(parts["DELETE FROM"]), Condition: parts["WHERE"]}, err
	}
	switch s.words(0, 1) {
	case "UPDATE":
		return s.update()
	case "SELECT":
		return s.query()
	}
	return nil, fmt.Errorf("%q is not a statement of the corpus", text)
}

// token is a word, a quoted name, a string, a number or one other character.
type token struct {
	start, end int
	depth      int // of parentheses around it
}

type statement struct {
	src    string
	tokens []token
}

func scan(text string) *statement {
	s := &statement{src: strings.TrimSpace(text)}
	depth := 0
	for i := 0; i < len(s.src); {
		start, c := i, s.src[i]
		closing := map[byte]byte{'\'': '\'', '[': ']'}[c]
		switch {
		case c == ' ' || c == '\n':
			i++
			continue
		case closing != 0:
			i = quotedEnd(s.src, i+1, closing)
		case (c == 'N' || c == 'n') && strings.HasPrefix(s.src[i+1:], "'"):
			i = quotedEnd(s.src, i+2, '\'')
		case isWordByte(c):
			for i < len(s.src) && isWordByte(s.src[i]) {
				i++
			}
		default:
			i++
		}
		if c == ')' {
			depth--
		}
		s.tokens = append(s.tokens, token{start, i, depth})
		if c == '(' {
			depth++
		}
	}
	return s
}

// quotedEnd returns the end of a quoted text whose content begins at i; a doubled closing byte is
// an escape.
func quotedEnd(src string, i int, closing byte) int {
	for i < len(src) {
		if src[i] == closing {
			if i+1 == len(src) || src[i+1] != closing {
				return i + 1
			}
			i++
		}
		i++
	}
	return i
}

func isWordByte(c byte) bool {
	return c == '_' || c == '.' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

func (s *statement) text(i int) string {
	if i >= len(s.tokens) {
		return ""
	}
	return s.src[s.tokens[i].start:s.tokens[i].end]
}

// words joins n tokens starting at i, in upper case.
func (s *statement) words(i, n int) string {
	var list []string
	for j := range n {
		list = append(list, s.text(i+j))
	}
	return strings.ToUpper(strings.Join(list, " "))
}

func (s *statement) name(i int) string { return unquote(s.text(i)) }

func unquote(name string) string { return strings.TrimSuffix(strings.TrimPrefix(name, "["), "]") }

// clauses splits the statement before each of the keywords outside of parentheses, which must be
// in this order, and returns what follows each. The first is required.
func (s *statement) clauses(keywords ...string) (map[string]string, error) {
	parts := map[string]string{}
	current, from := "", 0
	next := 0
	for i, t := range s.tokens {
		if t.depth > 0 {
			continue
		}
		for k := next; k < len(keywords); k++ {
			n := len(strings.Fields(keywords[k]))
			if s.words(i, n) != keywords[k] {
				continue
			}
			if current != "" {
				parts[current] = strings.TrimSpace(s.src[from:t.start])
			}
			current, from, next = keywords[k], s.tokens[i+n-1].end, k+1
			break
		}
	}
	parts[current] = strings.TrimSpace(s.src[from:])
	if parts[keywords[0]] == "" {
		return nil, fmt.Errorf("%q has no %s", s.src, keywords[0])
	}
	return parts, nil
}

// list splits the parenthesized text that begins at token open at its commas.
func (s *statement) list(open int) (items []string, next int) {
	depth, from := s.tokens[open].depth, s.tokens[open].end
	for i := open + 1; i < len(s.tokens); i++ {
		t, text := s.tokens[i], s.text(i)
		if t.depth == depth && text == ")" || t.depth == depth+1 && text == "," {
			items = append(items, strings.TrimSpace(s.src[from:t.start]))
			from = t.end
		}
		if t.depth == depth && text == ")" {
			return items, i + 1
		}
	}
	return items, len(s.tokens)
}

// topList splits text at its commas outside of parentheses.
func topList(text string) []string {
	items, _ := scan("(" + text + ")").list(0)
	return items
}

func (s *statement) createTable() (request, error) {
	r := createTable{Table: s.name(2)}
	items, _ := s.list(3)
	for _, item := range items {
		def := scan(item)
		if def.words(0, 2) == "PRIMARY KEY" {
			keys, _ := def.list(2)
			for i := range r.Columns {
				for _, k := range keys {
					if r.Columns[i].Name == k {
						r.Columns[i].Value += " PRIMARY KEY"
					}
				}
			}
			continue
		}
		r.Columns = append(r.Columns, api.Member[string]{Name: def.name(0), Value: strings.TrimSpace(def.src[def.tokens[0].end:])})
	}
	return r, nil
}

func (s *statement) insert() (request, error) {
	r := insert{Table: s.name(2)}
	columns, i := s.list(3)
	if s.words(i, 1) != "VALUES" {
		return nil, fmt.Errorf("%q has no VALUES", s.src)
	}
	for i++; i < len(s.tokens); i++ { // past a comma
		var values []string
		values, i = s.list(i)
		if len(values) != len(columns) {
			return nil, fmt.Errorf("%q has %d columns and %d values", s.src, len(columns), len(values))
		}
		row := api.Object[jsontext.Value]{}
		for j, v := range values {
			wire, err := literal(v)
			if err != nil {
				return nil, err
			}
			row = append(row, api.Member[jsontext.Value]{Name: unquote(columns[j]), Value: wire})
		}
		r.Rows = append(r.Rows, row)
	}
	return r, nil
}

func (s *statement) update() (request, error) {
	parts, err := s.clauses("UPDATE", "SET", "WHERE")
	if err != nil {
		return nil, err
	}
	r := update{Table: unquote(parts["UPDATE"]), Condition: parts["WHERE"]}
	for _, item := range topList(parts["SET"]) {
		name, value, ok := strings.Cut(item, "=")
		if !ok {
			return nil, fmt.Errorf("%q sets nothing", item)
		}
		wire, err := literal(strings.TrimSpace(value))
		if err != nil {
			return nil, err
		}
		r.Set = append(r.Set, api.Member[jsontext.Value]{Name: unquote(strings.TrimSpace(name)), Value: wire})
	}
	return r, nil
}

// countPrefix begins the column of a count, which must be the last in the list.
const countPrefix = "COUNT_BIG(*) AS "

func (s *statement) query() (request, error) {
	parts, err := s.clauses("SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "OFFSET", "FETCH NEXT")
	if err != nil {
		return nil, err
	}
	list := parts["SELECT"]
	r := read{Table: unquote(parts["FROM"]), Condition: parts["WHERE"], OrderBy: parts["ORDER BY"]}
	if top := scan(list); top.words(0, 2) == "TOP (" {
		n, end := top.list(1)
		if r.Limit, err = number(n[0]); err != nil {
			return nil, err
		}
		list = strings.TrimSpace(list[top.tokens[end-1].end:])
	}
	if v, ok := parts["OFFSET"]; ok {
		if r.Offset, err = number(strings.TrimSuffix(v, " ROWS")); err != nil {
			return nil, err
		}
	}
	if v, ok := parts["FETCH NEXT"]; ok {
		if r.Limit, err = number(strings.TrimSuffix(v, " ROWS ONLY")); err != nil {
			return nil, err
		}
	}
	for _, c := range topList(list) {
		r.Columns = append(r.Columns, unquote(c))
	}
	last := r.Columns[len(r.Columns)-1]
	name, isCount := strings.CutPrefix(last, countPrefix)
	if !isCount {
		return r, nil
	}
	c := count{name: name}
	c.Table, c.Condition = r.Table, r.Condition
	if groups := parts["GROUP BY"]; groups != "" {
		c.GroupBy = topList(groups)
	}
	if order := parts["ORDER BY"]; order != "" && order != parts["GROUP BY"] {
		return nil, fmt.Errorf("%q: a count must be ordered by its groups or not at all", s.src)
	}
	if got := r.Columns[:len(r.Columns)-1]; strings.Join(got, ", ") != strings.Join(c.GroupBy, ", ") {
		return nil, fmt.Errorf("%q: a count must select its groups and COUNT_BIG(*)", s.src)
	}
	return c, nil
}

func number(text string) (*int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	return &n, err
}

// literal returns the wire form of a constant in INSERT or UPDATE.
func literal(text string) (jsontext.Value, error) {
	s := scan(text)
	body := strings.TrimPrefix(strings.TrimPrefix(text, "N"), "n")
	switch {
	case strings.EqualFold(text, "NULL"):
		return jsontext.Value("null"), nil
	case len(s.tokens) == 1 && strings.HasPrefix(body, "'"):
		return json.Marshal(strings.ReplaceAll(body[1:len(body)-1], "''", "'"))
	case strings.HasPrefix(text, "0x"):
		return json.Marshal(text)
	}
	v := jsontext.Value(text)
	if !v.IsValid() || v.Kind() != '0' {
		return nil, fmt.Errorf("%q is not a constant supported in INSERT and UPDATE here", text)
	}
	return v, nil
}

func TestStatementsBecomeRequests(t *testing.T) {
	one, two := int64(1), int64(2)
	raw := func(s string) jsontext.Value { return jsontext.Value(s) }
	for text, want := range map[string]request{
		"CREATE TABLE T (user_id INT, [b] DECIMAL(4, 2) NOT NULL,\n  PRIMARY KEY (user_id, b))": createTable{Table: "T", Columns: api.Object[string]{
			{Name: "user_id", Value: "INT PRIMARY KEY"}, {Name: "b", Value: "DECIMAL(4, 2) NOT NULL PRIMARY KEY"}}},
		"DROP TABLE T": dropTable{Table: "T"},
		"INSERT INTO T (a, b) VALUES (1, N'it''s, (so)'), (-2.5, NULL), (0xAB, '')": insert{Table: "T", Rows: []api.Object[jsontext.Value]{
			{{Name: "a", Value: raw("1")}, {Name: "b", Value: raw(`"it's, (so)"`)}},
			{{Name: "a", Value: raw("-2.5")}, {Name: "b", Value: raw("null")}},
			{{Name: "a", Value: raw(`"0xAB"`)}, {Name: "b", Value: raw(`""`)}}}},
		"UPDATE T SET a = 1, b = '=' WHERE c = 'SET' AND d IN (1, 2)": update{Table: "T", Condition: "c = 'SET' AND d IN (1, 2)",
			Set: api.Object[jsontext.Value]{{Name: "a", Value: raw("1")}, {Name: "b", Value: raw(`"="`)}}},
		"DELETE FROM T WHERE a = 1": remove{Table: "T", Condition: "a = 1"},
		"DELETE FROM T":             remove{Table: "T"},
		"SELECT * FROM T":           read{Table: "T", Columns: api.NameList{"*"}},
		"SELECT TOP (2) a, [b] FROM T WHERE a = 'ORDER BY' ORDER BY (a + 1) DESC, b": read{Table: "T", Columns: api.NameList{"a", "b"},
			Condition: "a = 'ORDER BY'", OrderBy: "(a + 1) DESC, b", Limit: &two},
		"SELECT a FROM T ORDER BY a OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY": read{Table: "T", Columns: api.NameList{"a"}, OrderBy: "a", Offset: &one, Limit: &two},
		"SELECT COUNT_BIG(*) AS n FROM T WHERE a > 1":                     count{api.MapReduceCountRequest{Table: "T", Condition: "a > 1"}, "n"},
		"SELECT a, b, COUNT_BIG(*) AS n FROM T GROUP BY a, b ORDER BY a, b": count{
			api.MapReduceCountRequest{Table: "T", GroupBy: api.NameList{"a", "b"}}, "n"},
	} {
		got, err := parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(count{})); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
}
