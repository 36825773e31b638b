package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the module's path, which every import of our own begins with.
const module = "shardeck"

// arrow forbids imports. Patterns are package paths without the module, where
// "x/..." is x and all below it; outside the module they are as imported.
type arrow struct {
	from   string
	except []string // packages of from that the rule does not bind
	to     []string
	why    string
}

var services = []string{"master/...", "worker/...", "tui/..."}

var arrows = []arrow{
	{
		from: "shared/...", to: services,
		why: "shared is what the services have in common; if it knew one of them, the others would depend on that one",
	},
	{
		from: "master/...", to: []string{"worker/...", "tui/..."},
		why: "a master knows its workers by their HTTP contract alone, so that a worker can be in any language",
	},
	{
		from: "worker/...", to: []string{"master/...", "tui/..."},
		why: "a worker knows nothing of routing; it has to be replaceable by one in Python or Node",
	},
	{
		from: "tui/...", except: []string{"tui", "tui/demo/..."}, to: []string{"master/...", "worker/..."},
		why: "the console sees what every client sees; only the demo's composition root starts services",
	},
	{
		from: "...", except: []string{"shared/testcluster/..."}, to: []string{"testing", "shared/testcluster/..."},
		why: "what is for tests must not be linked into a service (suites that tests import say so in suites)",
	},
	{
		from: "master/...", except: []string{"master/service", "master/catalog", "master/planner", "master/bind"}, to: []string{"master/bind", "master/planner"},
		why: "whoever writes, runs or finishes a plan needs to know what it is, and not how it came about",
	},
	{
		from: "...", except: []string{"tui/..."}, to: []string{"github.com/charmbracelet/..."},
		why: "only the console draws",
	},
	{
		from: "tui/...", except: []string{"tui/console/...", "tui/terminal", "tui", "tui/cli/..."}, to: []string{"github.com/charmbracelet/bubbletea/..."},
		why: "screens, widgets and the reducer are plain data in and text out; one model alone is driven by Bubble Tea",
	},
	{
		from: "tui/...", except: []string{"tui", "tui/demo/...", "tui/bench", "tui/console/...", "tui/cli/...", "tui/cluster/..."}, to: []string{"shared/client/..."},
		why: "drawing must not be able to wait for the network",
	},
	{
		from: "...", except: []string{"worker/engine/...", "tui/bench", "master/lease/sqlitefile"}, to: []string{"database/sql/...", "modernc.org/...", "github.com/microsoft/..."},
		why: "only a worker's engine talks to a database (a lease's file is one too, as SQLite's locks hold between processes everywhere)",
	},
	{
		from: "...", except: []string{"master/lease/etcd"}, to: []string{"go.etcd.io/...", "go.uber.org/zap/...", "google.golang.org/..."},
		why: "only the lease in etcd talks to etcd",
	},
	{
		from: "...", except: []string{"tui/bench"}, to: []string{"encoding/json/..."},
		why: "one JSON library, that keeps the order of members and refuses repeated ones (bench measures the other as a baseline)",
	},
	{
		from: "...", except: []string{"worker/engine/sqlite/internal/...", "worker/sqliteext"}, to: []string{"unsafe"},
		why: "memory that is not Go's is touched where SQLite hands out addresses, and in small packages alone",
	},
	{
		from: "...", to: []string{"log", "github.com/pkg/errors", "golang.org/x/exp/..."},
		why: "one way to log (slog, by constructor), one way to wrap errors, nothing experimental",
	},
}

