package theme

import (
	"runtime"
	"strings"

	"github.com/muesli/termenv"
)

// Auto is the name with which [Choose] decides.
const Auto = "auto"

// Terminal is what is known about the terminal before the first frame.
type Terminal struct {
	Profile        termenv.Profile // colours, as termenv detected them from the environment
	DarkBackground bool
	Getenv         func(string) string
}

// Choose returns the name and options to begin with. NO_COLOR (see
// https://no-color.org) makes "auto" mono; an explicit
// theme takes precedence.
func Choose(name string, t Terminal) (string, Options) {
	o := Options{Profile: t.Profile, ASCII: !unicodeTerminal(t.Getenv)}
	noColor := t.Getenv("NO_COLOR") != ""
	if name == "" || name == Auto {
		switch {
		case noColor, t.Profile == termenv.Ascii:
			name = Mono
		case t.DarkBackground:
			name = Dark
		default:
			name = Light
		}
	}
	if o.Profile == termenv.Ascii {
		// NO_COLOR forbids colour, not bold and reverse, which termenv drops as well
		// with its Ascii profile. The other themes are shown only on request.
		o.Profile = termenv.ANSI
	}
	return name, o
}

// unicodeTerminal reports whether the terminal can be expected to show line drawing.
// Windows terminals that run this program can; elsewhere it depends on the locale.
func unicodeTerminal(getenv func(string) string) bool {
	if runtime.GOOS == "windows" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := getenv(name); v != "" {
			v = strings.ToUpper(v)
			return strings.Contains(v, "UTF-8") || strings.Contains(v, "UTF8")
		}
	}
	// Containers often have no locale, but their terminal is the user's own.
	return true
}
