//go:build !unix

package testcluster

import (
	"testing"

	"shardeck/shared/childproc"
)

func pause(tb testing.TB, _ *childproc.Child) error {
	tb.Skip("processes cannot be paused on this system")
	return nil
}

func resume(testing.TB, *childproc.Child) error { return nil }
