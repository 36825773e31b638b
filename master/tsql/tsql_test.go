package tsql

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/api"
)

func TestConditionsArePrintedInTheirCanonicalForm(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"comparison", "gpa>3.5", "gpa > 3.5"},
		{"all comparison operators", "a=1 and a<>2 and a!=3 and a<4 and a<=5 and a>6 and a>=7 and a!<8 and a!>9",
			"a = 1 AND a <> 2 AND a <> 3 AND a < 4 AND a <= 5 AND a > 6 AND a >= 7 AND a >= 8 AND a <= 9"},
		{"AND before OR", "a=1 or b=2 and c=3", "a = 1 OR b = 2 AND c = 3"},
		{"needed parentheses stay", "(a=1 or b=2) and c=3", "(a = 1 OR b = 2) AND c = 3"},
		{"needless parentheses go", "((((a)=(1))))", "a = 1"},
		{"chains are flat", "a=1 and (b=2 and (c=3 and d=4))", "a = 1 AND b = 2 AND c = 3 AND d = 4"},
		{"NOT", "not not (a=1 or b=2)", "NOT NOT (a = 1 OR b = 2)"},
		{"IN", "a in(1,-2,N'x','it''s',NULL,0xABC)", "a IN (1, -2, N'x', 'it''s', NULL, 0x0ABC)"},
		{"NOT IN", "a not  in (1)", "a NOT IN (1)"},
		{"BETWEEN ends before AND", "a between 1 and 2 and b not between c and d+1", "a BETWEEN 1 AND 2 AND b NOT BETWEEN c AND d + 1"},
		{"LIKE", "name like N'A%' or name not like '50!%' escape '!'", "name LIKE N'A%' OR name NOT LIKE '50!%' ESCAPE '!'"},
		{"IS NULL", "a is null and b is not null", "a IS NULL AND b IS NOT NULL"},
		{"bracketed names", `[a b]=1 and "c"=2 and [d]]e]=3 and [order]=4 and [plain]=5`, "[a b] = 1 AND c = 2 AND [d]]e] = 3 AND [order] = 4 AND plain = 5"},
		{"qualified names", "Students.gpa>1 and [Students].[gpa]>1", "Students.gpa > 1 AND Students.gpa > 1"},
		{"arithmetic precedence", "a+b*c-(d-e)/f%2=0", "a + b * c - (d - e) / f % 2 = 0"},
		{"a sign is looser than *", "90/-10*5=-1", "90 / (-10 * 5) = -1"},
		{"a sign in parentheses", "(-a)*b=1 and -a*b=1 and -(-a)=1 and -(a+b)=1", "(-a) * b = 1 AND -a * b = 1 AND - -a = 1 AND -(a + b) = 1"},
		{"plus signs go", "+a=+ +1", "a = 1"},
		{"numbers", "a in (1, 1., .5, 1.50, 1e3, 1.5E-7, 007)", "a IN (1, 1., .5, 1.50, 1e3, 1.5E-7, 007)"},
		{"keywords in any case", "A Is NoT nUlL", "A IS NOT NULL"},
		{"strings keep everything", "a = '-- /* ; \"]\n\u2019'", "a = '-- /* ; \"]\n\u2019'"},
		{"n is a name too", "n = N'n'", "n = N'n'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ParseCondition(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := FormatExpr(e); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestWhatIsNotAConditionIsRefused(t *testing.T) {
	tests := []struct {
		name, text string
		code       api.Code
		offset     int
		says       string
	}{
		{"empty", "", api.CodeSyntax, 0, "found the end"},
		{"a second statement", "1=1; DROP TABLE Students", api.CodeSyntax, 3, "semicolon"},
		{"a trailing semicolon", "1=1;", api.CodeSyntax, 3, "semicolon"},
		{"a line comment", "1=1 -- x", api.CodeUnsupported, 4, "comments"},
		{"a block comment", "1=1 /* x */", api.CodeUnsupported, 4, "comments"},
		{"UNION", "1=1 UNION SELECT 1", api.CodeUnsupported, 4, "UNION"},
		{"a subquery", "a IN (SELECT 1)", api.CodeUnsupported, 6, "subqueries"},
		{"EXISTS", "EXISTS (SELECT 1)", api.CodeUnsupported, 0, "EXISTS"},
		{"a function of one's own", "dbo.f(name) > 3", api.CodeUnsupported, 0, "dbo.f"},
		{"a function in brackets", "[LEN](name) > 3", api.CodeUnsupported, 0, "[LEN]"},
		{"a window function", "ROW_NUMBER() OVER (ORDER BY a) = 1", api.CodeUnsupported, 13, "OVER"},
		{"a parameter", "a = @p1", api.CodeUnsupported, 4, "parameters"},
		{"&&", "a = 1 && b = 2", api.CodeSyntax, 6, "&& is not"},
		{"ORDER BY", "a = 1 ORDER BY a", api.CodeUnsupported, 6, "ORDER"},
		{"LIMIT", "a = 1 LIMIT 3", api.CodeUnsupported, 6, "LIMIT"},
		{"OFFSET", "a = 1 offset 3 rows", api.CodeUnsupported, 6, "OFFSET"},
		{"ILIKE", "a ILIKE 'x'", api.CodeUnsupported, 2, "ILIKE"},
		{"a bare value", "gpa", api.CodeSyntax, 0, "expected a condition"},
		{"a bare value under NOT", "NOT gpa", api.CodeSyntax, 4, "expected a condition"},
		{"a bare value after AND", "a = 1 AND gpa", api.CodeSyntax, 10, "expected a condition"},
		{"a condition as a value", "(a = 1) + 1 = 2", api.CodeSyntax, 3, "expected a value"},
		{"a condition compared", "(a = 1) = (b = 2)", api.CodeSyntax, 3, "expected a value"},
		{"a chained comparison", "1 < a < 5", api.CodeSyntax, 6, "expected AND"},
		{"==", "a == 1", api.CodeSyntax, 2, "=="},
		{"&&", "a = 1 && b = 2", api.CodeSyntax, 6, "&&"},
		{"an open string", "a = 'x", api.CodeSyntax, 4, "not closed"},
		{"an open bracket", "[a = 1", api.CodeSyntax, 0, "not closed"},
		{"an empty name", "[] = 1", api.CodeSyntax, 0, "empty"},
		{"an open parenthesis", "(a = 1", api.CodeSyntax, 6, "closing )"},
		{"a stray parenthesis", "a = 1)", api.CodeSyntax, 5, "expected AND"},
		{"an empty IN", "a IN ()", api.CodeSyntax, 6, "expected a value"},
		{"a bare reserved word", "group = 1", api.CodeUnsupported, 0, "GROUP"},
		{"IS 1", "a IS 1", api.CodeSyntax, 5, "expected NULL"},
		{"a number that goes on", "a = 1x", api.CodeSyntax, 5, "in a number"},
		{"a bad exponent", "a = 1e+", api.CodeSyntax, 4, "exponent"},
		{"a bad hex digit", "a = 0xFG", api.CodeSyntax, 7, "hex"},
		{"a curly quote", "a = \u2018x\u2019", api.CodeSyntax, 4, "quotation mark"},
		{"a look-alike letter", "gp\u0430 = 1", api.CodeSyntax, 2, "not allowed outside"},
		{"a no-break space", "a\u00a0= 1", api.CodeSyntax, 1, "invisible"},
		{"NUL", "a = 1\x00", api.CodeSyntax, 5, "control character"},
		{"invalid UTF-8", "a = \xff", api.CodeSyntax, 4, "UTF-8"},
		{"three-part name", "x.Students.gpa = 1", api.CodeUnsupported, 0, "schemas other than dbo"},
		{"10,000 parentheses", strings.Repeat("(", 10_000), api.CodeTooComplex, 200, "nested"},
		{"10,000 NOTs", strings.Repeat("NOT ", 10_000) + "a=1", api.CodeTooComplex, 800, "nested"},
		{"a deep sum", strings.Repeat("1+", 10_000) + "1=1", api.CodeTooComplex, 401, "deep"},
		{"a long IN", "a IN (" + strings.Repeat("1,", 100_000) + "1)", api.CodeTooComplex, 200_006, "100000 values"},
		{"a long text", strings.Repeat(" ", MaxText+1), api.CodeTooComplex, MaxText, "bytes long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseCondition(tt.text)
			p, ok := errors.AsType[*api.Problem](err)
			if !ok {
				t.Fatalf("got %v, want a problem", err)
			}
			if p.Code != tt.code || p.Offset == nil || *p.Offset != tt.offset || !strings.Contains(p.Detail, tt.says) {
				at := -1
				if p.Offset != nil {
					at = *p.Offset
				}
				t.Errorf("got %s at %d: %s\nwant %s at %d with %q", p.Code, at, p.Detail, tt.code, tt.offset, tt.says)
			}
		})
	}
}

