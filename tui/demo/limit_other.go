//go:build !linux

package demo

import "errors"

// cannotFill is why a full disk cannot be simulated on this system.
const cannotFill = "only Linux can bound the files of another process"

func limitFiles(int, uint64) error { return errors.New(cannotFill) }
