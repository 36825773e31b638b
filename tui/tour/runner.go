package tour

import (
	"fmt"
	"slices"
	"time"

	"shardeck/shared/api"
)

// How long is waited for what should happen by itself.
const (
	waitFor  = 40 * time.Second // as an action
	checkFor = 20 * time.Second // for a check, once everything is done
)

// Order is something that whoever drives the tour carries out. It then calls [Runner.Done].
type Order struct {
	Place  string  // the screen to show, if Action is nil
	Action *Action // what to do
}

// Runner is where a tour is. It is not safe for concurrent use.
type Runner struct {
	tour *Tour
	at   int
	had  []bool          // the steps whose actions have been carried out
	past [][]result      // what became of their expectations
	keys []*api.RouteKey // those that the statements of the steps were routed by

	shown   bool      // the step's screen has been ordered
	next    int       // the action that is next
	busy    bool      // an order is being carried out
	doing   *Action   // the one of the order; nil if it is a screen
	began   time.Time // the step; zero until the first tick
	acted   time.Time // when the last action ended
	waiting time.Time // since when the next action waits; zero if it does not
	faults  []string  // of the step's actions
	checks  []result  // of the step's expectations
	again   bool      // the step is shown once more, and does nothing
	paused  bool
	queued  bool // go on as soon as everything is done
	ended   bool // the end was reached
}

// result is what became of an expectation.
type result struct {
	verdict Verdict
	is      string
}

// New returns a tour at its beginning.
func New(t *Tour) *Runner {
	r := &Runner{tour: t, had: make([]bool, len(t.Steps)), past: make([][]result, len(t.Steps)), keys: make([]*api.RouteKey, len(t.Steps))}
	r.enter(0)
	return r
}

// enter goes to a step.
func (r *Runner) enter(i int) {
	r.at, r.again = i, r.had[i]
	r.shown, r.next, r.waiting, r.queued = false, 0, time.Time{}, false
	r.began, r.acted, r.faults = time.Time{}, time.Time{}, nil
	r.checks = make([]result, len(r.step().Expect))
	if r.again {
		r.next, r.checks = len(r.step().Do), r.past[i]
	}
}

func (r *Runner) step() *Step { return &r.tour.Steps[r.at] }

// Tick returns what to do now, if anything. It must be called again after each order, and as often as
// the facts change.
func (r *Runner) Tick(f *Facts) (Order, bool) {
	if r.began.IsZero() {
		r.began, r.acted = f.Now, f.Now
	}
	if r.busy {
		return Order{}, false
	}
	if !r.paused {
		if !r.shown {
			r.shown = true
			if place := r.step().Place; place != "" {
				r.busy, r.doing = true, nil
				return Order{Place: place}, true
			}
		}
		for r.next < len(r.step().Do) {
			a := &r.step().Do[r.next]
			if a.Verb != Wait {
				r.busy, r.doing = true, a
				return Order{Action: a}, true
			}
			if !r.waited(a, f) {
				return Order{}, false
			}
		}
	}
	if r.next == len(r.step().Do) {
		r.noteKey(f)
		r.had[r.at] = true
		r.check(f)
		r.advance(f)
	}
	return Order{}, false
}

// noteKey keeps the key of the step's own statement, once it has run; later ones are the user's.
func (r *Runner) noteKey(f *Facts) {
	if !r.had[r.at] && f.Statement != nil && slices.ContainsFunc(r.step().Do, func(a Action) bool { return a.Verb == Run }) {
		r.keys[r.at] = f.Statement.Key
	}
}

// waited reports whether a wait is over.
func (r *Runner) waited(a *Action, f *Facts) bool {
	if r.waiting.IsZero() {
		r.waiting = f.Now
	}
	v, is := Pending, "not known yet"
	if f.At.After(r.acted) {
		v, is = a.Until.judge(f)
	}
	if v != Met {
		if f.Now.Sub(r.waiting) < waitFor {
			return false
		}
		r.faults = append(r.faults, fmt.Sprintf("waited %s for %s: %s", waitFor, a.Until, is))
	}
	r.next, r.waiting = r.next+1, time.Time{}
	return true
}

// Done says that the order was carried out, or why it could not be.
func (r *Runner) Done(now time.Time, err error) {
	if !r.busy {
		return
	}
	r.busy, r.acted = false, now
	a := r.doing
	if a == nil {
		if err != nil {
			r.faults = append(r.faults, err.Error())
		}
		return
	}
	if err != nil && !r.expected(a) {
		r.faults = append(r.faults, a.String()+": "+err.Error())
	}
	r.next++
}

