package screen

import (
	"context"
	"slices"
)

// job is what is done in the background for the screen, such as sorting the rows of a result.
type job struct {
	of     any // the result or the plot that it is for
	cancel context.CancelFunc
}

// background does something in the background for a result or a plot, in place of what is still
// being done for it; several of them may be at work side by side. then gets the outcome in the
// event loop, unless nobody waits for it any more.
func background[T any](q *Query, of any, what string, run func(context.Context) T, then func(T) Intent) Intent {
	q.dropJobs(of)
	ctx, cancel := context.WithCancel(context.Background())
	j := &job{of: of, cancel: cancel}
	q.jobs = append(q.jobs, j)
	return Work{What: what, Run: func(program context.Context) func() Intent {
		defer cancel()
		defer context.AfterFunc(program, cancel)()
		out := run(ctx)
		return func() Intent {
			i := slices.Index(q.jobs, j)
			if i < 0 {
				return nil
			}
			q.jobs = slices.Delete(q.jobs, i, i+1)
			return then(out)
		}
	}}
}

// dropJobs ends what is being done for a result or a plot, whose outcome nobody waits for.
func (q *Query) dropJobs(of any) {
	q.jobs = slices.DeleteFunc(q.jobs, func(j *job) bool {
		if j.of == of {
			j.cancel()
		}
		return j.of == of
	})
}

// cancelJobs ends all that is being done in the background, and reports whether anything was. The
// outcomes still arrive, and say that they were cancelled.
func (q *Query) cancelJobs() bool {
	for _, j := range q.jobs {
		j.cancel()
	}
	return len(q.jobs) > 0
}

// closeResults frees the rows of results, and ends what is being done with them.
func (q *Query) closeResults(results []*output) {
	for _, o := range results {
		q.dropJobs(o)
		q.leaveLower(o)
		o.close()
	}
}

// leaveLower goes back to the rows of a result.
func (q *Query) leaveLower(o *output) {
	if o.lower != nil {
		q.dropJobs(o.lower)
	}
	o.lower = nil
}
