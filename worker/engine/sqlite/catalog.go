package sqlite

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// formatVersion is the version of the engine's own tables.
const formatVersion = 1

// metaTables are the engine's own tables in every database. Idempotency records have a sequence
// number so that the oldest are found without an index on time. The columns ran, which files of
// earlier versions lack, are explained in clock.go.
var metaTables = []string{
	`CREATE TABLE _sd_database (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, format INTEGER NOT NULL,
		ran INTEGER NOT NULL DEFAULT 0)`,
	`CREATE TABLE _sd_tables (name TEXT PRIMARY KEY, definition TEXT NOT NULL, rows INTEGER NOT NULL CHECK (rows >= 0)) WITHOUT ROWID`,
	`CREATE TABLE _sd_idempotency (
		seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, hash TEXT NOT NULL, response TEXT NOT NULL, at INTEGER NOT NULL,
		ran INTEGER NOT NULL DEFAULT 0)`,
}

// reservedTable begins the names of the engine's and of SQLite's own tables.
func reservedTable(name string) bool {
	return strings.HasPrefix(name, api.ReservedPrefix)
}

// catalog describes a database's tables. It is immutable except for the row counts.
type catalog struct {
	tables map[string]*table // keyed by lower-case name
}

// table is one table. rows is the committed count.
type table struct {
	key     string // its name in lower case
	def     api.TableDef
	version string
	rows    atomic.Int64
}

func newTable(def api.TableDef, rows int64) *table {
	t := &table{key: strings.ToLower(def.Name), def: def, version: def.Version()}
	t.rows.Store(rows)
	return t
}

func (c *catalog) table(name string) *table {
	if t, ok := c.tables[name]; ok { // names already in lower case, and the first attempt
		return t
	}
	return c.tables[strings.ToLower(name)]
}

func (c *catalog) with(t *table) *catalog {
	m := maps.Clone(c.tables)
	m[t.key] = t
	return &catalog{tables: m}
}

func (c *catalog) without(t *table) *catalog {
	m := maps.Clone(c.tables)
	delete(m, t.key)
	return &catalog{tables: m}
}

func (c *catalog) stats() []api.TableStats {
	all := make([]api.TableStats, 0, len(c.tables))
	for _, t := range c.tables {
		all = append(all, api.TableStats{Definition: t.def, Rows: t.rows.Load()})
	}
	slices.SortFunc(all, func(a, b api.TableStats) int { return strings.Compare(a.Definition.Name, b.Definition.Name) })
	return all
}

// expect returns the table if it matches what a request was built for.
func (c *catalog) expect(name, version string) (*table, *api.Problem) {
	t := c.table(name)
	if t == nil {
		return nil, contract.UnknownTable(name)
	}
	if t.version != version {
		return nil, contract.StaleSchema(t.def.Name, t.version, version)
	}
	return t, nil
}

func loadCatalog(conn *raw.Conn) (*catalog, error) {
	s, err := conn.Prepare("SELECT name, definition, rows FROM _sd_tables")
	if err != nil {
		return nil, err
	}
	c := &catalog{tables: map[string]*table{}}
	for {
		more, err := s.Step()
		if err != nil || !more {
			return c, errors.Join(err, s.Close())
		}
		var def api.TableDef
		if err := json.Unmarshal([]byte(s.View(1)), &def); err != nil {
			return nil, errors.Join(fmt.Errorf("the definition of table %s: %w", s.View(0), err), s.Close())
		}
		t := newTable(def, s.Int(2))
		c.tables[t.key] = t
	}
}
