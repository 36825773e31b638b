package raw

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	lib "modernc.org/sqlite/lib"
)

func open(t *testing.T) *Conn {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "t.db"), Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func prepare(t *testing.T, c *Conn, sql string) *Stmt {
	t.Helper()
	s, err := c.Prepare(sql)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestATextIsExactlyOneStatementWithNumberedParameters(t *testing.T) {
	c := open(t)
	for _, sql := range []string{"", ";", "-- nothing", "SELECT 1; SELECT 2", "SELECT ?", "SELECT :p1", "SELECT @p0", "SELECT 1\x00", `SELECT "text"`} {
		if s, err := c.Prepare(sql); err == nil {
			t.Errorf("Prepare(%q) took it", sql)
			_ = s.Close()
		}
	}
	s := prepare(t, c, "SELECT @p2, @p1, @p2 ; ")
	if got := s.Params(); len(got) != 2 || got[0] != 2 || got[1] != 1 {
		t.Errorf("Params: %v", got)
	}
}

func TestValuesComeBackAsTheyWereBound(t *testing.T) {
	c := open(t)
	s := prepare(t, c, "SELECT @p1, typeof(@p1)")
	// The same statement again and again: longer, shorter, beyond what is kept.
	for _, v := range []string{"", "a", strings.Repeat("x", 100), "b\x00c", strings.Repeat("y", 3*keepBuffer), "ö"} {
		for kind, bind := range map[string]func(int, string) error{"text": s.BindText, "blob": s.BindBytes} {
			if err := bind(0, v); err != nil {
				t.Fatal(err)
			}
			if ok, err := s.Step(); !ok || err != nil {
				t.Fatal(ok, err)
			}
			if s.View(0) != v || s.View(1) != kind {
				t.Errorf("%s of %d bytes came back as %s of %d", kind, len(v), s.View(1), len(s.View(0)))
			}
			s.Reset()
		}
	}
}

func TestAFunctionsErrorIsTheStatementsCause(t *testing.T) {
	c := open(t)
	refusal := errors.New("no")
	if err := c.CreateFunction("refuse", 1, func([]Arg, *Result) error { return refusal }); err != nil {
		t.Fatal(err)
	}
	if err := c.Exec("SELECT refuse(1)"); !errors.Is(err, refusal) {
		t.Errorf("Exec: %v", err)
	}
	if err := c.Exec("SELECT * FROM nothing"); err == nil || errors.Is(err, refusal) {
		t.Errorf("the next error has the last one's cause: %v", err)
	}
}

func TestInterruptIsSafeAtAnyTime(t *testing.T) {
	c := open(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				c.Interrupt()
			}
		}
	})
	err := c.Exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
	if e, ok := errors.AsType[*Error](err); !ok || e.Primary() != lib.SQLITE_INTERRUPT {
		t.Errorf("Exec: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	c.Interrupt()
	close(stop)
	wg.Wait()
}
