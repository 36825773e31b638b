package sqlserver

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sqlservertest"
	"shardeck/worker/engine/storage"
)

func TestAServerThatCannotBeReachedIsReported(t *testing.T) {
	const password = "pwd-of-sa"
	srv, err := parseServer("sqlserver://sa:"+password+"@127.0.0.1:1?encrypt=disable", poolOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{cfg: Config{}.withDefaults(), server: srv, state: srv.open("x"), health: storage.New(slog.New(slog.DiscardHandler))}
	defer e.state.Close()
	w := &watcher{e: e, server: e.health.Add(""), databases: map[string]*storage.Store{}}
	w.look(t.Context())
	got := e.Storage()
	if len(got) != 1 || got[0].Code != api.StorageUnreachable || strings.Contains(got[0].Detail, password) {
		t.Errorf("failures %+v, want unreachable without the password", got)
	}
	closed, cancel := context.WithCancel(t.Context())
	cancel()
	w.server.Heal(storage.Read)
	w.look(closed)
	if got := e.Storage(); len(got) != 0 {
		t.Errorf("failures %+v of an engine that is being closed", got)
	}
}

func TestADatabaseThatTheServerCannotReadIsReported(t *testing.T) {
	d := sqlservertest.New(t)
	e := openTest(t, d, d.Suffix(t), func(c *Config) { c.WatchEvery = 20 * time.Millisecond })
	school(t, e)
	db, err := e.database(t.Context(), "SchoolDB")
	if err != nil {
		t.Fatal(err)
	}
	rename := func(from, to string) {
		t.Helper()
		if _, err := db.pool.ExecContext(t.Context(), "EXEC sp_rename @from, @to", sql.Named("from", from), sql.Named("to", to)); err != nil {
			t.Fatal(err)
		}
	}
	await := func(want bool) {
		t.Helper()
		for all := e.Storage(); (len(all) > 0 && all[0].DB == "SchoolDB") != want; all = e.Storage() {
			if t.Context().Err() != nil {
				t.Fatalf("failures %+v", all)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	rename("dbo._sd_tables", "_sd_tables_away")
	await(true)
	rename("dbo._sd_tables_away", "_sd_tables")
	await(false)
}

func TestSettingTheClockNeitherRemovesNorKeepsRecords(t *testing.T) {
	d := sqlservertest.New(t)
	for name, jump := range map[string]time.Duration{"forward": 365 * 24 * time.Hour, "back": -365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			var wall, running atomic.Int64
			wall.Store(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).UnixNano())
			suffix := d.Suffix(t)
			set := func(c *Config) {
				c.Now = func() time.Time { return time.Unix(0, wall.Load()) }
				c.Running = func() time.Duration { return time.Duration(running.Load()) }
			}
			pass := func(by time.Duration) { wall.Add(int64(by)); running.Add(int64(by)) }
			e := openTest(t, d, suffix, set)
			school(t, e)
			keyed := func() *api.ExecResponse {
				t.Helper()
				resp, err := e.Exec(t.Context(), &api.ExecRequest{DB: "SchoolDB", Fence: term1, Idempotency: &api.Idempotency{Key: "k", Hash: "aa"},
					Statements: []api.Statement{insertStudents(`[1,null,7]`)}})
				if err != nil {
					t.Fatal(err)
				}
				return resp
			}
			keyed()
			wall.Add(int64(jump))
			pass(24*time.Hour - time.Minute)
			if !keyed().Replayed {
				t.Error("the record is gone before its time")
			}
			pass(2 * time.Minute)
			db, err := e.database(t.Context(), "SchoolDB")
			if err != nil {
				t.Fatal(err)
			}
			if n, err := db.prune(t.Context(), e.age()); n != 1 || err != nil {
				t.Errorf("%d records were removed (%v), want 1", n, err)
			}
		})
	}
}