func TestClausesAreReferredToTheFieldThatDoesIt(t *testing.T) {
	for text, field := range map[string]string{
		"a = 1 LIMIT 3":           "limit",
		"a = 1 OFFSET 3 ROWS":     "offset",
		"a = 1 FETCH NEXT 3 ROWS": "limit",
		"a = 1 ORDER BY a":        "order_by",
		"a = 1 GROUP BY a":        "group_by",
	} {
		_, err := ParseCondition(text)
		if p, ok := errors.AsType[*api.Problem](err); !ok || !strings.Contains(p.Hint, field) {
			t.Errorf("%s: %+v", text, p)
		}
	}
}

func TestALongChainIsFlatAndAccepted(t *testing.T) {
	n := 50_000
	e, err := ParseCondition(strings.Repeat("a=1 OR ", n) + "a=1")
	if err != nil {
		t.Fatal(err)
	}
	if l, ok := e.(*Logic); !ok || len(l.Terms) != n+1 {
		t.Fatalf("got %T, want one chain of %d", e, n+1)
	}
}

func TestOrderByLists(t *testing.T) {
	items, err := ParseOrderBy("gpa desc, [last name] ASC, a % 2")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range items {
		got = append(got, fmt.Sprint(FormatExpr(it.X), it.Desc))
	}
	if diff := cmp.Diff([]string{"gpatrue", "[last name]false", "a % 2false"}, got); diff != "" {
		t.Error(diff)
	}
	for text, says := range map[string]string{
		"":                             "expected a value",
		"gpa,":                         "expected a value",
		"gpa DESC NULLS LAST":          "NULLS",
		"gpa OFFSET 5 ROWS":            "OFFSET",
		"gpa > 1":                      "expected ASC",
		"gpa; DROP TABLE x":            "semicolon",
		"(gpa = 1)":                    "expected a value",
		strings.Repeat("a,", 40) + "a": "32 items",
	} {
		if _, err := ParseOrderBy(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: got %v, want %q", text, err, says)
		}
	}
}

