// Package quiet keeps libraries from asking the terminal questions while the program is being
// initialized.
//
// Bubble Tea v1 asks for the background colour when it is imported: it writes a query to the
// terminal, reads whatever is there (also what the user has typed ahead), and waits up to five
// seconds for the answer, in every command of the program. termenv, which does that for it,
// asks nothing if the variable CI is set. So this package sets it, and [End] restores it as
// the first thing that main does.
//
// This works because of the order in which Go initializes packages: sorted by import path, the
// first whose imports are all initialized is the next. This package imports os alone; Bubble
// Tea also needs packages that come later in that order, such as strings. Add no imports here.
// A test of the built program in a terminal that answers nothing fails if this ceases to hold.
package quiet

import "os"

const variable = "CI"

// restore is what End does; it is set before main begins, and not changed.
var restore = hold()

// hold sets the variable and returns how to undo that.
func hold() func() {
	before, was := os.LookupEnv(variable)
	if was && before != "" {
		return func() {}
	}
	if os.Setenv(variable, "1") != nil {
		return func() {}
	}
	return func() {
		if was {
			os.Setenv(variable, before) //nolint:errcheck // it had that value before
		} else {
			os.Unsetenv(variable) //nolint:errcheck // it has been set
		}
	}
}

// End restores the environment. Call it first in main, since children inherit the variable.
func End() { restore() }
