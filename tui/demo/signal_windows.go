package demo

import (
	"errors"

	"shardeck/shared/childproc"
)

// cannotFreeze is why processes cannot be frozen on this system.
const cannotFreeze = "Windows cannot freeze a process (it has no SIGSTOP)"

func suspendChild(*childproc.Child) error { return errors.New(cannotFreeze) }
func resumeChild(*childproc.Child) error  { return errors.New(cannotFreeze) }
