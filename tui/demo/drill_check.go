package demo

import (
	"fmt"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/drill"
)

// check compares what a drill measured with what was expected.
type check func(*drillRun) drill.Check

// shardNotUp reports whether a master says that the target's shard is not as it should be.
func shardNotUp(r *drillRun) bool {
	for _, m := range r.watch.answers() {
		for i := range m.Workers {
			if m.Workers[i].Shard == r.shard && m.Workers[i].State != api.ShardUp {
				r.saw = string(m.Workers[i].State)
				return true
			}
		}
	}
	return false
}

// tookOver reports whether another master leads with a higher term.
func tookOver(r *drillRun) bool {
	url, term := r.watch.leader()
	if url == "" || url == r.proc.url || term <= r.termBefore {
		return false
	}
	r.saw = fmt.Sprintf("%s leads with term %d, after %d", cluster.Host(url), term, r.termBefore)
	return true
}

// rateDoubled reports whether the masters count twice as many requests as before.
func rateDoubled(r *drillRun) bool {
	before, now := 0.0, 0.0
	for i, rate := range r.watch.rates() {
		before, now = before+r.ratesBefore[i], now+rate
	}
	r.saw = fmt.Sprintf("%.0f requests/s, after %.0f", now, before)
	return now > 2*before
}

// rateSkewed reports whether the masters count twice as many requests at the target's shard as at all others.
func rateSkewed(r *drillRun) bool {
	mine, others := 0.0, 0.0
	for i, rate := range r.watch.rates() {
		if i == r.shard {
			mine = rate
		} else {
			others += rate
		}
	}
	r.saw = fmt.Sprintf("%.0f requests/s at shard %d, %.0f at the others", mine, r.shard, others)
	return mine > 2*others
}

// within is a check of a time; zero is that it did not happen.
func within(text string, from, at time.Time, bound time.Duration, more string) drill.Check {
	c := drill.Check{Text: fmt.Sprintf("%s within %s", text, bound), Got: "it did not"}
	if !at.IsZero() {
		c.Got, c.OK = "after "+round(at.Sub(from)).String(), at.Sub(from) <= bound
		if more != "" {
			c.Got += ": " + more
		}
	}
	return c
}

func noticedInTime(r *drillRun) drill.Check {
	return within("the masters notice", r.injectedAt, r.noticedAt, noticeWithin, r.saw)
}

func tookOverInTime(r *drillRun) drill.Check {
	return within("the backup takes over", r.injectedAt, r.noticedAt, noticeWithin, r.saw)
}

func recoveredInTime(r *drillRun) drill.Check {
	return within("all is well again", r.liftedAt, r.recoveredAt, recoverWithin, "")
}

func allWritesThere(r *drillRun) drill.Check {
	c := drill.Check{Text: "every acknowledged write is there"}
	switch {
	case r.readBack != nil:
		c.Got = "they could not be read back: " + cluster.Explain(r.readBack)
	case r.acked == 0:
		c.Got = "no write was acknowledged at all"
	default:
		c.Got, c.OK = fmt.Sprintf("%d of %d are", r.acked-r.missing, r.acked), r.missing == 0
	}
	return c
}

// failures sums what failed on the shards that count.
func failures(r *drillRun, counts func(shard int) bool) (failed int, why string) {
	for _, s := range r.load.state() {
		if !counts(s.shard) {
			continue
		}
		for _, t := range []*tally{&s.reads, &s.writes} {
			failed += t.failed + t.unknown
			if t.failed+t.unknown > 0 {
				why = t.lastErr
			}
		}
	}
	return failed, why
}

func noFailures(text string, failed int, why string) drill.Check {
	c := drill.Check{Text: text, Got: "nothing failed", OK: failed == 0}
	if !c.OK {
		c.Got = fmt.Sprintf("%d failed, the last with: %s", failed, why)
	}
	return c
}

func nothingFailed(r *drillRun) drill.Check {
	failed, why := failures(r, func(int) bool { return true })
	return noFailures("every read and write is answered", failed, why)
}

func othersAnswered(r *drillRun) drill.Check {
	failed, why := failures(r, func(shard int) bool { return shard != r.shard })
	return noFailures("the other shards answer every read and write", failed, why)
}

func floodAnswered(r *drillRun) drill.Check {
	sent, failed := r.flood.sent.Load(), r.flood.failed.Load()
	return drill.Check{Text: "the added clients are answered", Got: fmt.Sprintf("%d of %d requests were", sent-failed, sent), OK: failed == 0 && sent > 0}
}

func othersNotHeldUp(r *drillRun) drill.Check {
	_, gap := r.gaps()
	return drill.Check{Text: "the other shards do not wait for it", Got: "their longest gap was " + round(gap).String(), OK: gap < slowStop}
}

func shortGap(r *drillRun) drill.Check {
	_, gap := r.gaps()
	return drill.Check{Text: fmt.Sprintf("no client waits longer than %s", gapWithin), Got: "the longest gap was " + round(gap).String(), OK: gap <= gapWithin}
}

// noWriteAcknowledged looks at the time from when it was noticed until it was undone. Clients repeat
// what is refused, so that a write may succeed after that.
func noWriteAcknowledged(r *drillRun) drill.Check {
	n := r.ackedLifted - r.ackedNoticed
	return drill.Check{Text: "no write to the shard is acknowledged meanwhile", Got: fmt.Sprintf("%d were", n), OK: n == 0 && !r.noticedAt.IsZero()}
}

func readsWentOn(r *drillRun) drill.Check {
	s := r.load.state()[r.shard].reads
	return noFailures("reads of the shard go on", s.failed+s.unknown, s.lastErr)
}
