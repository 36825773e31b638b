#!/usr/bin/env bash
# teesql, a T-SQL parser for Go, gives some valid T-SQL another meaning without an
# error, and rejects other valid T-SQL.
#
# Microsoft documents both rules. Operator precedence: + - & ^ | share one level and
# are evaluated from left to right. EXCEPT and INTERSECT: INTERSECT is evaluated before
# UNION and EXCEPT. teesql puts & ^ | on levels of their own below +, as C does, and
# takes set operators from left to right, as SQLite does.
#
# Version: github.com/sqlc-dev/teesql v1.1.0.
# Seen:    5 | 3 & 4                            read as (5 | (3 & 4)) = 5; T-SQL says ((5 | 3) & 4) = 4
#          6 & 3 + 1                            read as (6 & (3 + 1)) = 4; T-SQL says ((6 & 3) + 1) = 3
#          ... UNION ALL ... INTERSECT ...      read as ((1 UNION ALL 2) INTERSECT 3), no row;
#                                               T-SQL says (1 UNION ALL (2 INTERSECT 3)), the row 1
#          rejected: .5, WHERE (a + 1) * 2 > 3, a = ANY (SELECT ...), COLLATE before = or +
# So:      as an oracle it can say that a text parses, not what the text means: a rewriter
#          or a check built on its tree answers another question than SQL Server will.
#
# Exits 0 while this holds, 1 when it has changed. Needs go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOWORK=off GOMODCACHE="$dir/mod" GOFLAGS="-mod=mod -modcacherw"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/sqlc-dev/teesql/ast"
	"github.com/sqlc-dev/teesql/parser"
)

var operators = map[string]string{"Add": "+", "BitwiseAnd": "&", "BitwiseOr": "|"}

// scalar and query write a tree with all its parentheses.
func scalar(e ast.ScalarExpression) string {
	switch e := e.(type) {
	case *ast.BinaryExpression:
		return "(" + scalar(e.FirstExpression) + " " + operators[e.BinaryExpressionType] + " " + scalar(e.SecondExpression) + ")"
	case *ast.IntegerLiteral:
		return e.Value
	}
	return fmt.Sprintf("%T", e)
}

func query(q ast.QueryExpression) string {
	switch q := q.(type) {
	case *ast.BinaryQueryExpression:
		op := strings.ToUpper(q.BinaryQueryExpressionType)
		if q.All {
			op += " ALL"
		}
		return "(" + query(q.FirstQueryExpression) + " " + op + " " + query(q.SecondQueryExpression) + ")"
	case *ast.QuerySpecification:
		if e, ok := q.SelectElements[0].(*ast.SelectScalarExpression); ok {
			return scalar(e.Expression)
		}
	}
	return fmt.Sprintf("%T", q)
}

func parse(text string) (string, error) {
	script, err := parser.Parse(context.Background(), strings.NewReader(text))
	if err != nil {
		return "", err
	}
	s, ok := script.Batches[0].Statements[0].(*ast.SelectStatement)
	if !ok {
		return fmt.Sprintf("%T", script.Batches[0].Statements[0]), nil
	}
	return query(s.QueryExpression), nil
}

func main() {
	changed := false
	for _, c := range []struct{ text, seen, right string }{
		{"SELECT 5 | 3 & 4", "(5 | (3 & 4))", "((5 | 3) & 4)"},
		{"SELECT 6 & 3 + 1", "(6 & (3 + 1))", "((6 & 3) + 1)"},
		{"SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3", "((1 UNION ALL 2) INTERSECT 3)", "(1 UNION ALL (2 INTERSECT 3))"},
	} {
		got, err := parse(c.text)
		if err != nil {
			got = err.Error()
		}
		fmt.Printf("%s\n  read as %s; T-SQL: %s\n", c.text, got, c.right)
		changed = changed || got != c.seen
	}
	for _, text := range []string{
		"SELECT .5",
		"SELECT a FROM t WHERE (a + 1) * 2 > 3",
		"SELECT a FROM t WHERE a = ANY (SELECT b FROM u)",
		"SELECT a FROM t WHERE a COLLATE Latin1_General_BIN2 = b",
		"SELECT a COLLATE Latin1_General_BIN2 + b FROM t",
	} {
		_, err := parse(text)
		fmt.Printf("%s\n  error: %v\n", text, err)
		changed = changed || err == nil
	}
	// Close relatives that it reads well, to show that the cause is the construct.
	for _, text := range []string{"SELECT 0.5", "SELECT a FROM t WHERE 3 < (a + 1) * 2", "SELECT a FROM t WHERE a IN (SELECT b FROM u)"} {
		_, err := parse(text)
		fmt.Printf("%s\n  error: %v\n", text, err)
		changed = changed || err != nil
	}
	if changed {
		fmt.Fprintln(os.Stderr, "CHANGED: see the head of this script")
		os.Exit(1)
	}
	fmt.Println("as described")
}
GO

go mod init finding >/dev/null 2>&1
go get github.com/sqlc-dev/teesql@v1.1.0 2>"$dir/get.log" || { cat "$dir/get.log" >&2; exit 1; }
go list -m github.com/sqlc-dev/teesql
go run .
