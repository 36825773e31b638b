package catalog

import (
	"fmt"
	"slices"

	"shardeck/shared/api"
	"shardeck/shared/sharding"
)

// Describe lists the databases with the row count of each table by shard, and the
// drift between the shards that have been reached at least once. Both are sorted by
// name and never nil.
func Describe(stats []*api.WorkerStats) ([]api.DatabaseInfo, []api.Drift) {
	infos, drift := []api.DatabaseInfo{}, []api.Drift{}
	var heard []int
	for i, st := range stats {
		if st != nil {
			heard = append(heard, i)
		}
	}
	for _, c := range collect(stats) {
		info := api.DatabaseInfo{Name: c.name, Shards: c.shards, Tables: []api.TableInfo{}}
		if missing := without(heard, c.shards); len(missing) > 0 {
			drift = append(drift, api.Drift{DB: c.name, Kind: "missing_database", Shards: missing,
				Detail: c.missingDatabase(missing)})
		}
		for _, t := range c.tables {
			info.Tables = append(info.Tables, t.info(len(stats)))
			drift = append(drift, t.drift(c)...)
		}
		infos = append(infos, info)
	}
	return infos, drift
}

func (t *collectedTable) info(shards int) api.TableInfo {
	best := t.best()
	info := api.TableInfo{Name: best.def.Name, Definition: *best.def, RowsPerShard: make([]*int64, shards)}
	most := int64(0)
	for i := range t.shards {
		s := &t.shards[i]
		info.RowsPerShard[s.shard] = &s.rows
		most = max(most, s.rows)
	}
	info.Rows = t.rows()
	switch {
	case info.Rows == 0:
	case best.def.Replicated():
		info.Skew = 1
	default:
		info.Skew = float64(most) * float64(len(t.shards)) / float64(info.Rows)
	}
	return info
}

// rows is the number of rows of the table on all shards together. Those of a reference table are
// counted once: as many as most shards have, and of equally common numbers that of the lowest shard.
func (t *collectedTable) rows() int64 {
	if !t.best().def.Replicated() {
		total := int64(0)
		for i := range t.shards {
			total += t.shards[i].rows
		}
		return total
	}
	count := map[int64]int{}
	for i := range t.shards {
		count[t.shards[i].rows]++
	}
	rows := t.shards[0].rows
	for i := range t.shards {
		if n := t.shards[i].rows; count[n] > count[rows] {
			rows = n
		}
	}
	return rows
}

func (t *collectedTable) drift(c *collected) []api.Drift {
	var drift []api.Drift
	best := t.best()
	var have, differ, indexes []int
	for _, s := range t.shards {
		have = append(have, s.shard)
		switch {
		case s.version != best.version:
			differ = append(differ, s.shard)
		case !s.def.SameIndexes(best.def):
			indexes = append(indexes, s.shard)
		}
	}
	if missing := without(c.shards, have); len(missing) > 0 {
		drift = append(drift, api.Drift{DB: c.name, Table: t.name, Kind: "missing_table", Shards: missing,
			Detail: t.missing(c, missing)})
	}
	if len(differ) > 0 {
		drift = append(drift, api.Drift{DB: c.name, Table: t.name, Kind: "definition", Shards: differ,
			Detail: fmt.Sprintf("%s defines the table %s differently from the other shards; requests to it are refused there", eachOf(differ), t.name)})
	}
	if len(indexes) > 0 {
		drift = append(drift, api.Drift{DB: c.name, Table: t.name, Kind: "indexes", Shards: indexes,
			Detail: fmt.Sprintf("%s has other indexes on the table %s; %sthe same CREATE INDEX or DROP INDEX again completes it", eachOf(indexes), t.name, c.unfinished())})
	}
	return drift
}

// missing describes a table that some shards lack. What is missing may never have been
// created, or have been dropped: only people know, unless the statement is still in the
// log. The two ways on differ in what becomes of the rows that are left, so both are named.
func (t *collectedTable) missing(c *collected, missing []int) string {
	have := []int{}
	for i := range t.shards {
		have = append(have, t.shards[i].shard)
	}
	return fmt.Sprintf("%s lacks the table %s, which a create-table or a delete-table has left half done, or a shard has lost; "+
		"%d rows remain on %s; %sthe same create-table again creates it empty where it is missing, delete-table drops the rest with its rows",
		eachOf(missing), t.name, t.rows(), sharding.Names(have), c.unfinished())
}

func (c *collected) missingDatabase(missing []int) string {
	rows := int64(0)
	for _, t := range c.tables {
		rows += t.rows()
	}
	return fmt.Sprintf("%s lacks the database %s, which a create-db or a drop-db has left half done, or a shard has lost; "+
		"%d rows remain on %s; %screate-db again creates it empty where it is missing, drop-db drops the rest with its rows",
		eachOf(missing), c.name, rows, sharding.Names(c.shards), c.unfinished())
}

// unfinished says that the primary is about to end the drift, if the database's log has
// entries. One that comes from a write still in progress may be among them.
func (c *collected) unfinished() string {
	if c.intents == 0 {
		return ""
	}
	return "the database's log has an unfinished statement: if it is this one, the primary completes it by itself; otherwise "
}

// without returns the members of all that are not in some.
func without(all, some []int) []int {
	var rest []int
	for _, s := range all {
		if !slices.Contains(some, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

// eachOf names the shards as a subject in the singular.
func eachOf(shards []int) string {
	if len(shards) == 1 {
		return sharding.Names(shards)
	}
	return "each of " + sharding.Names(shards)
}
