package copyas

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/tsqltoken"
	"shardeck/tui/answer"
	"shardeck/tui/grid"
)

var null = answer.Cell{Text: "NULL", Null: true}

func text(s string) answer.Cell { return answer.Cell{Text: s} }

func sample() *grid.Table {
	return &grid.Table{
		Head: []grid.Column{{Name: "id", Type: "INT"}, {Name: "full name", Type: "NVARCHAR(50)"}, {Name: "amount", Type: "DECIMAL(10,2)"}, {Name: "paid", Type: "BIT"}, {Name: "big", Type: "BIGINT"}},
		Rows: [][]answer.Cell{
			{text("1"), text(`O'Hara "x" | <b>`), text("12.50"), text("true"), text("9007199254740993")},
			{text("2"), text("two\nlines\tand a tab"), null, text("false"), text("-5")},
			{text("3"), text(""), text("0.00"), null, null},
		},
	}
}

func write(t testing.TB, f Format, o Options, s grid.Source, columns ...int) string {
	t.Helper()
	got, err := String(context.Background(), f, o, s, columns, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestFormats(t *testing.T) {
	for f, want := range map[Format]string{
		Text: "id\tfull name\tamount\tpaid\tbig\n" +
			"1\t\"O'Hara \"\"x\"\" | <b>\"\t12.50\ttrue\t9007199254740993\n" +
			"2\t\"two\nlines\tand a tab\"\tNULL\tfalse\t-5\n" +
			"3\t\t0.00\tNULL\tNULL\n",
		CSV: "id,full name,amount,paid,big\r\n" +
			"1,\"O'Hara \"\"x\"\" | <b>\",12.50,true,9007199254740993\r\n" +
			"2,\"two\nlines\tand a tab\",,false,-5\r\n" +
			"3,\"\",0.00,,\r\n",
		JSON: `[
  {"id": 1, "full name": "O'Hara \"x\" | <b>", "amount": "12.50", "paid": true, "big": "9007199254740993"},
  {"id": 2, "full name": "two\nlines\tand a tab", "amount": null, "paid": false, "big": -5},
  {"id": 3, "full name": "", "amount": "0.00", "paid": null, "big": null}
]
`,
		Markdown: "| id | full name | amount | paid | big |\n| ---: | --- | ---: | --- | ---: |\n" +
			"| 1 | O'Hara \"x\" \\| &lt;b> | 12.50 | true | 9007199254740993 |\n" +
			"| 2 | two<br>lines\tand a tab | *NULL* | false | -5 |\n" +
			"| 3 |  | 0.00 | *NULL* | *NULL* |\n",
		Insert: "INSERT INTO [my orders] (id, [full name], amount, paid, big) VALUES\n" +
			"  (1, N'O''Hara \"x\" | <b>', 12.50, 1, 9007199254740993),\n" +
			"  (2, N'two\nlines\tand a tab', NULL, 0, -5),\n" +
			"  (3, N'', 0.00, NULL, NULL);\n",
	} {
		if d := cmp.Diff(want, write(t, f, Options{Table: "my orders"}, sample())); d != "" {
			t.Errorf("%s: %s", f, d)
		}
	}
}

func TestOneValueIsItself(t *testing.T) {
	value := "two\nlines\t\"and\" more"
	s := &grid.Table{Head: []grid.Column{{Name: "a"}}, Rows: [][]answer.Cell{{text(value)}}}
	if got := write(t, Text, Options{Bare: true}, s); got != value {
		t.Errorf("%q", got)
	}
	if got := write(t, CSV, Options{}, sample(), 2, 0); got != "amount,id\r\n12.50,1\r\n,2\r\n0.00,3\r\n" {
		t.Errorf("two columns: %q", got)
	}
}

// readCSV is a reader that tells NULL from the empty string. It knows RFC 4180 and the
// package's rule for NULL, and shares nothing with the writer.
func readCSV(t interface{ Fatalf(string, ...any) }, s string) [][]answer.Cell {
	var rows [][]answer.Cell
	row := []answer.Cell{}
	for s != "" {
		c := answer.Cell{}
		if s[0] == '"' {
			end := 1
			for {
				q := strings.IndexByte(s[end:], '"')
				if q < 0 {
					t.Fatalf("an unterminated field: %q", s)
				}
				end += q + 1
				if !strings.HasPrefix(s[end:], `"`) {
					break
				}
				end++
			}
			c.Text = strings.ReplaceAll(s[1:end-1], `""`, `"`)
			s = s[end:]
		} else {
			end := strings.IndexAny(s, ",\r")
			if end < 0 {
				t.Fatalf("an unterminated line: %q", s)
			}
			c.Text, c.Null = s[:end], end == 0 || s[:end] == "NULL"
			if c.Null {
				c.Text = "NULL"
			}
			s = s[end:]
		}
		row = append(row, c)
		switch {
		case strings.HasPrefix(s, ","):
			s = s[1:]
			if s == "" {
				t.Fatalf("the last line ends in a comma")
			}
		case strings.HasPrefix(s, "\r\n"):
			s = s[2:]
			rows = append(rows, row)
			row = []answer.Cell{}
		default:
			t.Fatalf("after a field comes %q", s)
		}
	}
	return rows
}

func tables(t *rapid.T) *grid.Table {
	width := rapid.IntRange(1, 4).Draw(t, "columns")
	value := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "NULL", "null", " ", "\r\n", "\n", "\r", `"`, `""`, ",", " x ", `\.`, "=1+1"}))
	cell := rapid.Custom(func(t *rapid.T) answer.Cell {
		if rapid.Bool().Draw(t, "null") {
			return null
		}
		return text(value.Draw(t, "text"))
	})
	table := &grid.Table{Rows: rapid.SliceOfN(rapid.SliceOfN(cell, width, width), 0, 8).Draw(t, "rows")}
	for range width {
		table.Head = append(table.Head, grid.Column{Name: value.Draw(t, "name"), Type: "NVARCHAR(MAX)"})
	}
	return table
}

func TestCSVReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := tables(t)
		got, err := String(context.Background(), CSV, Options{}, table, nil, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		back := readCSV(t, got)
		if len(back) != len(table.Rows)+1 {
			t.Fatalf("%d lines for %d rows: %q", len(back), len(table.Rows), got)
		}
		for i, c := range table.Head {
			if h := back[0][i]; h.Text != c.Name || h.Null {
				t.Fatalf("the name %q reads back as %q", c.Name, h.Text)
			}
		}
		for i, row := range table.Rows {
			if !slices.Equal(row, back[i+1]) {
				t.Fatalf("row %d is %+v, reads back as %+v", i, row, back[i+1])
			}
		}
		// A reader that knows no NULL finds as many rows and the same texts; this one reads
		// line feeds for CR LF in a value.
		r := csv.NewReader(strings.NewReader(got))
		r.FieldsPerRecord = len(table.Head)
		records, err := r.ReadAll()
		if err != nil || len(records) != len(table.Rows)+1 {
			t.Fatalf("encoding/csv reads %d records for %d rows, %v: %q", len(records), len(table.Rows), err, got)
		}
		for i, row := range table.Rows {
			for n, c := range row {
				want := strings.ReplaceAll(c.Text, "\r\n", "\n")
				if c.Null && len(row) > 1 {
					want = ""
				}
				if records[i+1][n] != want {
					t.Fatalf("encoding/csv reads %q, want %q", records[i+1][n], want)
				}
			}
		}
	})
}

func TestSingleNullIsNoBlankLine(t *testing.T) {
	s := &grid.Table{Head: []grid.Column{{Name: "a"}}, Rows: [][]answer.Cell{{null}, {text("")}, {text("NULL")}}}
	if got := write(t, CSV, Options{}, s); got != "a\r\nNULL\r\n\"\"\r\n\"NULL\"\r\n" {
		t.Errorf("%q", got)
	}
}

func TestJSONReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := tables(t)
		got, err := String(context.Background(), JSON, Options{}, table, nil, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		var rows []jsontext.Value
		if err := json.Unmarshal([]byte(got), &rows); err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		for i, raw := range rows {
			d := jsontext.NewDecoder(bytes.NewReader(raw)) // it refuses two members of one name
			if _, err := d.ReadToken(); err != nil {
				t.Fatal(err)
			}
			for n := range table.Head {
				if _, err := d.ReadToken(); err != nil {
					t.Fatal(err)
				}
				v, err := d.ReadValue()
				if err != nil || answer.CellOf(v, 0) != table.Rows[i][n] {
					t.Fatalf("row %d, column %d is %s, %v; want %+v", i, n, v, err, table.Rows[i][n])
				}
			}
		}
		if len(rows) != len(table.Rows) {
			t.Fatalf("%d rows of %d", len(rows), len(table.Rows))
		}
	})
}

