package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// batchRows is the number of rows per insert.
const batchRows = 500

// createSchema creates the database and the table. Both may exist already, from an
// earlier demo in the same directory.
func createSchema(ctx context.Context, m *client.Master) (db, table *api.DDLResponse, err error) {
	db, err = m.CreateDB(ctx, &api.CreateDBRequest{DB: demoDB})
	if err != nil && api.CodeOf(err) != api.CodeDatabaseExists {
		return nil, nil, fmt.Errorf("creating %s: %w", demoDB, err)
	}
	table, err = m.CreateTable(ctx, &api.CreateTableRequest{DB: demoDB, Table: demoTable, Columns: studentColumns()})
	if err != nil && api.CodeOf(err) != api.CodeTableExists {
		return nil, nil, fmt.Errorf("creating %s.%s: %w", demoDB, demoTable, err)
	}
	return db, table, nil
}

// Loaded is the result of a load.
type Loaded struct {
	Found    int64 // rows that already existed; if there were any, nothing was loaded
	Rows     int64
	PerShard [workerCount]int64
	Took     time.Duration
}

// Load creates the table of students and fills it with the given number of them, always
// the same ones, unless it already has rows.
func (c *Cluster) Load(ctx context.Context, rows int, progress func(done, total int)) (Loaded, error) {
	primary, err := c.primary(ctx)
	if err != nil {
		return Loaded{}, err
	}
	if _, _, err := createSchema(ctx, primary); err != nil {
		return Loaded{}, err
	}
	before, err := primary.Count(ctx, &api.MapReduceCountRequest{DB: demoDB, Table: demoTable})
	if err != nil {
		return Loaded{}, fmt.Errorf("counting the existing rows: %w", err)
	}
	if before.Total > 0 {
		return Loaded{Found: before.Total}, nil
	}
	students := newGenerator(sampleSeed, firstStudentID).batch(rows)
	return loadStudents(ctx, primary, students, func(done int) { progress(done, rows) })
}

// loadStudents inserts the students in batches through the public API and reports the
// progress after each.
func loadStudents(ctx context.Context, m *client.Master, students []student, progress func(done int)) (Loaded, error) {
	began := time.Now()
	var sum Loaded
	done := 0
	for batch := range slices.Chunk(students, batchRows) {
		req := &api.InsertRequest{DB: demoDB, Table: demoTable, Rows: make([]api.Object[jsontext.Value], 0, len(batch))}
		for i := range batch {
			req.Rows = append(req.Rows, batch[i].row())
		}
		resp, err := m.Insert(ctx, req)
		if err != nil {
			return sum, fmt.Errorf("inserting students %d to %d of %d: %w", done+1, done+len(batch), len(students), err)
		}
		sum.Rows += resp.RowsAffected
		for _, s := range resp.Shards {
			if s.Shard >= 0 && s.Shard < workerCount {
				sum.PerShard[s.Shard] += s.Rows
			}
		}
		done += len(batch)
		progress(done)
	}
	sum.Took = time.Since(began)
	return sum, nil
}
