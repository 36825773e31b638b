package daemon

import (
	"os"
	"runtime/debug"
)

// A service's live heap is a few megabytes, so that Go's default would collect it
// hundreds of times a second under load. It may grow to five times what is live
// instead; as memory nears gcMemory, the collector becomes as eager as ever.
const (
	gcPercent = 400
	gcMemory  = 256 << 20 // bytes; a soft bound
)

// TuneGC sets the process's garbage collector for a service, except for what the
// environment sets with GOGC and GOMEMLIMIT. Call it once, from main.
func TuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(gcMemory)
	}
}
