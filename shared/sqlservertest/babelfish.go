package sqlservertest

import (
	"database/sql"
	"testing"
)

// IsBabelfish says whether a server is Babelfish for PostgreSQL, which speaks SQL
// Server's protocol and most of its SQL. Where it differs, what is tested follows SQL
// Server, and the test leaves the case out there, with a comment.
func IsBabelfish(t testing.TB, dsn string) bool {
	t.Helper()
	db, err := sql.Open("sqlserver", dsn)
	if err != nil {
		t.Fatalf("%s is not a connection string", EnvDSN)
	}
	defer db.Close()
	var is sql.NullString
	if err := db.QueryRowContext(t.Context(), "SELECT CAST(SERVERPROPERTY('Babelfish') AS NVARCHAR(10))").Scan(&is); err != nil {
		t.Fatal(err)
	}
	return is.String == "1"
}
