package cluster

import (
	"fmt"

	"shardeck/shared/api"
)

// Verdict is what is worth a signal: how bad it is, and in a few words what.
type Verdict struct {
	Badness int // 0 is well
	Text    string
}

// Verdict sums up the cluster for somebody who sees one line of it.
func (s *State) Verdict() Verdict {
	switch s.Link {
	case Connecting:
		return Verdict{0, "connecting"}
	case Lost:
		return Verdict{4, "NO MASTER"}
	}
	up, all := s.Serving()
	_, primary := s.Primary()
	switch s.Status() {
	case api.StatusDown:
		return Verdict{3, "DOWN"}
	case api.StatusDegraded:
		return Verdict{2, fmt.Sprintf("%d of %d shards", up, all)}
	}
	if !primary {
		return Verdict{2, "no primary"}
	}
	for _, a := range s.Alarms(s.MetaAt) {
		if a.Level == api.LevelError || a.Level == api.LevelWarn {
			return Verdict{1, a.What}
		}
	}
	return Verdict{0, "healthy"}
}
