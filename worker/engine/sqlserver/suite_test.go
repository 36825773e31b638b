package sqlserver_test

import (
	"log/slog"
	"testing"
	"time"

	"shardeck/shared/sqlservertest"
	"shardeck/worker/engine"
	"shardeck/worker/engine/enginetest"
	"shardeck/worker/engine/sqlserver"
)

func TestSuite(t *testing.T) {
	databases := sqlservertest.New(t)
	enginetest.Run(t, enginetest.SQLServer(), func(t *testing.T, dir string) engine.Engine {
		e, err := sqlserver.Open(t.Context(), sqlserver.Config{
			DSN: databases.DSN(), Suffix: databases.At(t, dir),
			Logger:      slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
			DropTimeout: 2 * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
}
