//go:build !unix

package bench

import "errors"

// pause stops a process as a debugger does, or lets it go on.
func pause(int, bool) error { return errors.ErrUnsupported }
