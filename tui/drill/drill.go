package drill

import "time"

// Plan is what is known about a drill before it runs.
type Plan struct {
	Name     string // on the command line, such as "kill-worker"
	Title    string // such as "Kill a worker"
	Does     string // what is done to which process
	Expect   string // what should happen
	Measured string // how that is measured
	Undo     string // how it is undone
	Off      string // why it is not possible here; "" if it is
}

// State is what a process is doing.
type State string

// The states of a process.
const (
	Running State = "running"
	Frozen  State = "frozen"
	Slow    State = "slow"
	Full    State = "disk full"
	Killed  State = "killed"
)

// Process is a process of the cluster, or its traffic, with what can be done to it.
type Process struct {
	Name  string // such as "worker-8081"
	Role  string // such as "shard 0"
	URL   string // of a master, whose role changes
	PID   int    // 0 if there is none
	State State
	Acts  []Act
}

// Act is something that can be done to a process.
type Act struct {
	Key      string // in Bubble Tea's notation
	Label    string // one or two words
	Name     string // for the help, such as "freeze or thaw the process"
	Question string // to confirm it with; "" runs it at once
	Off      string // why it is not possible now; "" if it is
}

// Verdict is the outcome of a drill.
type Verdict string

// The verdicts.
const (
	Pending  Verdict = "running"
	Passed   Verdict = "passed"
	Failed   Verdict = "failed"
	Canceled Verdict = "canceled"
)

// Step is an entry of a drill's timeline.
type Step struct {
	After time.Duration // since the drill began
	Text  string
	Bad   bool
}

// Measure is a number that was measured, as text.
type Measure struct{ Name, Value string }

// Check is one part of what was expected, and whether it happened.
type Check struct {
	Text string // what should be, such as "every acknowledged write is there"
	Got  string // what was measured
	OK   bool
}

// Report is a drill that runs or has run. Its slices are not changed once it is handed out.
type Report struct {
	Plan
	Target   string // the process, such as "worker-8083 (shard 2)"
	Began    time.Time
	Took     time.Duration
	Steps    []Step
	Measures []Measure
	Checks   []Check // once it has ended
	Verdict  Verdict
	Reason   string // why it failed or was canceled
}

// Judge sets the verdict from the checks. A drill without checks has failed: it proved nothing.
func (r *Report) Judge() {
	r.Verdict, r.Reason = Passed, ""
	if len(r.Checks) == 0 {
		r.Verdict, r.Reason = Failed, "nothing was checked"
	}
	for _, c := range r.Checks {
		if !c.OK {
			r.Verdict, r.Reason = Failed, c.Text+": "+c.Got
			return
		}
	}
}

// Fail sets the verdict of a drill that could not be carried out to its end.
func (r *Report) Fail(reason string) { r.Verdict, r.Reason = Failed, reason }
