package api_test

import (
	"testing"

	"shardeck/shared/api"
)

func TestIsSelect(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT 1":                     true,
		" \n\tselect*FROM t":           true,
		"-- what\nSELECT(1)":           true,
		"; -- empty\n ;SELECT 1":       true, // as the parser reads it
		"SELECT":                       true,
		"/* a /* nested */ SELECT 1":   false, // still inside the comment
		"[SELECT] 1":                   false,
		"\ufeffSELECT 1":               false, // not white space to the parser, which refuses it
		"/* a /* nested */ */SELECT 1": true,
		"/* never ends SELECT 1":       false,
		"SELECTED":                     false,
		"SELECT_ 1":                    false,
		"DELETE FROM t -- SELECT":      false,
		"":                             false,

		"WITH q AS (SELECT 1 AS a) SELECT a FROM q":               true,
		"WITH q AS (SELECT 1 AS a) DELETE FROM t":                 false,
		"WITH q AS (SELECT 1 AS a) INSERT INTO t SELECT a FROM q": false,
		"SELECT 1;":          true,
		"SELECT 1; -- done":  true,
		"SELECT 1; SELECT 2": false,
		"SELECT 1 SELECT 2":  false,
		"SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3":              true,
		"SELECT a FROM t WHERE a IN (SELECT b FROM u)":             true,
		"SELECT 1 DELETE FROM t":                                   false,
		"SELECT 1\nGO\nSELECT 2":                                   false,
		"SELECT a FROM t TRUNCATE TABLE t":                         false,
		"SELECT @x = a FROM t":                                     false,
		"SELECT a FROM t WHERE @x = a":                             true,
		"DECLARE @x INT; SELECT @x":                                false,
		"SELECT [delete], 'update' FROM t":                         true,
		"SELECT a FROM t GROUP BY a ORDER BY a OPTION (RECOMPILE)": true,
		"SELECT a INTO u FROM t":                                   false,
	} {
		if got := (&api.SQLRequest{SQL: sql}).IsSelect(); got != want {
			t.Errorf("%q: %v, want %v", sql, got, want)
		}
	}
}

func TestChangesSchema(t *testing.T) {
	for sql, want := range map[string]bool{
		"CREATE TABLE t (a INT)":                             true,
		"; -- a\nDROP TABLE t;":                              true,
		"CREATE TABLE t (a INT); INSERT INTO t VALUES (1)":   false,
		"CREATE TABLE t (a INT) INSERT INTO t VALUES (1)":    false,
		"CREATE TABLE t (a INT)\nGO\nCREATE TABLE u (a INT)": false,
		"ALTER TABLE t ADD a INT;":                           true,
		"ALTER TABLE t ADD a INT ALTER TABLE t ADD b INT":    false,
		"DROP TABLE t TRUNCATE TABLE u":                      false,
		"INSERT INTO t VALUES (1)":                           false,
		"":                                                   false,
		";":                                                  false,
	} {
		if got := (&api.SQLRequest{SQL: sql}).ChangesSchema(); got != want {
			t.Errorf("%q: %v, want %v", sql, got, want)
		}
	}
}
