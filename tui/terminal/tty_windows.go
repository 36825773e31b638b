package terminal

import "os"

// ownsTerminal is false: the console of Windows has modes and reports keys as records, both of
// which Bubble Tea handles.
const ownsTerminal = false

func pending(*os.File) func() bool { return func() bool { return false } }

// CanSuspend reports whether the program can be suspended.
func CanSuspend() (ok bool, why string) { return false, "Windows has no job control" }

func (s *session) stop(bool) {}

func (s *session) listen() { <-s.quit }

func hangupIgnored() bool { return false }

var editors = []string{"notepad"}
