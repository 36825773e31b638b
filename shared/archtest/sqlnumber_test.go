package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// numbered are the packages that give, read or act on SQL Server's error numbers.
// Elsewhere an integer of the same value is a width, a port or a size. Tests, and the
// suites that engines and workers pass, keep the digits: they are what is expected.
var numbered = []string{
	"master/tsql", "master/bind", "master/planner", "master/dialect", "master/eval", "master/gather",
	"shared/sqltypes", "shared/sharding",
	"worker/engine/contract", "worker/engine/sqlite", "worker/engine/sqlserver",
}

// TestSQLServersNumbersHaveNames forbids SQL Server's error numbers as digits: a
// number has one name, and one place that says what it means.
func TestSQLServersNumbersHaveNames(t *testing.T) {
	names := sqlNumbers(t)
	root := filepath.Join("..", "..")
	constraint := regexp.MustCompile(`ck_[0-9]`)
	read := map[string]bool{}
	for _, dir := range numbered {
		entries, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range entries {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			read[dir] = true
			for _, lit := range literals(t, file) {
				if lit.kind == token.STRING && constraint.MatchString(lit.text) {
					t.Errorf("%s: %s writes a number into the name of a constraint; compose it from shared/mssqlerr", lit.at, lit.text)
				}
				n, err := strconv.Atoi(lit.text)
				if name, known := names[n]; lit.kind == token.INT && err == nil && known {
					t.Errorf("%s: %d is mssqlerr.%s; write the name", lit.at, n, name)
				}
			}
		}
	}
	for _, dir := range numbered {
		if !read[dir] {
			t.Errorf("no file of %s was read; correct the list when it moved", dir)
		}
	}
}

// TestNoPackageKeepsNumbersOfItsOwn finds constants of the old form, numXxx = 8115, anywhere.
func TestNoPackageKeepsNumbersOfItsOwn(t *testing.T) {
	own := regexp.MustCompile(`^[nN]um[A-Z]`)
	names := sqlNumbers(t)
	err := filepath.WalkDir(filepath.Join("..", ".."), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, v := range spec.Values {
				lit, ok := v.(*ast.BasicLit)
				if !ok || !own.MatchString(spec.Names[i].Name) {
					continue
				}
				value, err := strconv.Atoi(lit.Value)
				if name, known := names[value]; err == nil && known {
					t.Errorf("%s: %s is mssqlerr.%s", fset.Position(spec.Pos()), spec.Names[i].Name, name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// literal is an integer or a string in a source file.
type literal struct {
	kind token.Token
	text string
	at   token.Position
}

func literals(t *testing.T, file string) []literal {
	t.Helper()
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []literal
	ast.Inspect(parsed, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok {
			all = append(all, literal{lit.Kind, lit.Value, fset.Position(lit.Pos())})
		}
		return true
	})
	return all
}

// sqlNumbers reads the names of SQL Server's numbers from their list.
func sqlNumbers(t *testing.T) map[int]string {
	t.Helper()
	file := filepath.Join("..", "mssqlerr", "numbers.go")
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names := map[int]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				if value, err := strconv.Atoi(lit.Value); err == nil {
					names[value] = spec.Names[0].Name
				}
			}
		}
		return true
	})
	if len(names) == 0 {
		t.Fatalf("%s lists no number", file)
	}
	return names
}
