package sqlite

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	lib "modernc.org/sqlite/lib"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlite/internal/raw"
)

func writerOf(t *testing.T, e *Engine) *writer {
	t.Helper()
	db, err := e.database("SchoolDB")
	if err != nil {
		t.Fatal(err)
	}
	return db.writer
}

func TestAFailedCommitSaysWhetherItMayHaveHappened(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		want api.Code
	}{
		"fsync":     {lib.SQLITE_IOERR_FSYNC, api.CodeOutcomeUnknown},
		"write":     {lib.SQLITE_IOERR_WRITE, api.CodeOutcomeUnknown},
		"disk full": {lib.SQLITE_FULL, api.CodeShardUnavailable},
		"busy":      {lib.SQLITE_BUSY, api.CodeOverloaded},
	} {
		t.Run(name, func(t *testing.T) {
			e := school(t, Config{})
			mustExec(t, e, request(insert(student(1))))
			w := writerOf(t, e)
			commit := w.commit
			w.commit = func() error { return &raw.Error{Code: c.code, Msg: name} }
			_, err := e.Exec(t.Context(), request(insert(student(2))))
			if api.CodeOf(err) != c.want {
				t.Errorf("Exec: %v, want %s", err, c.want)
			}
			w.commit = commit
			mustExec(t, e, request(insert(student(3))))
			if n, there := rowCount(t, e), len(rows(t, e, selectAll(""))); n != 2 || there != 2 {
				t.Errorf("%d rows counted, %d exist after the writer continued, want 2", n, there)
			}
		})
	}
}

// hold stops the writer before its next commit until the returned function is called.
func hold(t *testing.T, e *Engine) (begun <-chan struct{}, release func()) {
	w := writerOf(t, e)
	commit := w.commit
	started, free := make(chan struct{}, 1), make(chan struct{})
	w.commit = func() error {
		select {
		case started <- struct{}{}:
		default:
		}
		<-free
		return commit()
	}
	return started, func() { close(free) }
}

func TestAnAbandonedRequestIsNeverRun(t *testing.T) {
	e := school(t, Config{})
	begun, release := hold(t, e)
	first := make(chan error, 1)
	go func() {
		_, err := e.Exec(context.Background(), request(insert(student(1))))
		first <- err
	}()
	<-begun

	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan error, 1)
	go func() {
		_, err := e.Exec(ctx, request(insert(student(2))))
		cancelled <- err
	}()
	for len(writerOf(t, e).queue) == 0 {
		time.Sleep(time.Millisecond) // poll until it is in the queue, for lack of an event
	}
	cancel()
	if err := <-cancelled; api.CodeOf(err) != api.CodeCanceled {
		t.Errorf("cancelled: %v", err)
	}
	late := request(insert(student(3)))
	late.TimeoutMS = 1
	if _, err := e.Exec(t.Context(), late); api.CodeOf(err) != api.CodeOverloaded {
		t.Errorf("not begun in time: %v", err)
	}
	release()
	if err := <-first; err != nil {
		t.Error(err)
	}
	mustExec(t, e, request(insert(student(4))))
	if got := rows(t, e, selectAll("")); len(got) != 2 {
		t.Errorf("rows %v, want those of requests 1 and 4", got)
	}
}

func TestAFullQueueRefuses(t *testing.T) {
	e := school(t, Config{Dir: t.TempDir(), Suffix: "GO", QueueLength: 1})
	begun, release := hold(t, e)
	outcomes := make(chan error, 2)
	exec := func(id int) {
		_, err := e.Exec(context.Background(), request(insert(student(id))))
		outcomes <- err
	}
	go exec(1)
	<-begun
	go exec(2)
	for len(writerOf(t, e).queue) == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, err := e.Exec(t.Context(), request(insert(student(3)))); api.CodeOf(err) != api.CodeOverloaded {
		t.Errorf("Exec with a full queue: %v", err)
	}
	release()
	if err := errors.Join(<-outcomes, <-outcomes); err != nil {
		t.Error(err)
	}
	if w := writerOf(t, e); w.bytes.Load() != 0 {
		t.Errorf("the queue still accounts for %d bytes", w.bytes.Load())
	}
}

func TestTimeoutMSBoundsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := newPending(request(insert(student(1))), time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := p.wait(t.Context(), time.Minute); api.CodeOf(err) != api.CodeOverloaded {
			t.Errorf("wait: %v", err)
		}
		if d := time.Since(start); d != time.Minute {
			t.Errorf("waited %s", d)
		}
		if p.begin() {
			t.Error("the writer ran an abandoned request")
		}
	})
}

func TestSchemaIsCheckedInTheTransaction(t *testing.T) {
	e := school(t, Config{})
	stale := insert(student(1))
	stale.SchemaVersion = "0123456789abcdef"
	unknown := insert(student(1))
	unknown.Table = "Teachers"
	for name, c := range map[string]struct {
		st   api.Statement
		want api.Code
	}{
		"another version":  {stale, api.CodeStaleSchema},
		"no such table":    {unknown, api.CodeUnknownTable},
		"table exists":     {createStudents(), api.CodeTableExists},
		"drop of no table": {api.Statement{SQL: `DROP TABLE "Teachers"`, Table: "Teachers", Effect: api.EffectDropTable}, api.CodeUnknownTable},
		"not SQL":          {api.Statement{SQL: `INSERTO "Students"`, Table: "Students", Effect: api.EffectInsert, SchemaVersion: studentsDef.Version()}, api.CodeSyntax},
	} {
		if _, err := e.Exec(t.Context(), request(c.st)); api.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	mustExec(t, e, request(api.Statement{SQL: `DROP TABLE "Students"`, Table: "students", Effect: api.EffectDropTable, SchemaVersion: studentsDef.Version()}))
	if _, err := e.Exec(t.Context(), request(insert(student(1)))); api.CodeOf(err) != api.CodeUnknownTable {
		t.Errorf("insert into a dropped table: %v", err)
	}
	err := e.Query(t.Context(), selectAll(""), func([]byte) error { return nil })
	if api.CodeOf(err) != api.CodeUnknownTable {
		t.Errorf("select from a dropped table: %v", err)
	}
	mustExec(t, e, request(createStudents()))
	mustExec(t, e, request(insert(student(1))))
}

func TestStatementsThatAccessMoreThanTheirTableAreRefused(t *testing.T) {
	e := school(t, Config{})
	mustExec(t, e, request(insert(student(1))))
	for _, sql := range []string{
		`COMMIT`,
		`ROLLBACK`,
		`SAVEPOINT x`,
		`PRAGMA synchronous = OFF`,
		`ATTACH 'other.db' AS other`,
		`UPDATE _sd_tables SET rows = 99`,
		`DELETE FROM "_sd_idempotency"`,
		`DELETE FROM "Students" WHERE "student_id" IN (SELECT rows FROM _sd_tables)`,
		`DELETE FROM "Students"; DELETE FROM "Students"`,
		`SELECT 1`,
		``,
	} {
		st := api.Statement{SQL: sql, Table: "Students", Effect: api.EffectUpdate, SchemaVersion: studentsDef.Version()}
		_, err := e.Exec(t.Context(), request(st))
		if c := api.CodeOf(err); c != api.CodeForbidden && c != api.CodeSyntax && c != api.CodeInvalidField {
			t.Errorf("Exec %q: %v", sql, err)
		}
		err = e.Query(t.Context(), &api.QueryRequest{DB: "SchoolDB", SQL: sql, ResultTypes: []string{"INT"}}, func([]byte) error { return nil })
		if c := api.CodeOf(err); sql != `SELECT 1` && c != api.CodeForbidden && c != api.CodeSyntax && c != api.CodeInvalidField {
			t.Errorf("Query %q: %v", sql, err)
		}
	}
	if n := len(rows(t, e, selectAll(""))); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}
