package sqlite

import (
	"fmt"
	"testing"
)

func TestTheStatementCacheIsBoundedAndKeepsTheMostRecent(t *testing.T) {
	conn, err := openConn(t.TempDir()+"/t.db", 1, readerCache)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := newStmtCache(conn, newGuard(conn))
	first, err := c.get("SELECT 0")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * cachedStatements {
		if _, err := c.get(fmt.Sprintf("SELECT %d", i)); err != nil {
			t.Fatal(err)
		}
		if again, err := c.get("SELECT 0"); err != nil || again != first {
			t.Fatal("a statement in use was evicted", err)
		}
	}
	if n := len(c.bySQL); n != cachedStatements || c.order.Len() != n {
		t.Errorf("%d statements are kept, want %d", n, cachedStatements)
	}
	if err := c.clear(); err != nil {
		t.Error(err)
	}
}
