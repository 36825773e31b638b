package answer

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// apiWords are what only a caller of the API can send: a path with its method, fields, headers.
var apiWords = regexp.MustCompile(`\b(GET|POST|DELETE) /|send /|\b(db_name|shard_key|order_by|group_by|all_shards|allow_partial|max_rows|timeout_ms)\b|` +
	`\bparams\b|\b(explain|analyze): true|explain alone|\bthe fields?\b|Authorization|Idempotency-Key|send this to|\b(rows|applied) lists`)

// otherRequests are parts of the hints on requests that neither the commands nor the console send.
var otherRequests = []string{
	"send shard_key",                   // POST /update and /delete
	"send the shard_key",               // the same
	"omit shard_key",                   // POST /insert, /select, /update and /delete
	"send order_by too",                // POST /select
	"another Idempotency-Key",          // requests with this header
	"again with the same Idempotency-", // the same
	"see openapi.yaml",                 // malformed bodies
}

// noEquivalent marks requests for which there is neither a command nor a key.
const noEquivalent = "(see the README)"

func TestEveryHintOfTheAPIHasOtherWords(t *testing.T) {
	found := 0
	for _, hint := range hintsOfMasters(t) {
		if !apiWords.MatchString(hint) || slices.ContainsFunc(otherRequests, func(part string) bool { return strings.Contains(hint, part) }) {
			continue
		}
		found++
		for _, to := range []Reader{Shell, Console} {
			if got := Hint(hint, to); apiWords.MatchString(got) && !strings.Contains(got, noEquivalent) {
				t.Errorf("reader %d is told %q; add words for it to hint.go", to, got)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d hints in the API's words were found; is the search wrong?", found)
	}
}

func TestHint(t *testing.T) {
	for _, c := range []struct{ hint, shell, console string }{
		{"did you mean name?", "did you mean name?", "did you mean name?"},
		{`send params: {"id": ...} with the request`, "give its value with --param id=...",
			"give @id a value with F7"},
		{"add a condition with id = ... or id IN (...), or send all_shards: true if that is intended",
			"add a condition with id = ... or id IN (...), or allow every shard with --all-shards if that is intended",
			"add a condition with id = ... or id IN (...), or switch on all shards with F7 if that is intended"},
		{"narrow it, or allow more time with timeout_ms and MASTER_QUERY_TIMEOUT",
			"narrow it, or allow more time with --timeout, at most the masters' MASTER_QUERY_TIMEOUT",
			"narrow it, or allow more time with F7, at most the masters' MASTER_QUERY_TIMEOUT"},
		{"send explain: true as well", "use --explain as well", "press F6 for its plan"},
		{"send the statements one at a time", "send the statements one at a time", "separate the statements with ;"},
		{"send the statements one at a time, without GO", "send the statements one at a time, without GO", "write GO on a line of its own"},
		{"GET /queries lists the running ones; it may have finished, or be running on the other master",
			"shardeck queries lists the running ones; it may have finished, or be running on the other master",
			"shardeck queries lists the running ones; it may have finished, or be running on the other master"},
		{"send this to http://127.0.0.1:8084", "the primary is http://127.0.0.1:8084: use it as --master", "the primary is http://127.0.0.1:8084"},
	} {
		if got := Hint(c.hint, Shell); got != c.shell {
			t.Errorf("a shell is told %q, want %q", got, c.shell)
		}
		if got := Hint(c.hint, Console); got != c.console {
			t.Errorf("the console is told %q, want %q", got, c.console)
		}
	}
}

// hintsOfMasters returns the hints in the sources of the masters and of what they share
// with the commands, with a placeholder for what is only known at run time.
func hintsOfMasters(t *testing.T) []string {
	t.Helper()
	c := hintSearch{constants: map[string]string{}}
	var files []*ast.File
	for _, root := range []string{"../../master", "../../shared/api", "../../shared/client", "../../shared/httpserve", "../../shared/sharding", "../../shared/sqltypes"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			files = append(files, f)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		ast.Inspect(f, c.constant)
	}
	for _, f := range files {
		ast.Inspect(f, c.hint)
	}
	return c.hints
}

type hintSearch struct {
	constants map[string]string
	hints     []string
}

// constant records the string constants, such as the API's paths.
func (c *hintSearch) constant(n ast.Node) bool {
	if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
		for i := range v.Names {
			if lit, ok := v.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				c.constants[v.Names[i].Name] = c.text(lit)
			}
		}
	}
	return true
}

// hint records the text of a call of Hinted or refuseObject, a value of type feature, and
// an assignment to a hint.
func (c *hintSearch) hint(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		switch lastName(n.Fun) {
		case "Hinted", "hinted":
			text := c.text(n.Args[0])
			for _, a := range n.Args[1:] {
				text = verb.ReplaceAllStringFunc(text, replaceFirst(c.text(a)))
			}
			c.hints = append(c.hints, text)
		case "refuseObject":
			c.hints = append(c.hints, c.text(n.Args[1]))
		}
	case *ast.CompositeLit:
		if lastName(n.Type) == "feature" && len(n.Elts) == 2 {
			c.hints = append(c.hints, c.text(n.Elts[1]))
		}
	case *ast.AssignStmt:
		if name := lastName(n.Lhs[0]); name == "hint" || name == "Hint" {
			c.hints = append(c.hints, c.text(n.Rhs[0]))
		}
	}
	return true
}

var verb = regexp.MustCompile(`%[a-z]`)

// replaceFirst replaces only the first match it is called for.
func replaceFirst(with string) func(string) string {
	done := false
	return func(match string) string {
		switch {
		case done:
			return match
		case match == "%q":
			with = strconv.Quote(with)
		}
		done = true
		return with
	}
}

// text is the value of an expression, as far as the source has it.
func (c *hintSearch) text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			return s
		}
	case *ast.BinaryExpr:
		return c.text(e.X) + c.text(e.Y)
	}
	if s, ok := c.constants[lastName(e)]; ok {
		return s
	}
	return "http://X"
}

// lastName is the last identifier of a name such as api.PathQuery, "" for other expressions.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
