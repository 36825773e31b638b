package answer

import (
	"fmt"

	"shardeck/shared/api"
)

// Security counts the probes and workers of a security check. A probe that was not answered
// shows neither that an endpoint is protected nor that it is open, so it is counted separately.
type Security struct {
	Probes     int
	Failed     int // an endpoint let in what it must refuse, or the reverse
	Unanswered int // including those that were not sent
	Workers    int
	Unproven   int  // another program may listen at the worker's address
	OK         bool // every probe had the expected result
}

// SecurityOf counts the probes and workers of a check.
func SecurityOf(resp *api.SecurityCheckResponse) Security {
	s := Security{Probes: len(resp.Probes), Workers: len(resp.Workers), OK: resp.OK}
	for i := range resp.Workers {
		if Unproven(&resp.Workers[i]) {
			s.Unproven++
		}
	}
	for i := range resp.Probes {
		switch p := &resp.Probes[i]; {
		case p.OK:
		case p.Status == 0:
			s.Unanswered++
		default:
			s.Failed++
		}
	}
	return s
}

// Unproven reports whether what listens at a worker's address did not prove to be the worker.
func Unproven(w *api.SecurityWorker) bool {
	return w.Problem != nil && w.Problem.Code == api.CodeWorkerUnproven
}

// Incomplete reports whether the check is neither passed nor failed.
func (s Security) Incomplete() bool { return s.Failed == 0 && s.Unproven == 0 && !s.OK }

// String sums up the check.
func (s Security) String() string {
	switch {
	case s.Unproven > 0:
		return fmt.Sprintf("NOT SECURE: %d of %d workers not proven; %d of %d probes failed, %d had no answer", s.Unproven, s.Workers, s.Failed, s.Probes, s.Unanswered)
	case s.Failed > 0:
		return fmt.Sprintf("NOT SECURE: %d of %d probes failed, %d had no answer", s.Failed, s.Probes, s.Unanswered)
	case s.Incomplete():
		return fmt.Sprintf("INCOMPLETE: %d of %d probes had no answer; the others passed", s.Unanswered, s.Probes)
	}
	return fmt.Sprintf("all protected endpoints are protected: %d probes", s.Probes)
}