// expected reports whether the step says itself what should become of an action's failure.
func (r *Runner) expected(a *Action) bool {
	subject := map[string]string{Run: "error", Count: "error", Security: "security"}[a.Verb]
	return slices.ContainsFunc(r.step().Expect, func(c Check) bool { return c.Subject == subject })
}

// check judges the expectations. What was met once stays so, except that while the tour is paused the
// user may change the cluster: its state is then judged as it is now.
func (r *Runner) check(f *Facts) {
	if r.again {
		return
	}
	for i := range r.step().Expect {
		c, res := &r.step().Expect[i], &r.checks[i]
		state, met := kindOf(c.Subject).state, res.verdict == Met
		if met && !(r.paused && state) || state && !f.At.After(r.acted) {
			continue
		}
		res.verdict, res.is = c.judge(f)
		if res.verdict == Pending && (met || f.Now.Sub(r.acted) >= checkFor) {
			res.verdict = Failed
		}
	}
}

// advance goes on if that was asked for, or if the step's time is over and all is well.
func (r *Runner) advance(f *Facts) {
	due := r.step().After > 0 && f.Now.Sub(r.began) >= r.step().After && r.Passed() && !r.again
	if !r.paused && (r.queued && r.Settled() || due) {
		r.forward()
	}
}

func (r *Runner) forward() {
	r.had[r.at], r.past[r.at] = true, r.checks
	if r.queued = false; r.at == len(r.tour.Steps)-1 {
		r.ended = true
		return
	}
	r.enter(r.at + 1)
}

// Next goes on. While the step is still at work, or an expectation undecided, it does so as soon as
// that is done; asked again, it no longer waits for what only happens by itself.
func (r *Runner) Next() {
	switch {
	case r.paused:
		r.Resume()
	case r.Settled(), r.queued && !r.busy && r.next == len(r.step().Do):
		r.forward()
	case r.queued && !r.waiting.IsZero():
		r.next, r.waiting = r.next+1, time.Time{}
	default:
		r.queued = true
	}
}

// Back shows the step before once more. What was done stays done.
func (r *Runner) Back() {
	if r.ended = false; r.at > 0 && !r.busy && r.next == len(r.step().Do) {
		r.had[r.at], r.past[r.at] = true, r.checks
		r.enter(r.at - 1)
	}
}

// Pause stops the tour where it is.
func (r *Runner) Pause() { r.paused, r.queued = true, false }

// Resume goes on where the tour was, on the screen of the step.
func (r *Runner) Resume() { r.paused, r.shown = false, false }

// Passed reports whether everything in the step was done and every expectation met.
func (r *Runner) Passed() bool {
	return r.next == len(r.step().Do) && !r.busy && len(r.faults) == 0 &&
		!slices.ContainsFunc(r.checks, func(c result) bool { return c.verdict != Met })
}

// Settled reports whether the step has come to its end, well or not.
func (r *Runner) Settled() bool {
	return r.next == len(r.step().Do) && !r.busy && r.shown &&
		(r.again || !slices.ContainsFunc(r.checks, func(c result) bool { return c.verdict == Pending }))
}

// Snapshot is what an audience sees of a tour.
type Snapshot struct {
	Title      string
	Number, Of int // of the step, from 1
	Caption    string
	Notes      string
	Key        *api.RouteKey // that the step's statement was routed by; nil if there is none
	Checks     []Judged
	Faults     []string
	Doing      string // what is being done or waited for; "" if nothing is
	Paused     bool
	Queued     bool // it goes on by itself as soon as that is done
	Again      bool // the step is shown once more, and does nothing
	Ended      bool
}

// Judged is an expectation and what became of it.
type Judged struct {
	Text    string
	Verdict Verdict
	Is      string // what it is, whether or not that is what was expected
}

// Snapshot returns what to show.
func (r *Runner) Snapshot() *Snapshot {
	step := r.step()
	s := &Snapshot{Title: r.tour.Title, Number: r.at + 1, Of: len(r.tour.Steps), Caption: step.Caption, Notes: step.Notes, Key: r.keys[r.at],
		Faults: slices.Clone(r.faults), Paused: r.paused, Queued: r.queued, Again: r.again, Ended: r.ended}
	if r.next < len(step.Do) {
		s.Doing = step.Do[r.next].String()
	}
	for i := range r.checks {
		s.Checks = append(s.Checks, Judged{Text: step.Expect[i].String(), Verdict: r.checks[i].verdict, Is: r.checks[i].is})
	}
	return s
}
