package bench

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the baselines use the driver that the embedded engine uses
)

// rawDB is a plain SQLite file with the students table, opened with the same durability
// as a worker's, but without anything of Shardeck's.
type rawDB struct {
	*sql.DB
	path string
}

func openRaw(ctx context.Context, dir, name string) (*rawDB, error) {
	path := filepath.Join(dir, name)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, `CREATE TABLE students (
		student_id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, email TEXT, gpa TEXT, enrolled TEXT)`)
	if err != nil {
		db.Close()
		return nil, err
	}
	return &rawDB{DB: db, path: path}, nil
}

const rawInsert = `INSERT INTO students (student_id, name, email, gpa, enrolled) VALUES (?, ?, ?, ?, ?)`

// fsyncInserts inserts one row per transaction for d and returns rows per second: the
// cost of durability without group commit.
func (r *rawDB) fsyncInserts(ctx context.Context, from int, d time.Duration) (float64, error) {
	stmt, err := r.PrepareContext(ctx, rawInsert)
	if err != nil {
		return 0, err
	}
	defer stmt.Close()
	start := time.Now()
	n := 0
	for ; time.Since(start) < d; n++ {
		if _, err := stmt.ExecContext(ctx, student(from+n).args()...); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(start).Seconds(), nil
}

// bulk inserts rows [from, to) in one transaction and returns rows per second.
// The rows are built before the clock starts.
func (r *rawDB) bulk(ctx context.Context, from, to int) (float64, error) {
	rows := make([][]any, 0, to-from)
	for i := from; i < to; i++ {
		rows = append(rows, student(i).args())
	}
	start := time.Now()
	tx, err := r.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() // after Commit this does nothing
	stmt, err := tx.PrepareContext(ctx, rawInsert)
	if err != nil {
		return 0, err
	}
	defer stmt.Close()
	for _, row := range rows {
		if _, err := stmt.ExecContext(ctx, row...); err != nil {
			return 0, err
		}
	}
	if err := tx.Commit(); err != nil {
		return 0, err
	}
	return float64(to-from) / time.Since(start).Seconds(), nil
}

// count runs SELECT COUNT(*) once and returns counts per second.
func (r *rawDB) count(ctx context.Context, want int) (float64, error) {
	start := time.Now()
	var n int
	if err := r.QueryRowContext(ctx, `SELECT COUNT(*) FROM students`).Scan(&n); err != nil {
		return 0, err
	}
	if n != want {
		return 0, fmt.Errorf("the raw file has %d rows, not %d", n, want)
	}
	return 1 / time.Since(start).Seconds(), nil
}

// scan reads every column of every row and returns rows per second.
func (r *rawDB) scan(ctx context.Context, want int) (float64, error) {
	start := time.Now()
	rows, err := r.QueryContext(ctx, `SELECT student_id, name, email, gpa, enrolled FROM students`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var id int64
		var name, email, gpa, enrolled string
		if err := rows.Scan(&id, &name, &email, &gpa, &enrolled); err != nil {
			return 0, err
		}
		n++
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if n != want {
		return 0, fmt.Errorf("the raw file has %d rows, not %d", n, want)
	}
	return float64(n) / time.Since(start).Seconds(), nil
}
