package sqlite_test

import (
	"testing"
	"time"

	"shardeck/worker/engine"
	"shardeck/worker/engine/enginetest"
	"shardeck/worker/engine/sqlite"
)

func TestSuite(t *testing.T) {
	enginetest.Run(t, enginetest.SQLite(), func(t *testing.T, dir string) engine.Engine {
		e, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Suffix: "GO", DropTimeout: 200 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
}
