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

// preflightWrite refuses a write over several shards when one of them is known to be
// down, before anything is sent to any: half of it done is worse than none. A write
// to one shard is sent all the same, and finds out.
func (s *Service) preflightWrite(p *plan.Plan) *api.Problem {
	if len(p.Fragments) < 2 {
		return nil
	}
	snap := s.prober.Snapshot()
	shards := make([]*health.Shard, len(p.Fragments))
	for i := range p.Fragments {
		shards[i] = &snap.Shards[p.Fragments[i].Shard]
	}
	return refuseUnless(shards, func(sh *health.Shard) bool { return sh.State != api.ShardDown && sh.Usable() },
		"the write needs shards %s: %s; this request wrote nothing", list(p.Route.Shards))
}

// refuseUnless refuses what needs all of some shards when one does not serve. The
// detail is a format for what comes before and then for which shard is in what state.
func refuseUnless(shards []*health.Shard, serves func(*health.Shard) bool, format string, before ...any) *api.Problem {
	var causes []api.Problem
	var names []string
	for _, sh := range shards {
		if serves(sh) {
			continue
		}
		p := sh.Problem
		if p == nil {
			p = api.NewProblem(api.CodeShardUnavailable, "the worker was not heard yet").On(sh.Shard, sh.Name())
		}
		causes = append(causes, *p)
		names = append(names, fmt.Sprintf("shard %d (%s) is %s", sh.Shard, sh.Name(), sh.State))
	}
	if len(causes) == 0 {
		return nil
	}
	p := api.NewProblem(api.CodeShardUnavailable, format, append(before, strings.Join(names, ", "))...).
		Hinted("bring it back and send the request again")
	p.Causes = causes
	if len(causes) == 1 {
		p = p.On(*causes[0].Shard, causes[0].Worker)
	}
	return p
}

// list writes numbers with commas between them.
func list(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ", ")
}

// explained adds to the problem of a write that failed what the client can do about
// it and, of an insert of several rows, what became of each row.
func explained(problem *api.Problem, p *plan.Plan, results []scatter.ExecResult, keyed bool) *api.Problem {
	q := *problem
	if p.Op == plan.OpInsert {
		q.Rows = rowOutcomes(p, results)
	}
	mixed := len(q.Applied) > 0
	if q.Rows != nil && (mixed || q.Rows.Unknown.Count > 0) {
		q.Detail += ": " + q.Rows.String()
	}
	switch {
	case keyed && (mixed || q.Code == api.CodeOutcomeUnknown):
		q.Hint = "send the whole request again with the same " + api.HeaderIdempotencyKey + ": what is done is not done twice"
	case q.Rows != nil && q.Rows.Unknown.Count > 0:
		q.Hint = "rows lists by index what was inserted; read the unknown ones before sending any of those again"
	case q.Rows != nil && mixed:
		q.Hint = "rows lists by index what was inserted; send only the others again"
	case mixed:
		q.Hint = "applied lists what happened on which shard, causes what did not; repeat it for the rows of the failed shards alone"
	}
	return &q
}

// rowOutcomes says what became of each row of an insert; nil of a lone row, of which
// the problem itself tells. A shard without a result was sent nothing.
func rowOutcomes(p *plan.Plan, results []scatter.ExecResult) *api.RowOutcomes {
	var in, out, unknown []int
	for i := range p.Fragments {
		f := &p.Fragments[i]
		at := slices.IndexFunc(results, func(r scatter.ExecResult) bool { return r.Shard == f.Shard })
		switch {
		case at >= 0 && results[at].Problem == nil:
			in = append(in, f.RowIndex...)
		case at >= 0 && results[at].Problem.Code == api.CodeOutcomeUnknown:
			unknown = append(unknown, f.RowIndex...)
		default:
			out = append(out, f.RowIndex...)
		}
	}
	if len(in)+len(out)+len(unknown) < 2 {
		return nil
	}
	return &api.RowOutcomes{Inserted: api.NewRowSet(in), NotInserted: api.NewRowSet(out), Unknown: api.NewRowSet(unknown)}
}

// writeProblem is the problem of a write that failed on some shards and was
// applied on others. An unknown outcome is never hidden behind another code.
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
		return first(causes)
	}
	var did, failed, unknown []int
	for i := range applied {
		did = append(did, applied[i].Shard)
	}
	code := api.CodePartialFailure
	for i := range causes {
		switch shard := causes[i].Shard; {
		case shard == nil: // the scatter names it always
		case causes[i].Code == api.CodeOutcomeUnknown:
			code = api.CodeOutcomeUnknown
			unknown = append(unknown, *shard)
		default:
			failed = append(failed, *shard)
		}
	}
	detail := fmt.Sprintf("%d of %d shards did it (%s)", len(did), len(did)+len(causes), list(did))
	if len(failed) > 0 {
		detail += fmt.Sprintf(", %d did not (%s)", len(failed), list(failed))
	}
	if len(unknown) > 0 {
		detail += fmt.Sprintf(", of %d it is not known (%s)", len(unknown), list(unknown))
	}
	p := api.NewProblem(code, "%s", detail)
	p.Causes, p.Applied = causes, applied
	return p
}