func TestColumnDefinitions(t *testing.T) {
	for text, want := range map[string]string{
		"int":             "INT 0 false false",
		"INT PRIMARY KEY": "INT 0 true false",
		"[int] CONSTRAINT pk PRIMARY KEY CLUSTERED CONSTRAINT [df] DEFAULT 3": "INT 0 true false 3",
		"nvarchar ( 50 ) not null":               "NVARCHAR(50) 2 false false",
		"DECIMAL(3,2) NULL DEFAULT -1.5":         "DECIMAL(3,2) 1 false false -1.5",
		"INT UNIQUE NOT NULL DEFAULT ((42))":     "INT 2 false true 42",
		"character varying(10) DEFAULT N'it''s'": "VARCHAR(10) 0 false false N'it''s'",
		"VARBINARY(MAX) DEFAULT NULL":            "VARBINARY(MAX) 0 false false NULL",
		"double precision default 1e3":           "FLOAT 0 false false 1e3",
	} {
		def, err := ParseColumnDef(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := fmt.Sprint(def.Type, " ", def.Null, " ", def.PrimaryKey, " ", def.Unique)
		if def.Default != nil {
			got += " " + FormatExpr(def.Default)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestColumnDefinitionsThatAreRefused(t *testing.T) {
	for text, says := range map[string]string{
		"":                               "expected a type",
		"NOT NULL":                       "expected a type",
		"TEXT":                           "TEXT",
		"NVARCHAR":                       "length",
		"INT IDENTITY(1,1)":              "IDENTITY is not supported",
		"INT AUTO_INCREMENT":             "AUTO_INCREMENT is not supported",
		"INT CHECK (x > 1)":              "CHECK is not supported",
		"INT REFERENCES t(x)":            "REFERENCES is not supported",
		"NVARCHAR(10) COLLATE Latin1_CI": "COLLATE is not supported",
		"INT CONSTRAINT PRIMARY KEY":     "expected the name of the constraint",
		"INT CONSTRAINT c CHECK (x > 1)": "CHECK is not supported",
		"INT CLUSTERED PRIMARY KEY":      "CLUSTERED is not supported",
		"AS a + b":                       "AS",
		"INT NULL NOT NULL":              "twice",
		"INT PRIMARY KEY PRIMARY KEY":    "twice",
		"INT PRIMARY KEY NULL":           "cannot be NULL",
		"INT PRIMARY KEY UNIQUE":         "either",
		"INT DEFAULT 1 DEFAULT 2":        "twice",
		"INT DEFAULT GETDATE()":          "function GETDATE",
		"INT DEFAULT a":                  "not a constant",
		"INT DEFAULT 1+1":                "expected",
		"INT DEFAULT -'x'":               "only a number",
		"INT; DROP TABLE x":              "semicolon",
		"INT, y INT":                     "expected",
		"DECIMAL(10":                     "closing )",
		"INT)":                           "expected NULL",
	} {
		_, err := ParseColumnDef(text)
		if p, ok := errors.AsType[*api.Problem](err); !ok || !strings.Contains(p.Detail, says) {
			t.Errorf("%q: got %v, want %q", text, err, says)
		} else if p.Offset == nil {
			t.Errorf("%q: no offset", text)
		}
	}
}

// reparse checks that what e prints as parses to the same tree.
func reparse(t interface{ Fatalf(string, ...any) }, e Expr) {
	text := FormatExpr(e)
	again, err := ParseCondition(text)
	if api.CodeOf(err) == api.CodeTooComplex {
		return // the parentheses that are printed for a sign count as depth
	}
	if err != nil {
		t.Fatalf("printed %q, which does not parse: %v", text, err)
	}
	if diff := cmp.Diff(e, again, ignoreOffsets); diff != "" {
		t.Fatalf("printed %q, which parses to another tree:\n%s", text, diff)
	}
}

var ignoreOffsets = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".At" }, cmp.Ignore())

func TestPrintingAndParsingAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reparse(t, drawPredicate(t, 5))
	})
}

