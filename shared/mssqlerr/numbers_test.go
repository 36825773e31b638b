package mssqlerr_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"shardeck/shared/mssqlerr"
)

// TestNumbersAreMicrosofts holds the numbers that clients meet most against
// Microsoft's documentation, written out here a second time.
func TestNumbersAreMicrosofts(t *testing.T) {
	for name, pair := range map[string][2]int{
		"column name does not exist":                    {mssqlerr.UnknownColumn, 207},
		"object name does not exist":                    {mssqlerr.UnknownTable, 208},
		"column name is ambiguous":                      {mssqlerr.AmbiguousColumn, 209},
		"conversion of a date failed":                   {mssqlerr.DateConversion, 241},
		"conversion to an integer failed":               {mssqlerr.IntConversion, 245},
		"cannot insert NULL":                            {mssqlerr.NullViolation, 515},
		"length passed to LEFT or SUBSTRING":            {mssqlerr.InvalidSubstringLength, 537},
		"conflict with a constraint":                    {mssqlerr.ConstraintConflict, 547},
		"deadlock victim":                               {mssqlerr.Deadlock, 1205},
		"duplicate key in a unique index":               {mssqlerr.DuplicateIndexKey, 2601},
		"violation of PRIMARY KEY or UNIQUE":            {mssqlerr.DuplicateKey, 2627},
		"string or binary data would be truncated":      {mssqlerr.Truncation, 2628},
		"there is already an object of this name":       {mssqlerr.ObjectExists, 2714},
		"multi-part identifier could not be bound":      {mssqlerr.UnboundIdentifier, 4104},
		"error converting data type":                    {mssqlerr.TypeConversion, 8114},
		"arithmetic overflow":                           {mssqlerr.Overflow, 8115},
		"invalid in the select list, not grouped":       {mssqlerr.SelectNotGrouped, 8120},
		"divide by zero":                                {mssqlerr.DivideByZero, 8134},
		"string or binary data truncated, before 2019":  {mssqlerr.TruncationUnnamed, 8152},
		"conversion to uniqueidentifier failed":         {mssqlerr.GUIDConversion, 8169},
		"TOP in a query with OFFSET":                    {mssqlerr.TopWithOffset, 10741},
		"login failed for the user":                     {mssqlerr.LoginFailed, 18456},
		"transaction log full":                          {mssqlerr.LogFull, 9002},
		"snapshot isolation aborted by update conflict": {mssqlerr.SnapshotConflict, 3960},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %d, want %d", name, pair[0], pair[1])
		}
	}
}

// TestEachNumberIsListedOnceAndExplained reads the list itself: what is there
// twice has two names, and what has no comment sends the reader to a search engine.
func TestEachNumberIsListedOnceAndExplained(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "numbers.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	names := map[int]string{}
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			t.Fatalf("numbers.go declares something other than constants")
		}
		last := 0
		for _, s := range group.Specs {
			spec := s.(*ast.ValueSpec)
			name := spec.Names[0].Name
			n, err := strconv.Atoi(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if other, ok := names[n]; ok {
				t.Errorf("%d is both %s and %s", n, other, name)
			}
			names[n] = name
			if n <= last {
				t.Errorf("%s, %d, is listed after %d: each group is in order of its numbers", name, n, last)
			}
			last = n
			if strings.TrimSpace(spec.Comment.Text()) == "" {
				t.Errorf("%s has no comment that says when it is raised", name)
			}
		}
	}
	if len(names) < 50 {
		t.Errorf("only %d numbers were read", len(names))
	}
}
