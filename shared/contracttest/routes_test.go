package contracttest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/contracttest"
)

// TestEveryRouteIsInTheDocumentAndTheReverse reads the routes from the source, where each service
// declares them in one file: a running service cannot be asked for unknown endpoints.
func TestEveryRouteIsInTheDocumentAndTheReverse(t *testing.T) {
	paths := constants(t)
	for _, tc := range []struct {
		file string
		yaml []byte
	}{
		{"../../master/service/routes.go", api.MasterOpenAPI()},
		{"../../worker/service/routes.go", api.WorkerOpenAPI()},
	} {
		t.Run(tc.file, func(t *testing.T) {
			doc, err := contracttest.Load(tc.yaml)
			if err != nil {
				t.Fatal(err)
			}
			got := routes(t, tc.file, paths)
			if diff := cmp.Diff(doc.Endpoints(), got); diff != "" {
				t.Errorf("document (-) and routes (+):\n%s", diff)
			}
		})
	}
}

// constants returns the string constants of shared/api by name.
func constants(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../api/*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, file := range files {
		for n := range nodes(t, file) {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for i, name := range spec.Names {
				if i >= len(spec.Values) {
					continue
				}
				if text, ok := literal(spec.Values[i]); ok {
					all[name.Name] = text
				}
			}
		}
	}
	return all
}

// routes finds each method and path that are adjacent in a call or a literal.
func routes(t *testing.T, file string, paths map[string]string) []api.Endpoint {
	t.Helper()
	var all []api.Endpoint
	for n := range nodes(t, file) {
		var list []ast.Expr
		switch n := n.(type) {
		case *ast.CallExpr:
			list = n.Args
		case *ast.CompositeLit:
			list = n.Elts
		}
		var e api.Endpoint
		for _, x := range list {
			if kv, ok := x.(*ast.KeyValueExpr); ok {
				x = kv.Value
			}
			if text, ok := literal(x); ok {
				e.Method = text
			}
			sel, ok := x.(*ast.SelectorExpr)
			if !ok {
				continue
			}
			if method, ok := strings.CutPrefix(sel.Sel.Name, "Method"); ok {
				e.Method = strings.ToUpper(method)
			} else if path := paths[sel.Sel.Name]; strings.HasPrefix(path, "/") {
				e.Path = path
			}
		}
		if e.Method != "" && e.Path != "" {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b api.Endpoint) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
	return all
}

// nodes parses a file and yields its syntax tree.
func nodes(t *testing.T, file string) func(func(ast.Node) bool) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(ast.Node) bool) {
		for n := range ast.Preorder(parsed) {
			if !yield(n) {
				return
			}
		}
	}
}

func literal(x ast.Expr) (string, bool) {
	lit, ok := x.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}
