package tsql

import (
	"fmt"
	"strings"
	"testing"
)

// parseOne parses a text of one statement.
func parseOne(text string) (Statement, error) {
	items, err := Parse(text)
	switch {
	case err != nil:
		return nil, err
	case len(items) > 1:
		return nil, fmt.Errorf("%d statements", len(items))
	}
	return items[0].Statement, nil
}

// outline lists the statements of a text: batch, line, verb and notes.
func outline(items []Item) string {
	var all []string
	for _, it := range items {
		text := fmt.Sprintf("%d:%d %s", it.Batch, it.Line, it.Statement.Verb())
		if it.Notes != nil {
			text += " (" + strings.Join(it.Notes, "; ") + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

const (
	noTableHint = " has no effect: reads do not wait for writes, and each statement is one transaction on each shard"
	noQueryHint = " has no effect: the master and the shards choose how to run a statement"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1":                        "0:1 SELECT",
		"SELECT 1;":                       "0:1 SELECT",
		";;SELECT 1;;\n;SELECT 2;":        "0:1 SELECT, 0:2 SELECT",
		"SELECT 1 SELECT 2":               "0:1 SELECT, 0:1 SELECT",
		"SELECT a FROM t\nDELETE FROM t":  "0:1 SELECT, 0:2 DELETE",
		"SELECT a FROM t x DELETE FROM t": "0:1 SELECT, 0:1 DELETE",
		"INSERT INTO t VALUES (1) UPDATE t SET a = 1 TRUNCATE TABLE t": "0:1 INSERT, 0:1 UPDATE, 0:1 TRUNCATE TABLE",
		"SELECT 1\nGO\nSELECT 2\n go \n":                               "0:1 SELECT, 1:3 SELECT",
		"GO\nGO\nSELECT 1":                                             "2:3 SELECT",
		"SELECT 1 -- GO\n/*\nGO\n*/ SELECT 2":                          "0:1 SELECT, 0:4 SELECT",
		"SELECT 1 GO -- end":                                           "",
		"SELECT [GO] FROM t\nGO -- end":                                "0:1 SELECT",
		"WITH a AS (SELECT 1 AS x) SELECT x FROM a; WITH b AS (SELECT 2 AS x) DELETE FROM t":                 "0:1 SELECT, 0:1 DELETE",
		"DECLARE @x INT, @y AS DECIMAL(4, 2) = 1.5 + @x SET @x = 2 SET @x += 3 SELECT @x = 4, @y = a FROM t": "0:1 DECLARE, 0:1 SET, 0:1 SET, 0:1 SELECT",
		"SET NOCOUNT ON SET XACT_ABORT OFF USE x":                                                            "0:1 SET (SET NOCOUNT ON has no effect), 0:1 SET (SET XACT_ABORT OFF has no effect), 0:1 USE (USE has no effect: db_name of the request says which database)",
		"SELECT a FROM t WITH (NOLOCK, INDEX (1, 2)) AS x":                                                   "",
		"SELECT a FROM t AS x WITH ( nolock, INDEX (1, 2) )":                                                 "0:1 SELECT (WITH ( nolock, INDEX (1, 2) )" + noTableHint + ")",
		"SELECT a FROM t (NOLOCK) JOIN u x (NOLOCK) ON t.a = x.a":                                            "0:1 SELECT ((NOLOCK)" + noTableHint + "; (NOLOCK)" + noTableHint + ")",
		"UPDATE t WITH (ROWLOCK) SET a = 1 OPTION (MAXDOP 1)":                                                "0:1 UPDATE (WITH (ROWLOCK)" + noTableHint + "; OPTION (MAXDOP 1)" + noQueryHint + ")",
		"INSERT INTO t WITH (TABLOCK) SELECT a FROM u OPTION (RECOMPILE) SELECT 1":                           "0:1 INSERT (WITH (TABLOCK)" + noTableHint + "; OPTION (RECOMPILE)" + noQueryHint + "), 0:1 SELECT",
		"SELECT 1 OPTION (OPTIMIZE FOR (@x = 1), USE HINT ('A'))":                                            "0:1 SELECT (OPTION (OPTIMIZE FOR (@x = 1), USE HINT ('A'))" + noQueryHint + ")",
	} {
		items, err := Parse(text)
		if got := outline(items); got != want || (err != nil) != (want == "") {
			t.Errorf("%s:\n%s (%v), want\n%s", text, got, err, want)
		}
	}
}
