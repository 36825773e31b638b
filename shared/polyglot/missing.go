package polyglot

import (
	"errors"
	"runtime"
	"strings"
)

// MissingError lists what this machine lacks.
type MissingError struct{ Tools []MissingTool }

// MissingTool is a program that was not found, or is too old.
type MissingTool struct {
	What string // such as "Python 3.11 or later"
	Why  string // what is wrong with what was found; empty if nothing was
	How  string // how to get it here
}

func (e *MissingError) Error() string {
	var b strings.Builder
	b.WriteString("the workers in other languages require programs that are not on this machine:")
	for _, t := range e.Tools {
		b.WriteString("\n  " + t.What)
		if t.Why != "" {
			b.WriteString(" (" + t.Why + ")")
		}
		b.WriteString(": " + t.How)
	}
	return b.String()
}

// add adds the tools that err lists, and any other error as one.
func (e *MissingError) add(err error) {
	if err == nil {
		return
	}
	if m, ok := errors.AsType[*MissingError](err); ok {
		e.Tools = append(e.Tools, m.Tools...)
		return
	}
	e.Tools = append(e.Tools, MissingTool{What: "an answer from the tools that are there", Why: err.Error(), How: "mend that first"})
}

func (e *MissingError) orNil() error {
	if len(e.Tools) == 0 {
		return nil
	}
	return e
}

// how is the way to get a tool on each operating system.
type how struct{ debian, mac, windows string }

func (h how) here() string {
	switch runtime.GOOS {
	case "darwin":
		return h.mac
	case "windows":
		return h.windows
	}
	return h.debian
}

func lacks(what, why string, h how) error {
	return &MissingError{Tools: []MissingTool{{What: what, Why: why, How: h.here()}}}
}
