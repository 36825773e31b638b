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

func TestPrepareRequiresOneStatementWithNumberedParameters(t *testing.T) {
	c := open(t)
	for _, sql := range []string{"", ";", "-- nothing", "SELECT 1; SELECT 2", "SELECT ?", "SELECT :p1", "SELECT @p0", "SELECT 1\x00", `SELECT "text"`} {
		if s, err := c.Prepare(sql); err == nil {
			t.Errorf("Prepare(%q) accepted it", sql)
			_ = s.Close()
		}
	}
	s := prepare(t, c, "SELECT @p2, @p1, @p2 ; ")
	if got := s.Params(); len(got) != 2 || got[0] != 2 || got[1] != 1 {
		t.Errorf("Params: %v", got)
	}
}

func TestBoundValuesRoundTrip(t *testing.T) {
	c := open(t)
	s := prepare(t, c, "SELECT @p1, typeof(@p1)")
	// The same statement again and again: longer, shorter, above the size that is kept.
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
		t.Errorf("the next error has the previous one's cause: %v", err)
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

// longest is an aggregate for the tests below.
type longest struct{ text string }

var errTooLong = errors.New("too long")

func (l *longest) Step(args []Arg) error {
	if v := args[0].View(); len(v) > len(l.text) {
		l.text = strings.Clone(v)
	}
	if len(l.text) > 5 {
		return errTooLong
	}
	return nil
}

func (l *longest) Final(r *Result) error {
	if len(l.text) == 5 {
		return errTooLong
	}
	r.Text(l.text)
	return nil
}

func openLongest(t *testing.T) *Conn {
	t.Helper()
	c := open(t)
	if err := c.CreateAggregate("longest", 1, func() Aggregate { return &longest{} }); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnAggregateSeesOnlyItsGroup(t *testing.T) {
	c := openLongest(t)
	s := prepare(t, c, `WITH v(k, x) AS (VALUES (2, 'b'), (1, 'aaa'), (2, 'bb'), (1, 'a'), (3, ''))
		SELECT longest(x), (SELECT longest(x) FROM v WHERE k > 3) FROM v GROUP BY k ORDER BY k`)
	var got []string
	for {
		more, err := s.Step()
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
		got = append(got, s.View(0)+"/"+s.View(1))
	}
	s.Reset()
	if diff := strings.Join(got, " "); diff != "aaa/ bb/ /" {
		t.Errorf("got %q", diff)
	}
	if len(c.groups) != 0 {
		t.Errorf("%d groups are left", len(c.groups))
	}
}

func TestAnAggregatesErrorIsTheStatementsCauseAndLeavesNothing(t *testing.T) {
	c := openLongest(t)
	for _, sql := range []string{
		"SELECT longest(x) FROM (SELECT 'ab' AS x UNION ALL SELECT 'abcdef' UNION ALL SELECT 'abc')",           // in Step
		"SELECT longest(x) FROM (SELECT 'ab' AS x UNION ALL SELECT 'abcde')",                                   // in Final
		"SELECT longest(x), longest(x || 'abcdef'), longest('abcde') FROM (SELECT 'ab' AS x UNION SELECT 'c')", // of two in one group
	} {
		if err := c.Exec(sql); !errors.Is(err, errTooLong) {
			t.Errorf("%s: %v", sql, err)
		}
		if err := c.Exec("SELECT * FROM nothing"); err == nil || errors.Is(err, errTooLong) {
			t.Errorf("the next error has the previous one's cause: %v", err)
		}
		if len(c.groups) != 0 {
			t.Errorf("%s: %d groups are left", sql, len(c.groups))
		}
	}
}

// A statement that is reset or closed midway leaves behind no group and no cause.
func TestAnUnfinishedAggregateIsReleased(t *testing.T) {
	c := openLongest(t)
	if err := c.CreateFunction("refuse_c", 1, func(args []Arg, _ *Result) error {
		if args[0].View() == "c" {
			return errors.New("c")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, end := range []func(*Stmt) error{
		func(s *Stmt) error { s.Reset(); return s.Close() },
		(*Stmt).Close,
	} {
		// Two groups by key order: the second one fails in the middle.
		s, err := c.Prepare(`SELECT k, longest(x), max(refuse_c(x)) FROM (
			SELECT 1 AS k, 'a' AS x UNION ALL SELECT 2, 'abcde' UNION ALL SELECT 2, 'c') GROUP BY k ORDER BY k`)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = s.Step()
		}
		if errors.Is(err, errTooLong) {
			t.Errorf("the cause is that of a discarded group: %v", err)
		}
		_ = end(s)
		if len(c.groups) != 0 || c.funcErr != nil {
			t.Errorf("left behind: %d groups, cause %v", len(c.groups), c.funcErr)
		}
	}
}

func TestClosingAConnectionReleasesItsFunctions(t *testing.T) {
	before := len(callbacks.funcs)
	c := openLongest(t)
	if len(callbacks.funcs) != before+1 {
		t.Fatalf("%d functions, want %d", len(callbacks.funcs), before+1)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if len(callbacks.funcs) != before {
		t.Errorf("%d functions are left of %d", len(callbacks.funcs), before)
	}
}
