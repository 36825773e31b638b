package sqlite

import (
	"container/list"
	"errors"
	"strings"

	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// cachedStatements is how many prepared statements a connection caches.
const cachedStatements = 128

// prepared is a cached statement with its user's data.
type prepared struct {
	*raw.Stmt
	sql   string
	shape shape // of a query's result; unused by the writer
}

// stmtCache caches a connection's most recent statements by text.
type stmtCache struct {
	conn  *raw.Conn
	guard *guard
	bySQL map[string]*list.Element
	order list.List // of *prepared, most recent first
}

func newStmtCache(conn *raw.Conn, g *guard) *stmtCache {
	return &stmtCache{conn: conn, guard: g, bySQL: map[string]*list.Element{}}
}

// get returns the statement for a text, preparing it if needed.
func (c *stmtCache) get(sql string) (*prepared, error) {
	if el, ok := c.bySQL[sql]; ok {
		c.order.MoveToFront(el)
		return el.Value.(*prepared), nil
	}
	s, err := c.guard.prepare(c.conn, sql)
	if err != nil {
		return nil, err
	}
	p := &prepared{Stmt: s, sql: sql}
	c.bySQL[sql] = c.order.PushFront(p)
	for c.order.Len() > cachedStatements {
		if err := c.evict(c.order.Back()); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (c *stmtCache) evict(el *list.Element) error {
	p := c.order.Remove(el).(*prepared)
	delete(c.bySQL, p.sql)
	return p.Close()
}

// clear closes all statements.
func (c *stmtCache) clear() error {
	var err error
	for c.order.Len() > 0 {
		if e := c.evict(c.order.Front()); err == nil {
			err = e
		}
	}
	return err
}

// guard refuses statements that access more than the users' tables. It only applies while a
// request's text is prepared, so that the engine's own statements may do anything, even if SQLite
// recompiles them after a schema change.
type guard struct {
	on bool
	// alters is set while the text of an alter_table is prepared, and altered if that is what it says.
	alters, altered bool
}

func newGuard(conn *raw.Conn) *guard {
	g := &guard{}
	conn.Authorize(func(a raw.Action) bool { return !g.on || g.allows(a) })
	return g
}

// alteration prepares the text of an alter_table.
func (g *guard) alteration(conn *raw.Conn, sql string) (*raw.Stmt, error) {
	g.alters, g.altered = true, false
	defer func() { g.alters = false }()
	s, err := g.prepare(conn, sql)
	if err == nil && !g.altered {
		return nil, errors.Join(contract.ChangesNothing(), s.Close())
	}
	return s, err
}

func (g *guard) prepare(conn *raw.Conn, sql string) (*raw.Stmt, error) {
	g.on = true
	defer func() { g.on = false }()
	return conn.Prepare(sql)
}

func (g *guard) allows(a raw.Action) bool {
	switch a.Op {
	case raw.ActionAttach, raw.ActionDetach, raw.ActionPragma, raw.ActionTransaction, raw.ActionSavepoint:
		return false
	case raw.ActionAlterTable: // the first argument is the name of the database
		g.altered = true
		return g.alters && !reservedTable(a.Arg2)
	case raw.ActionCreateIndex, raw.ActionDropIndex: // the first argument is the name of the index
		g.altered = true
		return !reservedTable(a.Arg2)
	case raw.ActionInsert, raw.ActionUpdate, raw.ActionDelete, raw.ActionCreateTable, raw.ActionDropTable:
		// SQLite changes tables of its own on the way.
		return !reservedTable(a.Arg1) && (!g.alters || strings.HasPrefix(a.Arg1, "sqlite_"))
	case raw.ActionRead:
		return !reservedTable(a.Arg1)
	}
	return true
}