// light are packages of the module that are linked into programs of other hosts,
// and what must not come with them, however indirectly.
var light = []struct {
	pkg   string
	never []string
	why   string
}{
	{
		pkg: "shared/sqlfunc", never: []string{"net", "net/http", module + "/shared/api"},
		why: "it is built, with sqltypes, as a SQLite extension",
	},
	{
		pkg: "shared/sqltypes", never: []string{"net", "net/http", module + "/shared/api"},
		why: "it is built as a SQLite extension for hosts that are not services; what a refusal is in HTTP is decided at the edge, by shared/api",
	},
	{
		pkg: "worker/engine/sqlserver/foreign", never: []string{"net", "net/http", "database/sql", "github.com/microsoft/go-mssqldb"},
		why: "it is built, with batch, into the SQLite extension, for workers in other languages that have drivers of their own",
	},
}

// suites are packages without _test.go names that only tests import.
var suites = []string{
	"shared/contracttest", "shared/testcluster", "shared/sqlservertest", "shared/archtest", "worker/engine/enginetest", "worker/conformance", "master/lease/leasetest", "tui/goldentest",
}

// pure packages compute and do no I/O, so that they can be tested by value, fuzzed,
// and trusted not to block or to fail for reasons outside their arguments.
var pure = []string{
	"master/tsql", "master/plan", "master/bind", "master/planner", "master/eval", "master/dialect", "master/gather", "master/replica",
	"shared/jsonrow", "shared/mssqlerr", "shared/sharding", "shared/sqlfunc", "shared/sqltypes", "shared/tsqltoken",
	"tui/answer", "tui/complete", "tui/copyas", "tui/detail", "tui/drill", "tui/editor", "tui/grid", "tui/keymap", "tui/plot", "tui/recording", "tui/screen", "tui/sqlwrite", "tui/statement", "tui/theme", "tui/tour", "tui/widget",
	"worker/engine/sqlserver/batch", "worker/engine/sqlserver/foreign",
}

// impure are the packages that do I/O.
var impure = []string{"net", "net/http", "net/rpc", "os", "os/exec", "os/signal", "io/ioutil", "syscall", "database/sql", "log/slog", "plugin"}

// vague names say nothing about what a package is for, and so take in everything.
var vague = []string{"util", "utils", "common", "helper", "helpers", "misc", "base", "lib", "shared2", "types", "model", "models", "core"}

func TestArrowsPointOneWay(t *testing.T) {
	for _, p := range load(t) {
		for _, a := range arrows {
			if !matches(a.from, p.path) || anyMatches(a.except, p.path) {
				continue
			}
			for imp, file := range p.imports {
				target := strings.TrimPrefix(imp, module+"/")
				if !anyMatches(a.to, target) || isSuite(p.path) {
					continue
				}
				t.Errorf("%s imports %s:\n\t%s", file, imp, a.why)
			}
		}
	}
}

func TestPurePackagesDoNoIO(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range load(t) {
		if !anyMatches(pure, p.path) {
			continue
		}
		seen[p.path] = true
		for imp, file := range p.imports {
			if slices.Contains(impure, imp) {
				t.Errorf("%s imports %s, but %s computes only", file, imp, p.path)
			}
		}
	}
	for _, p := range pure {
		if !seen[p] {
			t.Errorf("the pure package %s is not there; correct the list when it moved", p)
		}
	}
}

// TestLightPackagesStayLight asks the go command, as it alone knows the dependencies of dependencies.
func TestLightPackagesStayLight(t *testing.T) {
	for _, l := range light {
		cmd := exec.Command("go", "list", "-deps", "./"+l.pkg)
		cmd.Dir = filepath.Join("..", "..")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", cmd, err)
		}
		deps := strings.Fields(string(out))
		if !slices.Contains(deps, module+"/"+l.pkg) {
			t.Fatalf("%s does not list the package itself: %q", cmd, deps)
		}
		for _, n := range l.never {
			if slices.Contains(deps, n) {
				t.Errorf("%s depends on %s:\n\t%s", l.pkg, n, l.why)
			}
		}
	}
}

