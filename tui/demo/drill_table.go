package demo

import (
	"context"
	"time"
)

// target is what a drill is about.
type target int

const (
	aWorker target = iota // the chosen one, or the last
	thePrimary
	theBackup
	theCluster // no process
)

// exercise is a drill. A new one is a row in [exercises].
type exercise struct {
	name, title  string
	does, expect string
	undo         string
	target       target
	// off says why it is not possible here; nil: it always is.
	off func(*Cluster) string
	// inject does what the drill is about, and lift undoes it; nil if nothing is left to undo.
	inject, lift func(context.Context, *drillRun) error
	// noticed reports whether the masters say what was done; nil: it may pass unnoticed.
	noticed func(*drillRun) bool
	hold    time.Duration // how long it lasts once it has been noticed
	checks  []check
}

// The bounds of the checks. They are many times what is usual, for a busy machine.
const (
	noticeWithin  = 15 * time.Second
	recoverWithin = 30 * time.Second
	gapWithin     = 20 * time.Second
	burstClients  = 32
	skewClients   = 8
)

// measuredBy is how every drill measures.
const measuredBy = "a read by key and an insert to each shard every 50 ms, as any client sends them, and polls of every master every 100 ms; at the end all acknowledged inserts are read back"

// exercises lists the drills.
func exercises() []exercise {
	return []exercise{
		{name: "kill-worker", title: "Kill a worker", target: aWorker, inject: killTarget, lift: startTarget, noticed: shardNotUp, hold: 2 * time.Second,
			does: "SIGKILL to the process of one shard", undo: "the worker is started again on its data",
			expect: "the masters say that the shard is down; the other shards answer everything; once it is back, every acknowledged write is there",
			checks: []check{noticedInTime, othersAnswered, recoveredInTime, allWritesThere}},
		{name: "freeze-worker", title: "Freeze a worker", target: aWorker, off: noFreezing, inject: freezeTarget, lift: relieveTarget, noticed: shardNotUp, hold: 2 * time.Second,
			does: "SIGSTOP to the process of one shard: its connections stay open and nothing answers", undo: "SIGCONT",
			expect: "the masters say that the shard does not answer; the other shards answer everything; requests to it fail or are late, and none is lost",
			checks: []check{noticedInTime, othersAnswered, recoveredInTime, allWritesThere}},
		{name: "slow-worker", title: "Slow a worker down", target: aWorker, off: noFreezing, inject: slowTarget, lift: relieveTarget, noticed: shardNotUp, hold: 2 * time.Second,
			does: "stops and continues the process of one shard in turn, so that it answers up to 1.6 s late", undo: "it is left to run",
			expect: "the masters say that the shard is slow; nothing fails; the other shards do not wait for it",
			checks: []check{noticedInTime, nothingFailed, othersNotHeldUp, recoveredInTime, allWritesThere}},
		{name: "restart-worker", title: "Restart a worker", target: aWorker, inject: restartTarget,
			does: "stops the process of one shard in an orderly way and starts it again", undo: "nothing is left to undo",
			expect: "requests in flight are finished; the other shards answer everything; every acknowledged write is there",
			checks: []check{othersAnswered, recoveredInTime, allWritesThere}},
		{name: "kill-primary", title: "Kill the primary", target: thePrimary, off: noTakeover, inject: killTarget, lift: startTarget, noticed: tookOver, hold: time.Second,
			does: "SIGKILL to the primary master", undo: "it is started again, and becomes the backup",
			expect: "the backup takes over by itself with a higher term; clients go on through it and see no error; every acknowledged write is there",
			checks: []check{tookOverInTime, nothingFailed, shortGap, recoveredInTime, allWritesThere}},
		{name: "freeze-primary", title: "Freeze the primary", target: thePrimary, off: noFrozenTakeover, inject: freezeTarget, lift: relieveTarget, noticed: tookOver, hold: time.Second,
			does: "SIGSTOP to the primary master: its connections stay open and nothing answers", undo: "SIGCONT; it finds that it has been replaced",
			expect: "its lease expires and the backup takes over with a higher term; clients give it up and go on; afterwards there is one primary",
			checks: []check{tookOverInTime, shortGap, recoveredInTime, allWritesThere}},
		{name: "restart-backup", title: "Restart the backup", target: theBackup, inject: restartTarget,
			does: "stops the backup master in an orderly way and starts it again", undo: "nothing is left to undo",
			expect: "clients do not notice", checks: []check{nothingFailed, recoveredInTime, allWritesThere}},
		{name: "burst", title: "Burst of traffic", target: theCluster, inject: burst, lift: endFlood, noticed: rateDoubled, hold: 3 * time.Second,
			does: "32 clients read by key as fast as they are answered, through both masters", undo: "the clients end",
			expect: "the requests per second that the masters report rise; nothing fails",
			checks: []check{noticedInTime, nothingFailed, floodAnswered, recoveredInTime, allWritesThere}},
		{name: "skew", title: "Skewed keys", target: aWorker, inject: skew, lift: endFlood, noticed: rateSkewed, hold: 3 * time.Second,
			does: "8 clients read keys of one shard only, as fast as they are answered", undo: "the clients end",
			expect: "the masters report most requests at that shard; nothing fails on any",
			checks: []check{noticedInTime, nothingFailed, floodAnswered, recoveredInTime, allWritesThere}},
		{name: "full-disk", title: "Fill a disk", target: aWorker, off: noFilling, inject: fillTarget, lift: relieveTarget, noticed: shardNotUp, hold: 2 * time.Second,
			does: "bounds the size of the files of one worker (RLIMIT_FSIZE), so that its writes fail as on a full disk; nothing is filled", undo: "the bound is lifted",
			expect: "no write to the shard is acknowledged and its reads go on; the masters say that its storage fails; afterwards writes work again",
			checks: []check{noticedInTime, noWriteAcknowledged, readsWentOn, othersAnswered, recoveredInTime, allWritesThere}},
	}
}

func noFreezing(*Cluster) string { return cannotFreeze }
func noFilling(*Cluster) string  { return cannotFill }

func noTakeover(c *Cluster) string {
	if c.manual {
		return "nobody takes over by itself with --lease manual"
	}
	return ""
}

func noFrozenTakeover(c *Cluster) string {
	if cannotFreeze != "" {
		return cannotFreeze
	}
	return noTakeover(c)
}

func killTarget(_ context.Context, r *drillRun) error    { return r.proc.kill() }
func startTarget(ctx context.Context, r *drillRun) error { return r.proc.start(ctx) }
func freezeTarget(_ context.Context, r *drillRun) error  { return r.proc.freeze() }
func slowTarget(_ context.Context, r *drillRun) error    { return r.proc.slow() }
func fillTarget(_ context.Context, r *drillRun) error    { return r.proc.fill() }
func relieveTarget(_ context.Context, r *drillRun) error { return r.proc.relieve() }

// restartTarget is not stopped half way by cancelling the drill, which would leave the process stopped.
func restartTarget(ctx context.Context, r *drillRun) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	return r.proc.restart(ctx)
}

func burst(_ context.Context, r *drillRun) error {
	var all []int64
	for _, l := range r.load.lanes {
		all = append(all, l.keys...)
	}
	r.flood = startFlood(r.c.clients, burstClients, all)
	return nil
}

func skew(_ context.Context, r *drillRun) error {
	r.flood = startFlood(r.c.clients, skewClients, r.load.lanes[r.shard].keys)
	return nil
}

func endFlood(_ context.Context, r *drillRun) error {
	r.flood.end()
	return nil
}
