package widget

import (
	"testing"

	"github.com/muesli/termenv"

	"shardeck/tui/theme"
)

func drawn(t *testing.T, c *Canvas) string {
	t.Helper()
	th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii})
	if err != nil {
		t.Fatal(err)
	}
	return c.Render(th)
}

// A copied cell keeps its own combining marks, not those of whatever the other canvas has.
func TestCopyKeepsMarks(t *testing.T) {
	from, to := NewCanvas(4, 2), NewCanvas(4, 3)
	from.Area().Text(0, 0, theme.Text, "x\u0301")
	from.Area().Text(0, 1, theme.Text, "e\u0302")
	to.Area().Text(0, 0, theme.Text, "a\u0308")
	to.Area().Sub(0, 1, 4, 2).Copy(from, 0)
	if got, want := drawn(t, to), "a\u0308   \nx\u0301   \ne\u0302   "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBlankAndReplace(t *testing.T) {
	c := NewCanvas(8, 2)
	c.Area().Text(1, 0, theme.Text, "a李bc")
	for _, x := range []struct {
		x, y, w int
		want    bool
	}{{0, 0, 1, true}, {0, 0, 2, false}, {2, 0, 1, false}, {3, 0, 1, false}, {6, 0, 2, true}, {6, 0, 3, false}, {0, 1, 8, true}, {0, 2, 1, false}, {-1, 0, 1, false}} {
		if got := c.Blank(x.x, x.y, x.w); got != x.want {
			t.Errorf("%d cells at %d, %d: %t", x.w, x.x, x.y, got)
		}
	}
	c.Replace(func(row []rune) [][2]int {
		if row[1] != 'a' || row[2] != '李' || row[3] != 0 {
			return nil
		}
		return [][2]int{{2, 5}}
	}, '…')
	if got, want := drawn(t, c), " a…  c  \n        "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