// TestTheReducerDoesNoIO holds the file-level rule of tui/cluster: the reducer is pure, the poller beside it is not.
func TestTheReducerDoesNoIO(t *testing.T) {
	for _, p := range load(t) {
		if p.path != "tui/cluster" {
			continue
		}
		for file, imports := range p.files {
			if !strings.HasPrefix(filepath.Base(file), "poll") && intersects(imports, append(slices.Clone(impure), module+"/shared/client")) {
				t.Errorf("%s does I/O; only poll*.go of %s may", file, p.path)
			}
		}
	}
}

func TestPackagesAreNamedForWhatTheyAre(t *testing.T) {
	for _, p := range load(t) {
		if slices.Contains(vague, path.Base(p.path)) || slices.Contains(vague, p.name) {
			t.Errorf("package %s: a name such as %q says nothing about what is in it", p.path, p.name)
		}
		if p.name != "main" && p.name != path.Base(p.path) {
			t.Errorf("package %s is in a folder of another name: %s", p.name, p.path)
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range load(t) {
		begins := []string{"Package " + p.name + " "}
		if p.name == "main" {
			command := path.Base(p.path)
			begins = []string{"Command " + command + " ", strings.ToUpper(command[:1]) + command[1:] + " "}
		}
		switch len(p.docs) {
		case 1:
			if !slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(p.docs[0], b) }) {
				t.Errorf("%s: the package comment begins %.40q, not %q", p.path, p.docs[0], begins)
			}
		case 0:
			t.Errorf("%s has no package comment: say what it is and what it is not", p.path)
		default:
			t.Errorf("%s has %d package comments; they would be joined into one", p.path, len(p.docs))
		}
	}
}

func TestNothingHappensOnImport(t *testing.T) {
	for _, p := range load(t) {
		for _, file := range p.inits {
			t.Errorf("%s has an init function: what a package does on import can be neither configured nor tested", file)
		}
	}
}

// pkg is one package of the module, without its tests.
type pkg struct {
	path    string // without the module
	name    string
	docs    []string
	imports map[string]string   // import path to one file that has it
	files   map[string][]string // file to its imports
	inits   []string            // files with an init function
}

// load parses every package of the module. It reads files rather than asking the
// go command, so that files of other platforms are held to the rules too.
func load(t *testing.T) []*pkg {
	t.Helper()
	root := filepath.Join("..", "..")
	byPath := map[string]*pkg{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); file != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" || name == "data") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(fset, file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		add(byPath, filepath.ToSlash(rel), parsed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []*pkg
	for _, p := range byPath {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *pkg) int { return strings.Compare(a.path, b.path) })
	return all
}

func add(byPath map[string]*pkg, file string, parsed *ast.File) {
	dir := path.Dir(file)
	p := byPath[dir]
	if p == nil {
		p = &pkg{path: dir, name: parsed.Name.Name, imports: map[string]string{}, files: map[string][]string{}}
		byPath[dir] = p
	}
	if doc := strings.TrimSpace(parsed.Doc.Text()); doc != "" {
		p.docs = append(p.docs, doc)
	}
	for _, imp := range parsed.Imports {
		name := strings.Trim(imp.Path.Value, `"`)
		p.imports[name] = file
		p.files[file] = append(p.files[file], name)
	}
	for _, decl := range parsed.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			p.inits = append(p.inits, file)
		}
	}
}

// matches reports whether a package path fits a pattern.
func matches(pattern, path string) bool {
	if pattern == "..." {
		return true
	}
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	return path == pattern
}

func anyMatches(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, path) })
}

func isSuite(path string) bool { return slices.Contains(suites, path) }

func intersects(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		pattern, path string
		want          bool
	}{
		{"tui", "tui", true},
		{"tui", "tui/demo", false},
		{"tui/...", "tui", true},
		{"tui/...", "tui/demo/load", true},
		{"tui/...", "tuition", false},
		{"...", "anything", true},
	} {
		if got := matches(tc.pattern, tc.path); got != tc.want {
			t.Errorf("%s of %s: got %v", tc.pattern, tc.path, got)
		}
	}
}
