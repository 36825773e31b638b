package daemon

import (
	"os"
	"runtime/debug"
)

// A service's live heap is a few megabytes, so Go's default would collect it hundreds of times a
// second under load. Let it grow to five times the live heap instead; near gcMemory the collector
// runs as often as usual again.
const (
	gcPercent = 400
	gcMemory  = 256 << 20 // bytes; a soft limit
)

// TuneGC configures the garbage collector for a service, except for what GOGC and GOMEMLIMIT set
// in the environment. Call it once, from main.
func TuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(gcMemory)
	}
}