// TestInsertReadsBack finds the values in the tokens of the statements.
func TestInsertReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := tables(t)
		for i := range table.Head {
			table.Head[i].Name = "c" + string(rune('0'+i))
		}
		got, err := String(context.Background(), Insert, Options{Table: "t"}, table, nil, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		var back, want []answer.Cell
		scan := tsqltoken.NewScanner(got)
		var token tsqltoken.Token
		for scan.Next(&token) {
			switch {
			case token.Kind == tsqltoken.KindNString:
				back = append(back, text(token.Text))
			case token.Kind == tsqltoken.KindWord && token.Text == "NULL":
				back = append(back, null)
			}
		}
		for _, row := range table.Rows {
			want = append(want, row...)
		}
		if !slices.Equal(back, want) {
			t.Fatalf("%+v reads back as %+v from %s", want, back, got)
		}
	})
	big := &grid.Table{Head: []grid.Column{{Name: "n", Type: "INT"}}}
	for range 250 {
		big.Rows = append(big.Rows, []answer.Cell{text("1")})
	}
	if got := write(t, Insert, Options{Table: "t"}, big); strings.Count(got, "INSERT INTO t (n) VALUES\n") != 3 || strings.Count(got, ";\n") != 3 {
		t.Errorf("250 rows: %s", got)
	}
	for _, head := range [][]grid.Column{{{Name: ""}}, {{Name: "a"}, {Name: "A"}}} {
		if got, err := String(context.Background(), Insert, Options{Table: "t"}, &grid.Table{Head: head}, nil, 100); err == nil {
			t.Errorf("%v: %s", head, got)
		}
	}
}

func TestMarkdownCellsStayCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := tables(t)
		got, err := String(context.Background(), Markdown, Options{}, table, nil, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		if len(lines) != len(table.Rows)+2 {
			t.Fatalf("%d lines for %d rows: %q", len(lines), len(table.Rows), got)
		}
		for _, l := range lines {
			bars := 0
			for i := 0; i < len(l); i++ {
				switch l[i] {
				case '\\':
					i++
				case '|':
					bars++
				}
			}
			if bars != len(table.Head)+1 {
				t.Fatalf("%d bars for %d columns: %q", bars, len(table.Head), l)
			}
		}
	})
}

// full is a disk without room.
type full struct{ room int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestErrorsAndCancellation(t *testing.T) {
	table := &grid.Table{Head: []grid.Column{{Name: "n", Type: "INT"}}}
	for range 100_000 {
		table.Rows = append(table.Rows, []answer.Cell{text("12345")})
	}
	for _, f := range Formats() {
		w, err := New(f, &full{100_000}, Options{Table: "t"})
		if err != nil {
			t.Fatal(err)
		}
		if err := Copy(context.Background(), w, table, nil, nil); !errors.Is(err, errFull) {
			t.Errorf("%s to a full disk: %v", f, err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		w, _ = New(f, io.Discard, Options{Table: "t"})
		last := 0
		err = Copy(ctx, w, table, nil, func(done, total int) {
			if last = done; done >= 5000 {
				cancel()
			}
			if total != 100_000 {
				t.Errorf("%d of %d rows", done, total)
			}
		})
		if !errors.Is(err, context.Canceled) || last > 6000 {
			t.Errorf("%s: cancelled after %d rows: %v", f, last, err)
		}
		cancel()
		if _, err := String(context.Background(), f, Options{Table: "t"}, table, nil, 1000); !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: a long text: %v", f, err)
		}
	}
	if _, err := New("XML", io.Discard, Options{}); err == nil {
		t.Error("there is a format XML")
	}
}

func BenchmarkCopy(b *testing.B) {
	table := sample()
	for len(table.Rows) < 10_000 {
		table.Rows = append(table.Rows, table.Rows[0])
	}
	for _, f := range Formats() {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w, err := New(f, io.Discard, Options{Table: "t"})
				if err != nil {
					b.Fatal(err)
				}
				if err := Copy(context.Background(), w, table, nil, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
