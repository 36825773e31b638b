package sqlserver

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlserver/batch"
)

// Stats implements engine.Engine. It is one round trip for all databases, and reads a few rows
// per table, as counts are maintained by writes.
func (e *Engine) Stats(ctx context.Context) ([]api.DatabaseStats, error) {
	if err := e.admit(ctx); err != nil {
		return nil, err
	}
	// If another process drops a database between the two queries, the second one fails: then both
	// are retried.
	for try := 1; ; try++ {
		all, err := e.stats(ctx)
		if err == nil || try == batch.SchemaTries || ctx.Err() != nil {
			return all, problemOrNil(err)
		}
	}
}

func (e *Engine) stats(ctx context.Context) ([]api.DatabaseStats, error) {
	records, err := e.records(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]api.DatabaseStats, 0, len(records))
	for _, r := range records {
		if r.state == batch.RecordReady {
			all = append(all, api.DatabaseStats{Name: r.name, Physical: r.physical, Tables: []api.TableStats{}})
		}
	}
	slices.SortFunc(all, func(a, b api.DatabaseStats) int { return strings.Compare(a.Name, b.Name) })
	if len(all) == 0 {
		return all, nil
	}
	if err := e.tableStats(ctx, all); err != nil {
		return nil, err
	}
	e.sizes(ctx, all)
	return all, nil
}

// tableStats adds the tables of all databases.
func (e *Engine) tableStats(ctx context.Context, all []api.DatabaseStats) error {
	physical := make([]string, len(all))
	for i := range all {
		physical[i] = all[i].Physical
	}
	rows, err := e.state.QueryContext(ctx, batch.TableStats(physical).Text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var definition string
		var ts api.TableStats
		if err := rows.Scan(&i, &definition, &ts.Rows); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(definition), &ts.Definition); err != nil {
			return fmt.Errorf("the definition of a table of %s: %w", all[i].Physical, err)
		}
		all[i].Tables = append(all[i].Tables, ts)
	}
	for i := range all {
		slices.SortFunc(all[i].Tables, func(a, b api.TableStats) int { return strings.Compare(a.Definition.Name, b.Definition.Name) })
	}
	return rows.Err()
}

// sizes adds the sizes of the databases' files, if the server allows the worker's login to see
// them. Babelfish has none.
func (e *Engine) sizes(ctx context.Context, all []api.DatabaseStats) {
	rows, err := e.state.QueryContext(ctx, batch.FileSizes().Text)
	if err != nil {
		e.cfg.Logger.Debug("the server does not report file sizes", "error", err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var name sql.NullString
		var size sql.NullInt64
		if rows.Scan(&name, &size) != nil {
			return
		}
		for i := range all {
			if strings.EqualFold(all[i].Physical, name.String) {
				all[i].SizeBytes = size.Int64
			}
		}
	}
}
