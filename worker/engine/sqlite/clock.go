package sqlite

import (
	"errors"
	"time"

	"shardeck/worker/engine/sqlite/internal/raw"
)

// clock is the running time of a database: how long workers have had it open, by their monotonic
// clocks. It is stored in the file along with other writes, at most once a minute: what is not
// stored when a worker is killed only makes records live longer.
type clock struct {
	base    time.Duration // as stored when the file was opened
	opened  time.Duration // running() at that time
	running func() time.Duration
	saved   time.Duration
}

const saveClockEvery = time.Minute

func openClock(conn *raw.Conn, running func() time.Duration) (clock, error) {
	c := clock{running: running, opened: running()}
	s, err := conn.Prepare("SELECT ran FROM _sd_database WHERE id = 1")
	if err != nil {
		return c, err
	}
	if _, err = s.Step(); err == nil {
		c.base = time.Duration(s.Int(0)) * time.Millisecond
		c.saved = c.base
	}
	return c, errors.Join(err, s.Close())
}

func (c *clock) ran() time.Duration { return c.base + c.running() - c.opened }

func (c *clock) due() bool { return c.ran() >= c.saved+saveClockEvery }

// saveClock stores the running time in the open transaction, or one of its own. If that is rolled
// back, it is stored a minute later.
func (w *writer) saveClock() error {
	ran := max(w.clock.ran(), w.clock.saved+time.Millisecond) // SQLite does not write what is unchanged
	if err := w.own.setRan.BindInt(0, ran.Milliseconds()); err != nil {
		return err
	}
	w.clock.saved = ran
	return w.own.setRan.Run()
}

// addRunningTime adds what files of earlier versions lack. Earlier versions can still use the
// file; records that have no running time expire as if they were made now.
func addRunningTime(conn *raw.Conn) error {
	s, err := conn.Prepare("SELECT count(*) FROM pragma_table_info('_sd_database') WHERE name = 'ran'")
	if err != nil {
		return err
	}
	_, err = s.Step()
	has := err == nil && s.Int(0) > 0
	if err = errors.Join(err, s.Close()); err != nil || has {
		return err
	}
	for _, sql := range []string{
		"BEGIN IMMEDIATE",
		"ALTER TABLE _sd_database ADD COLUMN ran INTEGER NOT NULL DEFAULT 0",
		"ALTER TABLE _sd_idempotency ADD COLUMN ran INTEGER NOT NULL DEFAULT 0",
		"COMMIT",
	} {
		if err := conn.Exec(sql); err != nil {
			return err
		}
	}
	return nil
}
