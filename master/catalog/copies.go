package catalog

import "shardeck/shared/api"

// Copies are the copies of a reference table, as the shards report them.
type Copies struct {
	DB, Table, Version string
	// Rows are the numbers of rows by shard; -1 if a shard was never reached, or lacks the table in
	// this version.
	Rows []int64
	// Unfinished means that the database's log has an unfinished statement, perhaps a write to the table.
	Unfinished bool
}

// ListCopies lists the reference tables.
func ListCopies(stats []*api.WorkerStats) []Copies {
	var list []Copies
	for _, c := range collect(stats) {
		for _, t := range c.tables {
			best := t.best()
			if !best.def.Replicated() {
				continue
			}
			copies := Copies{DB: c.name, Table: best.def.Name, Version: best.version, Rows: make([]int64, len(stats)), Unfinished: c.intents > 0}
			for i := range copies.Rows {
				copies.Rows[i] = -1
			}
			for _, s := range t.shards {
				if s.version == best.version {
					copies.Rows[s.shard] = s.rows
				}
			}
			list = append(list, copies)
		}
	}
	return list
}

// HasCopies reports whether there is a reference table. It is cheap.
func HasCopies(stats []*api.WorkerStats) bool {
	for _, st := range stats {
		if st == nil {
			continue
		}
		for i := range st.Databases {
			for j := range st.Databases[i].Tables {
				if st.Databases[i].Tables[j].Definition.Replicated() {
					return true
				}
			}
		}
	}
	return false
}
