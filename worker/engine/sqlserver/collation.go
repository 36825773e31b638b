package sqlserver

import (
	"context"
	"database/sql"
	"fmt"

	"shardeck/worker/engine/sqlserver/batch"
)

// chooseCollation returns the collation of new databases; "" means the server's own. Babelfish
// has no UTF-8 collations: its VARCHAR is limited to a code page.
func chooseCollation(ctx context.Context, db *sql.DB, cfg Config) (string, error) {
	want := cfg.Collation
	if want == "" {
		want = batch.PreferredCollation
	}
	var n int
	err := queryRow(ctx, db, batch.HasCollation(want)).Scan(&n)
	switch {
	case err != nil && (sqlNumber(err) == 0 || cfg.Collation != ""):
		return "", fmt.Errorf("look for the collation %s: %w", want, problem(err, batch.PhaseIdle))
	case n > 0 && batch.PlainName(want):
		return want, nil
	case cfg.Collation != "":
		return "", fmt.Errorf("the server has no collation %s: choose one that SELECT name FROM sys.fn_helpcollations() lists", want)
	}
	cfg.Logger.Warn("the server lacks the preferred collation; databases use the server's own, and VARCHAR may not support all characters",
		"missing", want)
	return "", nil
}
