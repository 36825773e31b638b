package editor

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// TestClusters has the clusters of Unicode Standard Annex 29, and those of our own for what
// is no text.
func TestClusters(t *testing.T) {
	for _, clusters := range []string{
		"a b", "e\u0301 x", "\r\n \n \r x", "각 각 각\u11a8 x", "\u1100\u1161\u11a8 \u1100\u1161", "李 小 龙 a 李\u0301 李", "👨‍👩‍👧 👨 🇨🇭 🇩🇪 🇨", "क्ष न", "\xff \xe4 \xb8 a", "a \x1b [ 3",
		"か\u3099 か", "\u200b \u0301 a", "ก\u0e33 ก", "\ufeff a",
	} {
		want := strings.Split(clusters, " ")
		text := strings.Join(want, "")
		var got []string
		for at := 0; at < len(text); {
			n := clusterSize(text[at:])
			got = append(got, text[at:at+n])
			at += n
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q has the clusters %q, not %q", text, got, want)
		}
	}
}

// TestBoundariesAreTheSameFromAnywhere compares floor, which begins near, with a walk from
// the start of the text.
func TestBoundariesAreTheSameFromAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t, "text", 40)
		if rapid.Bool().Draw(t, "other") {
			text = rapid.String().Draw(t, "string")
		}
		bounds := boundaries(text)
		next := 0
		for at := range len(text) + 1 {
			if next+1 < len(bounds) && bounds[next+1] <= at {
				next++
			}
			if got := floor(text, at); got != bounds[next] {
				t.Fatalf("the boundary of %q at or before %d is %d, not %d", text, at, got, bounds[next])
			}
		}
	})
}

// TestWidthsAreTheCanvas compares the width of printable clusters with the columns that the
// canvas draws them in.
func TestWidthsAreTheCanvas(t *testing.T) {
	for _, s := range []string{"a", "é", "e\u0301", "李", "각", "か", "カ", "👨‍👩‍👧", "🇨🇭", "क्ष", "ﾞ", "─"} {
		drawn := widget.NewCanvas(20, 1).Area().Text(0, 0, theme.Text, s)
		if g := draw(s, 0); g.mark || g.width != drawn {
			t.Errorf("%q is drawn as %+v and takes %d cells", s, g, drawn)
		}
	}
}
