package catalog

import (
	"slices"

	"shardeck/master/plan"
	"shardeck/shared/api"
)

// The functions below apply a schema change that this master made itself to a
// worker's stats, so that it need not wait for a probe. They replace slices and never
// write to them.

// AddDatabase adds an empty database with a log, or to a database that exists, its log.
func AddDatabase(st *api.WorkerStats, name, physical string, log *api.TableDef) {
	st.Databases = slices.Clip(slices.Clone(st.Databases))
	i := findDatabase(st, name)
	if i < 0 {
		i = len(st.Databases)
		st.Databases = append(st.Databases, api.DatabaseStats{Name: name, Physical: physical})
	}
	if st.Databases[i].Log == nil {
		st.Databases[i].Log = &api.TableStats{Definition: *log}
	}
}

// DropDatabase removes a database.
func DropDatabase(st *api.WorkerStats, name string) {
	if i := findDatabase(st, name); i >= 0 {
		st.Databases = slices.Delete(slices.Clone(st.Databases), i, i+1)
	}
}

// AddTable adds an empty table.
func AddTable(st *api.WorkerStats, db string, def *api.TableDef) {
	changeTables(st, db, func(tables []api.TableStats) []api.TableStats {
		if findTable(tables, def.Name) >= 0 {
			return tables
		}
		return append(tables, api.TableStats{Definition: *def})
	})
}

// AlterTable changes the definition of a table, if the change fits it.
func AlterTable(st *api.WorkerStats, db, name string, change *plan.TableChange) {
	changeTables(st, db, func(tables []api.TableStats) []api.TableStats {
		i := findTable(tables, name)
		if i < 0 {
			return tables
		}
		if after, _, p := change.Apply(&tables[i].Definition); p == nil {
			tables[i].Definition = *after
		}
		return tables
	})
}

// DropTable removes a table.
func DropTable(st *api.WorkerStats, db, name string) {
	changeTables(st, db, func(tables []api.TableStats) []api.TableStats {
		if i := findTable(tables, name); i >= 0 {
			return slices.Delete(tables, i, i+1)
		}
		return tables
	})
}

// FindTable returns a table of a worker's stats and whether the worker has its
// database at all.
func FindTable(st *api.WorkerStats, db, name string) (t *api.TableStats, hasDB bool) {
	i := findDatabase(st, db)
	if i < 0 {
		return nil, false
	}
	j := findTable(st.Databases[i].Tables, name)
	if j < 0 {
		return nil, true
	}
	return &st.Databases[i].Tables[j], true
}

// HasDatabase reports whether a worker has a database.
func HasDatabase(st *api.WorkerStats, name string) bool { return findDatabase(st, name) >= 0 }

func changeTables(st *api.WorkerStats, db string, change func([]api.TableStats) []api.TableStats) {
	i := findDatabase(st, db)
	if i < 0 {
		return
	}
	st.Databases = slices.Clone(st.Databases)
	st.Databases[i].Tables = change(slices.Clone(st.Databases[i].Tables))
}

// FindDatabase returns a database of a worker's stats, or nil.
func FindDatabase(st *api.WorkerStats, name string) *api.DatabaseStats {
	i := findDatabase(st, name)
	if i < 0 {
		return nil
	}
	return &st.Databases[i]
}

func findDatabase(st *api.WorkerStats, name string) int {
	return slices.IndexFunc(st.Databases, func(d api.DatabaseStats) bool { return api.SameName(d.Name, name) })
}

func findTable(tables []api.TableStats, name string) int {
	return slices.IndexFunc(tables, func(t api.TableStats) bool { return api.SameName(t.Definition.Name, name) })
}

// SameSchema reports whether two stats of a worker, nil for none, have the same
// databases and tables, whatever their rows and sizes.
func SameSchema(a, b *api.WorkerStats) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.EqualFunc(a.Databases, b.Databases, func(x, y api.DatabaseStats) bool {
		return x.Name == y.Name && slices.EqualFunc(x.Tables, y.Tables, func(s, t api.TableStats) bool {
			return sameDef(&s.Definition, &t.Definition)
		})
	})
}

func sameDef(a, b *api.TableDef) bool {
	return a.SameIndexes(b) && a.Name == b.Name && a.ShardKey == b.ShardKey && a.Distribution == b.Distribution && slices.Equal(a.Columns, b.Columns) &&
		slices.Equal(a.PrimaryKey, b.PrimaryKey) && slices.EqualFunc(a.Unique, b.Unique, slices.Equal[[]string])
}
