package sqlserver

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// preferredCollation is what databases are created with where the server has it,
// as SQL Server has since 2019: letters of either case are equal, accents are not,
// and VARCHAR holds all of Unicode, as UTF-8.
const preferredCollation = "Latin1_General_100_CI_AS_KS_WS_SC_UTF8"

// chooseCollation returns the collation that databases are created with; "" is
// the server's own. Babelfish has no collations in UTF-8: VARCHAR holds the
// characters of a code page there.
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
	cfg.Logger.Warn("the server lacks the collation that databases should have; they get its own, and VARCHAR may not hold all characters",
		"missing", want)
	return "", nil
}

// plainName says whether a name needs no quotes: a collation's cannot be quoted.
func plainName(name string) bool {
	return name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
