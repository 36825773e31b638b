package sqlite

import (
	"errors"

	"github.com/go-json-experiment/json"

	"shardeck/worker/engine/contract"
)

// createTable runs a CREATE TABLE and records the definition.
func (g *group) createTable(st *contract.Statement) error {
	if t := g.catalog.table(st.Table); t != nil {
		return contract.TableExists(t.def.Name)
	}
	if err := g.run(st.SQL); err != nil {
		return err
	}
	t := newTable(*st.Definition, 0)
	def, err := json.Marshal(&t.def)
	if err != nil {
		return err
	}
	s := g.w.own.addTable
	if err := errors.Join(s.BindText(0, t.key), s.BindText(1, string(def))); err != nil {
		return err
	}
	if err := s.Run(); err != nil {
		return err
	}
	g.catalog = g.catalog.with(t)
	return nil
}

// alterTable runs an ALTER TABLE ... ADD, CREATE INDEX or DROP INDEX and replaces the definition.
func (g *group) alterTable(st *contract.Statement) error {
	old, problem := g.catalog.expect(st.Table, st.SchemaVersion)
	if problem != nil {
		return problem
	}
	change, err := g.w.cache.guard.alteration(g.w.conn, st.SQL)
	if err == nil {
		err = errors.Join(change.Run(), change.Close())
	}
	if err != nil {
		return err
	}
	t := newTable(*st.Definition, old.rows.Load())
	def, err := json.Marshal(&t.def)
	if err != nil {
		return err
	}
	s := g.w.own.setDefinition
	// @p2 comes first in the text.
	if err := errors.Join(s.BindText(0, string(def)), s.BindText(1, t.key)); err != nil {
		return err
	}
	if err := s.Run(); err != nil {
		return err
	}
	g.catalog = g.catalog.with(t)
	return nil
}

// dropTable runs a DROP TABLE and deletes the definition.
func (g *group) dropTable(st *contract.Statement) error {
	version := st.SchemaVersion
	if t := g.catalog.table(st.Table); t != nil && version == "" {
		version = t.version
	}
	t, problem := g.catalog.expect(st.Table, version)
	if problem != nil {
		return problem
	}
	if err := g.run(st.SQL); err != nil {
		return err
	}
	s := g.w.own.dropTable
	if err := s.BindText(0, t.key); err != nil {
		return err
	}
	if err := s.Run(); err != nil {
		return err
	}
	g.catalog = g.catalog.without(t)
	return nil
}

// run prepares and runs a request's statement once, without caching it.
func (g *group) run(sql string) error {
	s, err := g.w.cache.guard.prepare(g.w.conn, sql)
	if err != nil {
		return err
	}
	return errors.Join(s.Run(), s.Close())
}