func FuzzParseCondition(f *testing.F) {
	for _, s := range []string{
		"a = 1 AND b <> N'it''s' OR NOT c IN (1, -2.5, 0xFF)", "[x]]y] LIKE '%' ESCAPE '!'", "1=1; DROP TABLE x --",
		"((((a))))", "- - -a * b / -c > 1e5", "a NOT BETWEEN .5 AND 5.", "\"q\" IS NOT NULL", "t.c = 'x", "a\x00", "/*",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseCondition(text)
		if err != nil {
			checkProblem(t, err, text)
			return
		}
		reparse(t, e)
	})
}

func FuzzParseOrderByAndColumnDef(f *testing.F) {
	for _, s := range []string{"a DESC, b", "a NULLS FIRST", "DECIMAL(10,2) NOT NULL DEFAULT (-1.5)", "INT PRIMARY KEY", "NVARCHAR(", "a,,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := ParseOrderBy(text); err != nil {
			checkProblem(t, err, text)
		}
		if _, err := ParseColumnDef(text); err != nil {
			checkProblem(t, err, text)
		}
	})
}

func checkProblem(t *testing.T, err error, text string) {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		t.Fatalf("%v is not a problem", err)
	}
	if p.Offset == nil || *p.Offset < 0 || *p.Offset > len(text) {
		t.Fatalf("%v has no offset within the text", err)
	}
	if p.Status/100 != 4 {
		t.Fatalf("status %d for bad text", p.Status)
	}
}

func BenchmarkParsePointCondition(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseCondition("student_id = 12345"); err != nil {
			b.Fatal(err)
		}
	}
}
