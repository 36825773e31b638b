//go:build unix

package regular

import "syscall"

// NoWait makes an open return at once, also of a pipe that nobody has opened at its other end, and
// never makes a terminal the controlling one.
const NoWait = syscall.O_NONBLOCK | syscall.O_NOCTTY
