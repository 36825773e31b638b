//go:build !linux

package endtoend_test

import "testing"

// limitFiles does nothing: only Linux can limit another process.
func limitFiles(*testing.T, int, uint64) {}
