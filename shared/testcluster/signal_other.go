//go:build !unix

package testcluster

import (
	"os"
	"testing"
)

func pause(tb testing.TB, _ *os.Process) error {
	tb.Skip("processes cannot be paused on this system")
	return nil
}

func resume(testing.TB, *os.Process) error { return nil }
