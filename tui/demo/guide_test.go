package demo

import (
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"shardeck/tui/screen"
	guidedtour "shardeck/tui/tour"
)

func TestDefaultTourCanBeShown(t *testing.T) {
	c := &Command{Tour: TourFile{Asked: true}}
	got, err := c.readTour()
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Steps {
		if s := &got.Steps[i]; len(s.Expect) == 0 || len(s.Caption) > 156 { // two lines of 80 columns
			t.Errorf("line %d: %d expectations, %d bytes of caption", s.Line, len(s.Expect), len(s.Caption))
		}
	}
	if none, err := (&Command{}).readTour(); none != nil || err != nil {
		t.Errorf("a tour that nobody asked for: %v, %v", none, err)
	}
}

// The documents show a tour that can be read, and name everything that a tour can do and expect.
func TestDocumentedTour(t *testing.T) {
	b, err := os.ReadFile("../../docs/console.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "### A tour of your own")
	text, _, _ := strings.Cut(rest, "\n## ")
	_, example, _ := strings.Cut(text, "```toml\n")
	example, tables, ok := strings.Cut(example, "```\n")
	if !ok {
		t.Fatal("no example")
	}
	got, err := guidedtour.Parse("docs/console.md", []byte(example), screen.PlaceNames())
	if err != nil || len(got.Steps) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, name := range append(guidedtour.Verbs(), guidedtour.Subjects()...) {
		if !strings.Contains(tables, "{ "+name+" = ") && !strings.Contains(tables, `"`+name+`"`) {
			t.Errorf("%s is not documented", name)
		}
	}
}

func TestTourFlagMayHaveNoFile(t *testing.T) {
	for args, want := range map[string]TourFile{
		"":                         {},
		"--tour":                   {Asked: true},
		"--tour --rows 5":          {Asked: true},
		"--rows 5 --tour a.toml":   {Asked: true, Path: "a.toml"},
		"--tour a.toml --rows 5":   {Asked: true, Path: "a.toml"},
		"--tour=a.toml --headless": {Asked: true, Path: "a.toml"},
	} {
		var c struct {
			Tour     TourFile
			Rows     int
			Headless bool
		}
		parser, err := kong.New(&c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(strings.Fields(args)); err != nil || c.Tour != want {
			t.Errorf("%q: %+v, %v", args, c.Tour, err)
		}
	}
}

func TestNoPathBeforeAnAudience(t *testing.T) {
	const text = "token and logs are in /tmp/shardeck-demo-1"
	if got := (&Command{}).shown(text); got != text {
		t.Errorf("got %q", got)
	}
	c := &Command{}
	c.Presenter = true
	if got := c.shown(text); got != "token and logs are in …" {
		t.Errorf("got %q", got)
	}
}
