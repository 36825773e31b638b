package service

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shardeck/master/health"
	"shardeck/master/plan"
	"shardeck/master/scatter"
	"shardeck/shared/api"
)

// preflightWrite rejects a write to several shards if one of them is known to be down,
// before anything is sent: a partial write is worse than none. A write to a single shard
// is sent regardless, because it cannot be partial.
func (s *Service) preflightWrite(p *plan.Plan) *api.Problem {
	if len(p.Fragments) < 2 {
		return nil
	}
	snap := s.prober.Snapshot()
	shards := make([]*health.Shard, len(p.Fragments))
	for i := range p.Fragments {
		shards[i] = &snap.Shards[p.Fragments[i].Shard]
	}
	return requireShards(shards, func(sh *health.Shard) bool { return sh.Refusal() == nil && sh.State != api.ShardFailing },
		"the write needs shards %s: %s; this request wrote nothing", list(p.Route.Shards))
}

// requireShards returns a problem unless all of the shards satisfy ready. Its detail is
// format with args, followed by the state of the shards that are not ready.
func requireShards(shards []*health.Shard, ready func(*health.Shard) bool, format string, args ...any) *api.Problem {
	var causes []api.Problem
	var names []string
	for _, sh := range shards {
		if ready(sh) {
			continue
		}
		p := sh.Problem
		if p == nil {
			p = api.NewProblem(api.CodeShardUnavailable, "the worker has not responded yet").On(sh.Shard, sh.Name())
		}
		causes = append(causes, *p)
		names = append(names, fmt.Sprintf("shard %d (%s) is %s", sh.Shard, sh.Name(), sh.State))
	}
	if len(causes) == 0 {
		return nil
	}
	p := api.NewProblem(api.CodeShardUnavailable, format, append(args, strings.Join(names, ", "))...).
		Hinted("bring it back and send the request again")
	p.Causes = causes
	if len(causes) == 1 {
		p = p.On(*causes[0].Shard, causes[0].Worker)
	}
	// What was lost does not come back by itself.
	for i := range causes {
		if c := &causes[i]; c.Code == api.CodeShardEmptied || c.Code == api.CodeStorageFailed {
			p.Hint = c.Hint
		}
	}
	return p
}

// list formats numbers separated by commas.
func list(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ", ")
}

// outcome is what is known of a failed write beside its results.
type outcome struct {
	keyed bool // the request has an Idempotency-Key
	left  bool // its intent is in the log, or may be, so that the primary completes it
}

// completes is the hint for a write that the primary completes.
const completes = "the primary completes it on the shards that have not refused it; GET " + api.PathEvents + " of the primary reports the outcome on each shard"

// withOutcome adds to the problem of a failed write what the client can do about it and,
// for an insert of several rows, the outcome of each row.
func withOutcome(problem *api.Problem, p *plan.Plan, results []scatter.ExecResult, o outcome) *api.Problem {
	q := *problem
	if p.Op == plan.OpInsert && !p.Copies {
		q.Rows = rowOutcomes(p, results, o.left)
	}
	keyed := o.keyed
	partial := len(q.Applied) > 0
	if q.Rows != nil && (partial || q.Rows.Unknown.Count > 0) {
		q.Detail += ": " + q.Rows.String()
	}
	switch {
	case o.left && keyed:
		q.Hint = completes + "; or send the whole request again with the same " + api.HeaderIdempotencyKey + ": nothing is applied twice"
	case o.left:
		q.Hint = completes + "; do not send any of it again before that"
	case keyed && partial && slices.ContainsFunc(q.Causes, func(cause api.Problem) bool { return cause.Code.Lasting() }):
		q.Hint = "repeating the request would fail again: correct the rows that causes describes, and send only those, with another " + api.HeaderIdempotencyKey
	case keyed && (partial || q.Code == api.CodeOutcomeUnknown):
		q.Hint = "send the whole request again with the same " + api.HeaderIdempotencyKey + ": nothing is applied twice"
	case q.Rows != nil && q.Rows.Unknown.Count > 0:
		q.Hint = "rows lists the inserted rows by index; read the unknown ones before sending any of them again"
	case q.Rows != nil && partial:
		q.Hint = "rows lists the inserted rows by index; send only the others again"
	case partial:
		q.Hint = "applied lists the shards that succeeded, causes those that failed; repeat the request only for the rows of the failed shards"
	}
	return &q
}

// rowOutcomes returns the outcome of each row of an insert, or nil for a single row, whose
// outcome the problem's code implies. A shard without a result was sent nothing, which the
// primary makes up for if it completes the write (left).
func rowOutcomes(p *plan.Plan, results []scatter.ExecResult, left bool) *api.RowOutcomes {
	var inserted, notInserted, unknown []int
	for i := range p.Fragments {
		f := &p.Fragments[i]
		at := slices.IndexFunc(results, func(r scatter.ExecResult) bool { return r.Shard == f.Shard })
		switch {
		case at >= 0 && results[at].Problem == nil:
			inserted = append(inserted, f.RowIndex...)
		case at < 0 && left, at >= 0 && results[at].Problem.Code == api.CodeOutcomeUnknown:
			unknown = append(unknown, f.RowIndex...)
		default:
			notInserted = append(notInserted, f.RowIndex...)
		}
	}
	if len(inserted)+len(notInserted)+len(unknown) < 2 {
		return nil
	}
	return &api.RowOutcomes{Inserted: api.NewRowSet(inserted), NotInserted: api.NewRowSet(notInserted), Unknown: api.NewRowSet(unknown)}
}

// mayYetApply returns the problem of a shard's part of a write that the primary completes. Unless
// the shard has refused it for good, it may have been applied, or may yet be, whatever kept
// it from being applied now.
func mayYetApply(p *api.Problem) *api.Problem {
	if p.Code.Lasting() {
		return p
	}
	q := api.NewProblem(api.CodeOutcomeUnknown, "%s", p.Detail).Hinted("%s", p.Hint)
	if p.Shard != nil {
		q = q.On(*p.Shard, p.Worker)
	}
	return q
}

// writeProblem returns the problem of a write that failed on some shards and was applied
// on others. An unknown outcome takes precedence over any other code.
func writeProblem(causes []api.Problem, applied []api.ShardResult) *api.Problem {
	if len(applied) == 0 {
		for i := range causes {
			if causes[i].Code == api.CodeOutcomeUnknown {
				p := causes[i]
				p.Causes = nil
				if len(causes) > 1 {
					p.Causes = causes
				}
				return &p
			}
		}
		return mainProblem(causes)
	}
	var succeeded, failed, unknown []int
	for i := range applied {
		succeeded = append(succeeded, applied[i].Shard)
	}
	code := api.CodePartialFailure
	for i := range causes {
		switch shard := causes[i].Shard; {
		case shard == nil: // cannot happen: scatter always sets it
		case causes[i].Code == api.CodeOutcomeUnknown:
			code = api.CodeOutcomeUnknown
			unknown = append(unknown, *shard)
		default:
			failed = append(failed, *shard)
		}
	}
	detail := fmt.Sprintf("%d of %d shards succeeded", len(succeeded), len(succeeded)+len(causes))
	if len(succeeded) > 0 {
		detail += fmt.Sprintf(" (%s)", list(succeeded))
	}
	if len(failed) > 0 {
		detail += fmt.Sprintf(", %d failed (%s)", len(failed), list(failed))
	}
	if len(unknown) > 0 {
		detail += fmt.Sprintf(", the outcome of %d is unknown (%s)", len(unknown), list(unknown))
	}
	p := api.NewProblem(code, "%s", detail)
	p.Causes, p.Applied = causes, applied
	return p
}
