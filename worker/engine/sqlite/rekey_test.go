package sqlite

import (
	"fmt"
	"testing"

	"shardeck/shared/api"
)

func shift(where string) api.Statement {
	return api.Statement{
		SQL: `UPDATE "Students" SET "student_id" = "student_id" + 1 WHERE ` + where, Table: "Students",
		Effect: api.EffectUpdate, SchemaVersion: studentsDef.Version(),
	}
}

// tempPages stops the writer, which owns its connection until then (it also checkpoints between
// requests), and returns the number of pages in its temporary tables.
func tempPages(t *testing.T, w *writer) int64 {
	t.Helper()
	w.stop()
	s, err := w.conn.Prepare("PRAGMA temp.page_count")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Step(); err != nil {
		t.Fatal(err)
	}
	return s.Int(0)
}

// filledSchool has students 1 to n.
func filledSchool(t *testing.T, n int) *Engine {
	t.Helper()
	e := school(t, Config{})
	all := make([]string, n)
	for i := range all {
		all[i] = student(i + 1)
	}
	mustExec(t, e, request(insert(all...)))
	return e
}

func TestTheMemoryOfMovingKeysIsBounded(t *testing.T) {
	const n = 5000
	e := filledSchool(t, n)
	w := writerOf(t, e)
	w.rekeyPages = 20
	_, err := e.Exec(t.Context(), request(insert(student(n+100)), shift(fmt.Sprintf("student_id <= %d", n))))
	if api.CodeOf(err) != api.CodeTooComplex {
		t.Fatalf("moving %d rows in 80 KiB: %v, want too_complex", n, err)
	}
	if got := rowCount(t, e); got != n || len(rows(t, e, selectAll(""))) != n {
		t.Errorf("%d rows after the refusal, want %d", got, n)
	}
	// The writer continues to work, also for an update that fits.
	if resp := mustExec(t, e, request(shift(fmt.Sprintf("student_id > %d", n-100)))); resp.RowsAffected[0] != 100 {
		t.Errorf("%d rows moved, want 100", resp.RowsAffected[0])
	}
}

func TestMovingKeysFreesItsMemory(t *testing.T) {
	const n = 5000
	e := filledSchool(t, n)
	for range 3 {
		if resp := mustExec(t, e, request(shift("1 = 1"))); resp.RowsAffected[0] != n {
			t.Fatalf("%+v", resp)
		}
	}
	if got := tempPages(t, writerOf(t, e)); got > 4 {
		t.Errorf("%d pages of memory are held after the rows were moved", got)
	}
	if got := rows(t, e, selectAll(`WHERE "student_id" IN (3, 4, 5003)`)); len(got) != 2 {
		t.Errorf("%q, want the rows 4 and %d", got, n+3)
	}
}
