package demo

import (
	"os"
	"syscall"
)

// EndSignals are the signals that end a command in an orderly way. Closing the
// console window arrives as SIGTERM here.
func EndSignals() []os.Signal {
	return []os.Signal{os.Interrupt, syscall.SIGTERM}
}
