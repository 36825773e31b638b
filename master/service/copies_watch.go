package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"shardeck/master/bind"
	"shardeck/master/catalog"
	"shardeck/master/replica"
	"shardeck/shared/api"
)

const (
	// compareEvery is the interval of comparing all rows of a reference table's copies.
	compareEvery = 10 * time.Minute
	// compareAgain is that interval once the copies are known to differ.
	compareAgain = 30 * time.Second
	// compareFirst is how long after a table is first seen its copies are compared.
	compareFirst = time.Minute
)

// copyState is what is known of a reference table's copies.
type copyState struct {
	db, table, version string
	rows               []int64 // by shard, as last reported
	since              time.Time
	unfinished         bool

	compared time.Time
	suspect  bool // shards did not do the same for a write
	// found is how the copies differed when they were last compared; "" if they did not.
	found  string
	shards []int // those that differ
}

// observe notes the numbers of rows that the shards report.
func (c *copies) observe(now time.Time, stats []*api.WorkerStats) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) == 0 && !catalog.HasCopies(stats) {
		return
	}
	known := make(map[string]*copyState, len(c.known))
	for _, t := range catalog.ListCopies(stats) {
		key := strings.ToLower(t.DB + "." + t.Table)
		st := c.known[key]
		if st == nil || st.version != t.Version {
			st = &copyState{db: t.DB, table: t.Table, version: t.Version, compared: now.Add(compareFirst - compareEvery)}
		}
		if !slices.Equal(st.rows, t.Rows) || st.unfinished != t.Unfinished {
			st.rows, st.unfinished, st.since = t.Rows, t.Unfinished, now
		}
		known[key] = st
	}
	c.known = known
}

// suspect makes the primary compare a table's copies soon.
func (c *copies) suspect(db, table string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if st := c.known[strings.ToLower(db+"."+table)]; st != nil {
		st.suspect = true
	}
}

// drift lists the tables whose copies differ: in the rows that were compared, or in the numbers that
// the shards report while nothing is written.
func (c *copies) drift(now time.Time) []api.Drift {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []api.Drift
	for _, st := range c.known {
		d := api.Drift{DB: st.db, Table: st.table, Kind: "copy", Shards: st.shards, Detail: st.found}
		if st.found == "" {
			odd := st.odd(now)
			if odd == nil {
				continue
			}
			var counts []string
			for shard, n := range st.rows {
				if n >= 0 {
					counts = append(counts, fmt.Sprintf("%d on shard %d", n, shard))
				}
			}
			d.Shards, d.Detail = odd, fmt.Sprintf("the copies of the reference table %s.%s have different numbers of rows: %s; %s",
				st.db, st.table, strings.Join(counts, ", "), repairs(st.db, st.table))
		}
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b api.Drift) int { return strings.Compare(a.DB+"."+a.Table, b.DB+"."+b.Table) })
	return list
}

// repairs says how to make copies equal.
func repairs(db, table string) string {
	return fmt.Sprintf("`shardeck repair %s %s`, or POST %s, says how they differ and makes them equal", db, table, api.PathRepairTable)
}

// odd lists the shards whose number of rows is not the most common one, once the numbers have lasted;
// nil if all are equal.
func (st *copyState) odd(now time.Time) []int {
	if st.unfinished || now.Sub(st.since) < driftSettle {
		return nil
	}
	count := map[int64]int{}
	for _, n := range st.rows {
		if n >= 0 {
			count[n]++
		}
	}
	if len(count) < 2 {
		return nil
	}
	usual := int64(-1)
	for _, n := range st.rows {
		if n >= 0 && (usual < 0 || count[n] > count[usual]) {
			usual = n
		}
	}
	var odd []int
	for shard, n := range st.rows {
		if n >= 0 && n != usual {
			odd = append(odd, shard)
		}
	}
	return odd
}

// watch compares copies while this master is the primary, until ctx ends.
func (c *copies) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if c.s.coord.Current().Role != api.RolePrimary {
			continue
		}
		for _, st := range c.due(time.Now()) {
			if err := c.check(ctx, st.db, st.table); err != nil {
				c.s.logger.Debug("cannot compare the copies of a reference table", "db", st.db, "table", st.table, "error", err)
			}
		}
	}
}

// due lists the tables whose copies are to be compared now.
func (c *copies) due(now time.Time) (list []copyState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, st := range c.known {
		age := now.Sub(st.compared)
		if age >= compareEvery || st.suspect || st.found != "" && age >= compareAgain || st.found == "" && st.odd(now) != nil && st.compared.Before(st.since) {
			st.compared, st.suspect = now, false
			list = append(list, copyState{db: st.db, table: st.table})
		}
	}
	return list
}

// check compares the copies of a table and notes how they differ: first while others may write, and
// only if they differ then, in their turn.
func (c *copies) check(ctx context.Context, db, table string) error {
	t, err := c.s.table(ctx, db, table)
	if err != nil || !t.Replicated {
		return err
	}
	if digests, err := c.digests(ctx, t); err == nil && allEqual(digests) {
		c.note(t, nil, nil)
		return nil
	}
	_, err = c.repair(ctx, &api.RepairTableRequest{DB: db, Table: table, DryRun: true})
	return err
}

func allEqual(digests []*replica.Digest) bool {
	for _, d := range digests {
		if *d != *digests[0] {
			return false
		}
	}
	return true
}

// reportRepair publishes what a repair has done.
func (c *copies) reportRepair(resp *api.RepairTableResponse) {
	for i := range resp.Shards {
		r := &resp.Shards[i]
		level, text := api.LevelGood, fmt.Sprintf("repaired shard %d's copy of %s.%s from shard %d: %d rows deleted, %d inserted", r.Shard, resp.DB, resp.Table, *resp.FromShard, r.Deleted, r.Inserted)
		if r.Problem != nil {
			level, text = api.LevelError, text+"; it still differs: "+r.Problem.Detail
		}
		if r.Problem != nil || r.Deleted+r.Inserted > 0 {
			c.s.events.publish(api.EventDrift, level, &r.Shard, text)
		}
	}
}

// note records the outcome of a comparison: the copies that differ from the right one.
func (c *copies) note(t *bind.Table, from *int, results []api.CopyResult) {
	var shards []int
	var how []string
	for i := range results {
		r := &results[i]
		if r.Missing+r.Extra+r.Different == 0 {
			continue
		}
		shards = append(shards, r.Shard)
		how = append(how, fmt.Sprintf("shard %d lacks %d of its rows, has %d others, and %d differ", r.Shard, r.Missing, r.Extra, r.Different))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.known[strings.ToLower(t.DB+"."+t.Name)]
	if st == nil || st.version != t.Version {
		return
	}
	st.compared, st.found, st.shards = time.Now(), "", shards
	if from != nil && len(shards) > 0 {
		st.found = fmt.Sprintf("the copies of the reference table %s.%s differ: compared with shard %d, %s; %s", t.DB, t.Name, *from, strings.Join(how, "; "), repairs(t.DB, t.Name))
	}
}
