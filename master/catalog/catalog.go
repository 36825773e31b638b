package catalog

import (
	"cmp"
	"log/slog"
	"slices"
	"strings"

	"shardeck/master/bind"
	"shardeck/shared/api"
)

// Snapshot is the catalog at one moment. It is immutable.
type Snapshot struct {
	databases map[string]*database // by lower-case name
}

type database struct {
	name   string
	shards []int
	tables map[string]*table // by lower-case name
}

type table struct {
	version string
	def     *api.TableDef
	planned *bind.Table
	bad     error // why the definition cannot be used for planning
}

// Build makes a catalog from each shard's last stats, nil for a shard that was never
// reached. If shards differ in a table's definition, the most common one wins, and of
// equally common ones that of the lowest shard; the other shards refuse requests made
// for it. Unchanged tables of prev, which may be nil, are reused.
func Build(prev *Snapshot, stats []*api.WorkerStats, logger *slog.Logger) *Snapshot {
	s := &Snapshot{databases: map[string]*database{}}
	for _, c := range collect(stats) {
		db := &database{name: c.name, shards: c.shards, tables: map[string]*table{}}
		s.databases[strings.ToLower(c.name)] = db
		for _, ct := range c.tables {
			best := ct.best()
			key := strings.ToLower(ct.name)
			if old := prev.table(c.name, ct.name); old != nil && old.version == best.version && old.def.Name == best.def.Name && old.def.SameIndexes(best.def) {
				db.tables[key] = old
				continue
			}
			t := &table{version: best.version, def: best.def}
			t.planned, t.bad = bind.NewTable(c.name, best.def)
			if t.bad != nil {
				logger.Error("a worker reports a table that cannot be used", "db", c.name, "table", ct.name, "error", t.bad)
			}
			db.tables[key] = t
		}
	}
	return s
}

func (s *Snapshot) table(db, name string) *table {
	if s == nil {
		return nil
	}
	d := s.databases[strings.ToLower(db)]
	if d == nil {
		return nil
	}
	return d.tables[strings.ToLower(name)]
}

// Table returns a table. The error is unknown_database or unknown_table.
func (s *Snapshot) Table(db, name string) (*bind.Table, error) {
	d := s.databases[strings.ToLower(db)]
	if d == nil {
		return nil, UnknownDatabase(db)
	}
	t := d.tables[strings.ToLower(name)]
	if t == nil {
		p := api.NewProblem(api.CodeUnknownTable, "database %s has no table %s", d.name, name).At("table")
		if names := d.tableNames(); len(names) > 0 {
			return nil, p.Hinted("it has: %s", strings.Join(names[:min(len(names), 10)], ", "))
		}
		return nil, p.Hinted("create it with POST %s", api.PathCreateTable)
	}
	return t.planned, t.bad
}

// Tables returns the tables of a database that can be used, sorted by name. The error is
// unknown_database.
func (s *Snapshot) Tables(db string) ([]*bind.Table, error) {
	d := s.databases[strings.ToLower(db)]
	if d == nil {
		return nil, UnknownDatabase(db)
	}
	var tables []*bind.Table
	for _, t := range d.tables {
		if t.bad == nil {
			tables = append(tables, t.planned)
		}
	}
	slices.SortFunc(tables, func(a, b *bind.Table) int { return cmp.Compare(a.Name, b.Name) })
	return tables, nil
}

// Database returns the name of a database as it was created.
func (s *Snapshot) Database(db string) (name string, ok bool) {
	d := s.databases[strings.ToLower(db)]
	if d == nil {
		return "", false
	}
	return d.name, true
}

// UnknownDatabase is the problem of a database that does not exist.
func UnknownDatabase(db string) *api.Problem {
	return api.NewProblem(api.CodeUnknownDatabase, "there is no database %s", db).At("db_name").
		Hinted("create it with POST %s; GET %s lists the databases", api.PathCreateDB, api.PathMetadata)
}

func (d *database) tableNames() []string {
	names := make([]string, 0, len(d.tables))
	for _, t := range d.tables {
		names = append(names, t.def.Name)
	}
	slices.Sort(names)
	return names
}

// collected is a database as all shards report it.
type collected struct {
	name   string // as the lowest shard spells it
	shards []int
	tables []*collectedTable // by name
	// intents counts the entries of the shards' logs of unfinished statements.
	intents int64
}

type collectedTable struct {
	name   string
	shards []shardTable
}

// shardTable is a table as one shard reports it.
type shardTable struct {
	shard   int
	version string
	def     *api.TableDef
	rows    int64
}

// best is the most common definition; of equally common ones, that of the lowest shard.
func (t *collectedTable) best() shardTable {
	count := map[string]int{}
	for _, s := range t.shards {
		count[s.version]++
	}
	best := t.shards[0]
	for _, s := range t.shards[1:] {
		if count[s.version] > count[best.version] {
			best = s
		}
	}
	return best
}

// collect turns stats by shard into databases and tables by name.
func collect(stats []*api.WorkerStats) []*collected {
	dbs := map[string]*collected{}
	tables := map[[2]string]*collectedTable{}
	for shard, st := range stats {
		if st == nil {
			continue
		}
		for i := range st.Databases {
			d := &st.Databases[i]
			dbKey := strings.ToLower(d.Name)
			c := dbs[dbKey]
			if c == nil {
				c = &collected{name: d.Name}
				dbs[dbKey] = c
			}
			c.shards = append(c.shards, shard)
			if d.Log != nil {
				c.intents += d.Log.Rows
			}
			for j := range d.Tables {
				def := &d.Tables[j].Definition
				key := [2]string{dbKey, strings.ToLower(def.Name)}
				t := tables[key]
				if t == nil {
					t = &collectedTable{name: def.Name}
					tables[key] = t
					c.tables = append(c.tables, t)
				}
				t.shards = append(t.shards, shardTable{shard, def.Version(), def, d.Tables[j].Rows})
			}
		}
	}
	list := make([]*collected, 0, len(dbs))
	for _, c := range dbs {
		slices.SortFunc(c.tables, func(a, b *collectedTable) int { return cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) })
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *collected) int { return cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) })
	return list
}
