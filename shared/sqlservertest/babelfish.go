package sqlservertest

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/sqltypes"
)

// IsBabelfish reports whether a server is Babelfish for PostgreSQL, which speaks SQL
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

// BeyondBabelfish reports whether Babelfish cannot hold a value of the type, given in
// wire form, as SQL Server does: it has no U+0000; a VARCHAR or CHAR of its own is in
// a code page, so that other characters than ASCII have other lengths; NCHAR takes no
// characters beyond the BMP; and a second has six digits of fraction.
func BeyondBabelfish(t testing.TB, sqlType string, wire jsontext.Value) bool {
	t.Helper()
	typ, err := sqltypes.Parse(sqlType)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	if wire == nil || json.Unmarshal(wire, &text) != nil {
		return false
	}
	beyond := func(limit rune) bool {
		return strings.ContainsFunc(text, func(r rune) bool { return r > limit })
	}
	switch {
	case typ.Kind.IsString() && strings.ContainsRune(text, 0):
		return true
	case typ.Kind == sqltypes.VarChar || typ.Kind == sqltypes.Char:
		return beyond(0x7F)
	case typ.Kind == sqltypes.NChar:
		return beyond(0xFFFF)
	case typ.Kind == sqltypes.Time || typ.Kind == sqltypes.DateTime2:
		_, fraction, _ := strings.Cut(text, ".")
		return len(fraction) > 6
	}
	return false
}
