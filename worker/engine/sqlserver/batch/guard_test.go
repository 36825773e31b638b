package batch

import (
	"testing"

	"shardeck/shared/api"
)

func TestAQueryIsASingleSelect(t *testing.T) {
	for sql, want := range map[string]api.Code{
		"SELECT [a] FROM [t]":                     "",
		" select 1 ;  ":                           "",
		"SELECT 'x; DROP TABLE t' AS [delete]":    "",
		"SELECT [a]]; DELETE] FROM [t] -- DELETE": "",
		`SELECT "update" /* a /* nested */ ; */ FROM [t] ORDER BY 1 OFFSET @p1 ROWS FETCH NEXT @p2 ROWS ONLY`: "",
		"WITH [n] AS (SELECT 1 AS [i]) SELECT [i] FROM [n]":                                                   "",
		"SELECT N'it''s'":                   "",
		"":                                  api.CodeSyntax,
		" -- nothing":                       api.CodeSyntax,
		";":                                 api.CodeInvalidField,
		"no SQL at all":                     api.CodeInvalidField,
		"COMMIT":                            api.CodeInvalidField,
		"DELETE FROM [t]":                   api.CodeInvalidField,
		"SELECT '":                          api.CodeSyntax,
		"SELECT [a":                         api.CodeSyntax,
		"SELECT 1 /* /* */":                 api.CodeSyntax,
		"SELECT 1; SELECT 2":                api.CodeSyntax,
		"SELECT 1 DELETE FROM [t]":          api.CodeForbidden,
		"SELECT 1 de\u200blete":             "", // a separate word, which SQL Server does not recognize
		"SELECT * INTO [u] FROM [t]":        api.CodeForbidden,
		"SELECT 1\nROLLBACK":                api.CodeForbidden,
		"SELECT 1\x00EXEC sp_who":           api.CodeForbidden,
		"SELECT 1DELETE FROM [t]":           api.CodeForbidden, // a number ends with its digits
		"SELECT 1e5DELETE FROM [t]":         api.CodeForbidden,
		"SELECT 0x1UPDATE [t] SET [a] = 1":  api.CodeForbidden,
		"SELECT * FROM OPENROWSET('x','y')": api.CodeForbidden,
	} {
		if got := api.CodeOf(nilable(CheckSelect(sql))); got != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}

func TestAStatementMatchesItsEffect(t *testing.T) {
	for _, c := range []struct {
		effect api.Effect
		sql    string
		want   api.Code
	}{
		{api.EffectInsert, "INSERT INTO [t] ([set]) VALUES (@p1)", ""},
		{api.EffectInsert, "UPDATE [t] SET [a] = 1", api.CodeInvalidField},
		{api.EffectUpdate, "UPDATE [t] SET [a] = 1 WHERE [b] = @p1", ""},
		{api.EffectDelete, "DELETE FROM [t] WHERE 1 = 1;", ""},
		{api.EffectDelete, "DELETE FROM [t]; DELETE FROM [t]", api.CodeSyntax},
		{api.EffectDelete, "DELETE FROM [t] DELETE FROM [t]", api.CodeForbidden},
		{api.EffectDelete, "DELETE FROM [t]; COMMIT", api.CodeSyntax},
		{api.EffectDelete, "DELETE FROM [t] COMMIT", api.CodeForbidden},
		{api.EffectDelete, "SELECT 1", api.CodeInvalidField},
		{api.EffectCreateTable, "CREATE TABLE [t] ([a] INT NOT NULL PRIMARY KEY)", ""},
		{api.EffectCreateTable, "CREATE PROCEDURE [p] AS SELECT 1", api.CodeInvalidField},
		{api.EffectCreateTable, "CREATE", api.CodeInvalidField},
		{api.EffectCreateIndex, "CREATE TABLE [t] ([a] INT)", api.CodeInvalidField},
		{api.EffectDropTable, "DROP /* TABLE */ DATABASE [d]", api.CodeInvalidField},
		{api.EffectCreateIndex, "CREATE INDEX [ix:a] ON [dbo].[t] ([a])", ""},
		{api.EffectUpdate, "CREATE INDEX [ix:a] ON [dbo].[t] ([a])", api.CodeInvalidField},
		{api.EffectDropTable, "DROP TABLE [t]", ""},
		{api.EffectDropTable, "DROP TABLE [t] DROP TABLE [u]", api.CodeForbidden},
		{"", "DROP TABLE [t]", api.CodeInvalidField},
	} {
		if got := api.CodeOf(nilable(CheckStatement(c.sql, c.effect))); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.effect, c.sql, got, c.want)
		}
	}
}

// nilable turns a nil problem into a nil error.
func nilable(p *api.Problem) error {
	if p == nil {
		return nil
	}
	return p
}
