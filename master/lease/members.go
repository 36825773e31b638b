package lease

import (
	"context"
	"fmt"
	"slices"
	"time"

	"shardeck/shared/api"
)

// Worker is the part of a worker that stores terms.
type Worker interface {
	State(ctx context.Context) (*api.WorkerState, error)
	SetState(ctx context.Context, up *api.StateUpdate) (*api.WorkerState, error)
}

// Member is a worker and its position in the cluster.
type Member struct {
	Shard  int
	Worker Worker
	Name   func() string // for people
	Label  string        // the shard it holds, as "0/3"
	// Admit returns why a worker in this state must not be given a term, or nil; nil admits all.
	Admit func(st *api.WorkerState) *api.Problem
}

// Members are the workers of a cluster, by shard, and how to call them.
type Members struct {
	List       []Member
	MapVersion uint64        // installed along with a term
	Timeout    time.Duration // of one request to one worker
}

// Step is one step of acquiring a term.
type Step struct {
	Name   string // "read the term", "take the term"
	Shard  int
	Target string // the worker's name or URL
	Err    *api.Problem
	Detail string
	Took   time.Duration
}

// Newest reads the newest term from the workers. It fails unless a majority of them answers
// and holds the right shard. observe is called with each step as it ends, one at a time.
func (m *Members) Newest(ctx context.Context, observe func(Step)) (uint64, error) {
	states := m.each(ctx, "read the term", observe, func(ctx context.Context, mem Member) (*api.WorkerState, error) {
		return mem.read(ctx)
	})
	var terms []uint64
	var causes []api.Problem
	for _, r := range states {
		if r.err != nil {
			causes = append(causes, *r.err)
		} else {
			terms = append(terms, r.state.Term)
		}
	}
	terms = Plausible(terms)
	newest, reached := uint64(0), len(terms)
	if reached > 0 {
		newest = terms[reached-1]
	}
	for i, r := range states {
		if r.err == nil && r.state.Term > newest {
			causes = append(causes, *api.NewProblem(api.CodeShardBadAnswer, "the worker reports term %d, far beyond all others", r.state.Term).
				On(m.List[i].Shard, m.List[i].Name()))
		}
	}
	if n := len(m.List); reached < Majority(n) {
		return 0, failed(causes, "only %d of %d workers can be reached; %d are needed", reached, n, Majority(n))
	}
	return newest, nil
}

// maxLeap is by how much one worker's term may exceed that of all others. A worker that reports
// more is wrong: one answer must not use up the terms.
const maxLeap = 1 << 32

// Plausible sorts the terms that workers report, and leaves out those that are too great to be
// true.
func Plausible(terms []uint64) []uint64 {
	slices.Sort(terms)
	for i, t := range terms {
		if t > api.MaxTerm || i > 0 && t-terms[i-1] > maxLeap {
			return terms[:i]
		}
	}
	return terms
}

// Take installs a term that nobody holds yet on every member. Unless a majority accepts it,
// it fails, and nobody may act under that term.
func (m *Members) Take(ctx context.Context, term uint64, leader string, observe func(Step)) error {
	taken, causes := m.Install(ctx, term, leader, observe)
	if n := len(m.List); taken < Majority(n) {
		return failed(causes, "only %d of %d workers took term %d; %d are needed", taken, n, term, Majority(n))
	}
	return nil
}

// Install sets term and leader on every member in parallel. It returns how many
// accepted them and the problems of the others. observe is as with Newest.
func (m *Members) Install(ctx context.Context, term uint64, leader string, observe func(Step)) (int, []api.Problem) {
	results := m.each(ctx, "take the term", observe, func(ctx context.Context, mem Member) (*api.WorkerState, error) {
		// A worker may have been replaced by an empty one since it was last looked at.
		if _, err := mem.read(ctx); err != nil {
			return nil, err
		}
		return mem.Worker.SetState(ctx, &api.StateUpdate{
			Fence:  api.Fence{Term: term, MapVersion: m.MapVersion},
			Leader: leader,
			Shard:  mem.Label,
		})
	})
	taken, causes := 0, []api.Problem(nil)
	for _, r := range results {
		if r.err != nil {
			causes = append(causes, *r.err)
		} else {
			taken++
		}
	}
	return taken, causes
}

func failed(causes []api.Problem, format string, args ...any) *api.Problem {
	p := api.NewProblem(api.CodeFailoverFailed, format, args...).
		Hinted("bring the missing workers back and try again; the causes name them")
	p.Causes = causes
	return p
}

type memberResult struct {
	state *api.WorkerState
	err   *api.Problem
}

// stragglerGrace is how long to wait for the remaining members once a majority has
// answered: a failover must not take as long as a paused worker's timeout. The leader
// brings the rest up to date later.
const stragglerGrace = 250 * time.Millisecond

// each calls all members in parallel, passes each answer to observe as it arrives,
// and returns the results by member.
func (m *Members) each(ctx context.Context, name string, observe func(Step),
	ask func(context.Context, Member) (*api.WorkerState, error),
) []memberResult {
	type answer struct {
		member int
		memberResult
		took time.Duration
	}
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	answers := make(chan answer, len(m.List))
	for i, mem := range m.List {
		go func() { // ends with ctx
			start := time.Now()
			st, err := ask(ctx, mem)
			a := answer{member: i, took: time.Since(start)}
			if err != nil {
				a.err = api.AsProblem(err).On(mem.Shard, mem.Name())
			} else {
				a.state = st
			}
			answers <- a
		}()
	}
	results := make([]memberResult, len(m.List))
	good := 0
	for range m.List {
		a := <-answers
		if a.err == nil {
			good++
		} else if a.err.Code == api.CodeCanceled && ctx.Err() != nil {
			a.err = api.NewProblem(api.CodeShardTimeout, "no answer within %s", a.took.Round(time.Millisecond)).
				On(m.List[a.member].Shard, m.List[a.member].Name())
		}
		results[a.member] = a.memberResult
		if good == Majority(len(m.List)) && a.err == nil {
			defer time.AfterFunc(stragglerGrace, cancel).Stop()
		}
		if observe != nil {
			observe(m.step(name, a.member, a.memberResult, a.took))
		}
	}
	return results
}

// read returns the worker's state, unless the worker must not be given a term.
func (mem Member) read(ctx context.Context) (*api.WorkerState, error) {
	st, err := mem.Worker.State(ctx)
	switch {
	case err != nil:
		return nil, err
	case st.Shard != "" && st.Shard != mem.Label:
		return nil, api.NewProblem(api.CodeWrongShard, "the worker holds shard %s, not %s", st.Shard, mem.Label)
	case mem.Admit != nil:
		if p := mem.Admit(st); p != nil {
			return nil, p
		}
	}
	return st, nil
}

func (m *Members) step(name string, member int, r memberResult, took time.Duration) Step {
	mem := m.List[member]
	s := Step{Name: name, Shard: mem.Shard, Target: mem.Name(), Err: r.err, Took: took}
	if r.err != nil {
		s.Detail = r.err.Detail
	} else {
		s.Detail = fmt.Sprintf("term %d", r.state.Term)
	}
	return s
}
