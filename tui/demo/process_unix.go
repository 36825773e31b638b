//go:build unix

package demo

import (
	"os"
	"syscall"
)

// EndSignals are the signals that end a command in an orderly way.
func EndSignals() []os.Signal {
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
}
