package conformance

import (
	"strconv"

	"shardeck/worker/engine/enginetest"
)

// SQLServer is the dialect of workers over SQL Server.
func SQLServer() Dialect {
	d := enginetest.SQLServer()
	return Dialect{
		CreateTable: d.CreateTable,
		Output:      d.Output,
		Endless:     `SELECT CAST(n.i % 1000000 AS INT) FROM (` + d.Numbers(1<<60) + `) AS n`,
		FailsLate: func(n int) string {
			return `SELECT CAST(1 / (` + strconv.Itoa(n) + ` - "id") AS INT) FROM "Many" ORDER BY "id"`
		},
	}
}
