package service_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/shared/testcluster"
)

// TestARecreatedTableHasNoRowsOfItsPredecessor: a write that missed a shard is still unfinished when
// its table is dropped, and a table of the same definition created.
func TestARecreatedTableHasNoRowsOfItsPredecessor(t *testing.T) {
	p := newPair(t)
	m := p.master()
	s := newSchool(t, m, "School")
	const lost = 2
	p.a.refusing(func(worker int, path, body string) bool {
		return worker == lost && path == api.WorkerExecPath && strings.Contains(body, `"insert"`)
	})
	missed := 0
	for i := range 5 {
		req := &api.InsertRequest{DB: s.db, Table: "Students"}
		for id := range 30 {
			req.Rows = append(req.Rows, row(100*(i+1)+id, "Old"))
		}
		if _, err := m.Insert(t.Context(), req); api.CodeOf(err) == api.CodeOutcomeUnknown {
			missed++
		}
	}
	p.a.refusing(nil)
	if missed == 0 {
		t.Fatal("no write was left unfinished")
	}
	if _, err := m.DeleteTable(t.Context(), &api.DeleteTableRequest{DB: s.db, Table: "Students"}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.CreateTable(t.Context(), s.createTable()); err != nil {
		t.Fatal(err)
	}
	p.awaitEmptyLogs(s.db)
	if n := s.count(); n != 0 {
		t.Errorf("the new table has %d rows of the old one", n)
	}
}

// TestADelayedDropDBSparesTheSuccessor: a request to drop a database is delayed in the network.
// Meanwhile the drop is completed, and a database of the same name is created and filled. The
// request was sent by the same primary that completed the drop.
func TestADelayedDropDBSparesTheSuccessor(t *testing.T) {
	p := newPair(t)
	m := p.master()
	s := newSchool(t, m, "School")
	const slow = 1
	var mu sync.Mutex
	var delayed string
	p.a.refusing(func(worker int, path, body string) bool {
		mu.Lock()
		defer mu.Unlock()
		if worker != slow || path != api.WorkerDropDBPath || delayed != "" {
			return false
		}
		delayed = body
		return true
	})
	drop := &api.DropDBRequest{DB: s.db}
	if _, err := m.DropDB(t.Context(), drop); err == nil {
		t.Fatal("a drop that did not reach a shard succeeded")
	}
	testcluster.Await(t, "the drop to be complete", func(ctx context.Context) (bool, string) {
		_, err := m.DropDB(ctx, drop)
		return err == nil || api.CodeOf(err) == api.CodeUnknownDatabase, fmt.Sprint(err)
	})
	s = newSchool(t, m, "School")
	s.fill(30)
	mu.Lock()
	defer mu.Unlock()
	var req api.DBRequest
	if err := json.Unmarshal([]byte(delayed), &req); err != nil || req.DB != s.db {
		t.Fatalf("%q: %v", delayed, err)
	}
	if _, err := p.c.Worker(slow).DropDB(t.Context(), &req); api.CodeOf(err) != api.CodeStaleTerm {
		t.Errorf("the delayed request: %v", err)
	}
	if n := s.count(); n != 30 {
		t.Errorf("%d rows", n)
	}
}
