package widget

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"pgregory.net/rapid"

	"shardeck/tui/theme"
)

func TestCleanRemovesControlSequences(t *testing.T) {
	for in, want := range map[string]string{
		"plain text":                  "plain text",
		"\x1b[31mred\x1b[0m":          "red",
		"\x1b]0;title\atext":          "text",
		"a\r\nb\tc\x00d":              "a  b c d",
		"up\u202eside":                "up�side",
		"e\u0301":                     "e\u0301",
		"東京":                          "東京",
		"\U0001F1E9\U0001F1EA":        "\U0001F1E9\U0001F1EA",
		"\xff\xfe":                    "��",
		"zero\u200dwidth\ufe0f joins": "zero�width joins",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) is %q, not %q", in, got, want)
		}
	}
}

func TestNarrowRunesAreNarrow(t *testing.T) {
	for r := rune(0); r < 0x3000; r++ {
		if narrow(r) && (ansi.StringWidth(string(r)) != 1 || ansi.StringWidth("a"+string(r)+"a") != 3) {
			t.Errorf("%U is not narrow", r)
		}
	}
}

func TestFitCutsWithMark(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, w := rapid.String().Draw(t, "s"), rapid.IntRange(-1, 20).Draw(t, "width")
		for _, got := range []string{Fit(s, w), FitMiddle(s, w)} {
			if Width(got) > max(w, 0) {
				t.Fatalf("%q is wider than %d", got, w)
			}
			if w > 0 && got != Clean(s) && !strings.Contains(got, "…") {
				t.Fatalf("%q was cut to %q without a mark", s, got)
			}
		}
	})
	if got := FitMiddle("worker-in-the-corner-7", 11); got != "worker…er-7" && got != "worke…ner-7" {
		t.Errorf("cut to %q", got)
	}
}

func TestCanvasKeepsItsSize(t *testing.T) {
	th, err := theme.New(theme.Dark, theme.Options{Profile: termenv.TrueColor})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(0, 30).Draw(t, "w"), rapid.IntRange(1, 10).Draw(t, "h")
		c := NewCanvas(w, h)
		size := rapid.IntRange(-5, 40)
		for range rapid.IntRange(0, 12).Draw(t, "strokes") {
			a := c.Area().Sub(size.Draw(t, "x"), size.Draw(t, "y"), size.Draw(t, "sw"), size.Draw(t, "sh"))
			switch rapid.IntRange(0, 3).Draw(t, "stroke") {
			case 0:
				a.Text(size.Draw(t, "tx"), size.Draw(t, "ty"), theme.Good, rapid.StringMatching(`[a東\x{1F600}]{0,9}`).Draw(t, "text"))
			case 1:
				a.Box(theme.Border, rapid.String().Draw(t, "title"), rapid.String().Draw(t, "note"))
			case 2:
				a.Center(size.Draw(t, "cw"), size.Draw(t, "ch")).Dialog("x", "y")
			case 3:
				a.TextRight(size.Draw(t, "rx"), size.Draw(t, "ry"), theme.Bad, "東right")
			}
		}
		lines := strings.Split(c.Render(th), "\n")
		if len(lines) != h {
			t.Fatalf("%d lines, not %d", len(lines), h)
		}
		for _, line := range lines {
			if got := ansi.StringWidth(line); got != w {
				t.Fatalf("a line of %d cells, not %d: %q", got, w, line)
			}
		}
	})
}

func TestFormats(t *testing.T) {
	for got, want := range map[string]string{
		Thousands(-1234567):              "-1,234,567",
		Thousands(math.MinInt64):         "-9,223,372,036,854,775,808",
		Count(999_999, 7):                "999,999",
		Count(1_234_567, 7):              "1.2M",
		Bytes(1023):                      "1023 B",
		Bytes(1 << 30):                   "1.00 GiB",
		Bytes(1_036_186):                 "0.99 MiB", // not 1011.9 KiB, which is wider than its neighbours
		Bytes(14_400_000):                "13.7 MiB",
		Bytes(400 << 30):                 "400 GiB",
		Millis(0.004):                    "<10 µs",
		Millis(0.456):                    "0.46 ms",
		Millis(612.4):                    "612 ms",
		Millis(1234):                     "1.2 s",
		Millis(math.NaN()):               "—",
		Age(350 * time.Millisecond):      "0.3s",
		Age(75 * time.Second):            "75s",
		Age(3 * time.Hour):               "3h",
		Elapsed(1870 * time.Millisecond): "1.87 s",
		Rate(0):                          "0",
		Rate(13.72):                      "13.7",
		Percent(1, 3):                    "33.3%",
		Percent(0, 0):                    "—",
	} {
		if got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestCharts(t *testing.T) {
	if got := Bar(5, 10, 8); got != "████    " {
		t.Errorf("half a bar is %q", got)
	}
	if got := Bar(1, 1e9, 4); got != "▏   " {
		t.Errorf("a tiny value is %q", got)
	}
	if got := Hatched(1, 2, 4); got != "▒▒  " {
		t.Errorf("half a hatched bar is %q", got)
	}
	if got := Spark([]float64{0, 1, math.NaN(), 8, 4}, 6, 8); got != " ▁▂·█▅" {
		t.Errorf("sparkline %q", got)
	}
	lines, top := Columns([]float64{0, 8, 4}, 4, 2, 1)
	if top != 8 || lines[0] != "  █ " || lines[1] != " ▁██" {
		t.Errorf("columns %q with peak %v", lines, top)
	}
	rapid.Check(t, func(t *rapid.T) {
		v, full, w := rapid.Float64().Draw(t, "v"), rapid.Float64().Draw(t, "full"), rapid.IntRange(0, 50).Draw(t, "w")
		values := rapid.SliceOf(rapid.Float64()).Draw(t, "values")
		for _, s := range []string{Bar(v, full, w), Hatched(v, full, w), Spark(values, w, 0)} {
			if Width(s) != w {
				t.Fatalf("%q is not %d wide", s, w)
			}
		}
	})
}
