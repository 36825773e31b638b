package sqlwrite

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shardeck/shared/tsqltoken"
	"shardeck/tui/answer"
)

func text(s string) answer.Cell { return answer.Cell{Text: s} }

var null = answer.Cell{Text: "NULL", Null: true}

// The right literals are those of Microsoft's "Constants (Transact-SQL)".
func TestLiteralsByType(t *testing.T) {
	for _, c := range []struct {
		typ  string
		cell answer.Cell
		want string
	}{
		{"INT", text("-5"), "-5"},
		{"BIGINT", text("9223372036854775807"), "9223372036854775807"},
		{"BIT", text("true"), "1"},
		{"BIT", text("false"), "0"},
		{"DECIMAL(10,2)", text("12.50"), "12.50"},
		{"FLOAT", text("1.5"), "1.5e0"},
		{"FLOAT", text("1e+21"), "1e+21"},
		{"REAL", text("-0.25"), "-0.25e0"},
		{"VARCHAR(10)", text("it's"), "'it''s'"},
		{"VARCHAR(10)", text("Zoë"), "N'Zoë'"},
		{"NVARCHAR(10)", text("it's"), "N'it''s'"},
		{"NVARCHAR(10)", text(""), "N''"},
		{"NVARCHAR(10)", text("NULL"), "N'NULL'"},
		{"NVARCHAR(10)", null, "NULL"},
		{"VARBINARY(10)", text("0xC0FFEE"), "0xC0FFEE"},
		{"VARBINARY(10)", text("0x"), "0x"},
		{"DATE", text("2026-11-22"), "'2026-11-22'"},
		{"DATETIME2(7)", text("2026-11-22T20:24:00.1234567"), "'2026-11-22T20:24:00.1234567'"},
		{"UNIQUEIDENTIFIER", text("6F9619FF-8B86-D011-B42D-00C04FC964FF"), "'6F9619FF-8B86-D011-B42D-00C04FC964FF'"},
		{"", text("what"), "N'what'"},
		{"INT", text("1; DROP TABLE x"), "N'1; DROP TABLE x'"},
		{"INT", text("--1"), "N'--1'"},
		{"DECIMAL(3,1)", text("1.2.3"), "N'1.2.3'"},
		{"FLOAT", text("1e"), "N'1e'"},
		{"FLOAT", text("NaN"), "N'NaN'"},
		{"VARBINARY(10)", text("0xC0FFE"), "N'0xC0FFE'"},
		{"DATE", text("' OR 1=1 --"), "''' OR 1=1 --'"},
	} {
		if got := Literal(c.typ, c.cell); got != c.want {
			t.Errorf("%s %q is %s, want %s", c.typ, c.cell.Text, got, c.want)
		}
	}
}

// TestAnyTextIsOneLiteral reads literals and names back with the tokenizer: each is one
// token, perhaps after a sign, with the same text.
func TestAnyTextIsOneLiteral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[-0-9.eEx']{0,8}`), rapid.StringMatching(`['\]\[;-]{0,6}`)).Draw(t, "text")
		for _, typ := range []string{"INT", "BIT", "DECIMAL(10,2)", "FLOAT", "VARCHAR(50)", "NVARCHAR(50)", "VARBINARY(8)", "DATE", "UNIQUEIDENTIFIER", ""} {
			literal := Literal(typ, text(s))
			tokens := scan(strings.TrimPrefix(literal, "-"))
			if len(tokens) != 1 {
				t.Fatalf("%s %q is %s: %d tokens", typ, s, literal, len(tokens))
			}
			if k := tokens[0].Kind; (k == tsqltoken.KindString || k == tsqltoken.KindNString) && tokens[0].Text != s {
				t.Fatalf("%s reads back as %q, want %q", literal, tokens[0].Text, s)
			}
		}
		if s == "" {
			return
		}
		if tokens := scan(Name(s)); len(tokens) != 1 || tokens[0].Text != s {
			t.Fatalf("the name %q is written %s, and reads back as %+v", s, Name(s), tokens)
		}
	})
}

func scan(sql string) []tsqltoken.Token {
	var out []tsqltoken.Token
	s := tsqltoken.NewScanner(sql)
	var t tsqltoken.Token
	for s.Next(&t) {
		out = append(out, t)
	}
	return out
}

func TestEditStatement(t *testing.T) {
	id, region := Column{"id", "INT"}, Column{"order", "NVARCHAR(10)"}
	for _, c := range []struct {
		keys   []Column
		values []answer.Cell
		column Column
		value  answer.Cell
		want   string
	}{
		{[]Column{id}, []answer.Cell{text("7")}, Column{"name", "NVARCHAR(50)"}, text("O'Hara"), "UPDATE orders SET name = N'O''Hara' WHERE id = 7 AND name = N'1'"},
		{[]Column{id, region}, []answer.Cell{text("7"), text("x")}, Column{"a b", "INT"}, null, "UPDATE orders SET [a b] = NULL WHERE id = 7 AND [order] = N'x' AND [a b] = 1"},
		{[]Column{id}, []answer.Cell{text("7")}, Column{"amount", "DECIMAL(10,2)"}, text("3.5"), "UPDATE orders SET amount = 3.50 WHERE id = 7 AND amount = 1"},
		{[]Column{id}, []answer.Cell{text("7")}, Column{"paid", "BIT"}, text("true"), "UPDATE orders SET paid = 1 WHERE id = 7 AND paid = 1"},
		{[]Column{id}, []answer.Cell{text("7")}, Column{"r", "REAL"}, text("2"), "UPDATE orders SET r = 2e0 WHERE id = 7 AND r = CAST(1e0 AS REAL)"},
	} {
		if got, err := EditStatement("orders", c.keys, c.values, c.column, c.value, text("1")); err != nil || got != c.want {
			t.Errorf("got %s, %v; want %s", got, err, c.want)
		}
	}
	name := Column{"name", "NVARCHAR(3)"}
	for why, c := range map[string]struct {
		table  string
		keys   []Column
		values []answer.Cell
		column Column
		value  answer.Cell
	}{
		"no table":      {"", []Column{id}, []answer.Cell{text("7")}, name, text("x")},
		"no key":        {"orders", nil, nil, name, text("x")},
		"half a key":    {"orders", []Column{id, region}, []answer.Cell{text("7")}, name, text("x")},
		"NULL in key":   {"orders", []Column{id}, []answer.Cell{null}, name, text("x")},
		"the key":       {"orders", []Column{id}, []answer.Cell{text("7")}, id, text("8")},
		"too long":      {"orders", []Column{id}, []answer.Cell{text("7")}, name, text("long")},
		"not a number":  {"orders", []Column{id}, []answer.Cell{text("7")}, Column{"n", "INT"}, text("1 OR 1=1")},
		"unknown type":  {"orders", []Column{id}, []answer.Cell{text("7")}, Column{"n", "XML"}, text("x")},
		"key not a key": {"orders", []Column{id}, []answer.Cell{text("7 OR 1=1")}, name, text("x")},
	} {
		if got, err := EditStatement(c.table, c.keys, c.values, c.column, c.value, null); err == nil {
			t.Errorf("%s: %s", why, got)
		}
	}
}
