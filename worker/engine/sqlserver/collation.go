package sqlserver

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// preferredCollation is the collation of new databases if the server has it, as SQL Server does
// since 2019: case-insensitive, accent-sensitive, with VARCHAR in UTF-8.
const preferredCollation = "Latin1_General_100_CI_AS_KS_WS_SC_UTF8"

// chooseCollation returns the collation of new databases; "" means the server's own. Babelfish
// has no UTF-8 collations: its VARCHAR is limited to a code page.
func chooseCollation(ctx context.Context, db *sql.DB, cfg Config) (string, error) {
	want := cfg.Collation
	if want == "" {
		want = preferredCollation
	}
	var n int
	err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM sys.fn_helpcollations() WHERE name = @name", sql.Named("name", want)).Scan(&n)
	switch {
	case err != nil && (sqlNumber(err) == 0 || cfg.Collation != ""):
		return "", fmt.Errorf("look for the collation %s: %w", want, problem(err, phaseIdle))
	case n > 0 && plainName(want):
		return want, nil
	case cfg.Collation != "":
		return "", fmt.Errorf("the server has no collation %s: choose one that SELECT name FROM sys.fn_helpcollations() lists", want)
	}
	cfg.Logger.Warn("the server lacks the preferred collation; databases use the server's own, and VARCHAR may not support all characters",
		"missing", want)
	return "", nil
}

// plainName reports whether a name needs no quoting: a collation's cannot be quoted.
func plainName(name string) bool {
	return name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
