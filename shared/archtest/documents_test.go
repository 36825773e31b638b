package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	codeBlock    = regexp.MustCompile("(?sm)^ *```.*?^ *```")
	documentLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading      = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	inCode       = regexp.MustCompile("`([^`\n]+)`")
	sourcePath   = regexp.MustCompile(`^(master|worker|shared|tui|docs|\.ci)/[\w./-]*$`)
	testName     = regexp.MustCompile(`^(Test|Fuzz|Benchmark)[A-Z]\w*$`)
)

// TestLinksInDocumentsLeadSomewhere follows the relative links of every document, to
// the file and to the heading.
func TestLinksInDocumentsLeadSomewhere(t *testing.T) {
	files := documents(t)
	if len(files) < 5 {
		t.Fatalf("only %d documents were found: %q", len(files), files)
	}
	for _, file := range files {
		for _, m := range documentLink.FindAllStringSubmatch(prose(t, file), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			path := file
			if target != "" {
				path = filepath.Join(filepath.Dir(file), filepath.FromSlash(target))
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: the link %s leads nowhere: %v", file, m[1], err)
				continue
			}
			if anchor != "" && strings.HasSuffix(path, ".md") && !slices.Contains(anchors(t, path), anchor) {
				t.Errorf("%s: %s has no heading #%s", file, path, anchor)
			}
		}
	}
}

// TestRecipesNameWhatIsThere holds CONTRIBUTING.md to the source: every path and
// every test in it exists, so that a rename changes the recipe too.
func TestRecipesNameWhatIsThere(t *testing.T) {
	root := filepath.Join("..", "..")
	tests := testNames(t, root)
	paths := 0
	for _, m := range inCode.FindAllStringSubmatch(prose(t, filepath.Join(root, "CONTRIBUTING.md")), -1) {
		word := m[1]
		switch {
		case testName.MatchString(word):
			if !tests[word] {
				t.Errorf("CONTRIBUTING.md names the test %s, which does not exist", word)
			}
		case sourcePath.MatchString(word):
			paths++
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(word))); err != nil {
				t.Errorf("CONTRIBUTING.md names %s: %v", word, err)
			}
		}
	}
	if paths < 20 {
		t.Errorf("only %d paths were found in CONTRIBUTING.md", paths)
	}
}

// documents returns every Markdown file of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	root := filepath.Join("..", "..")
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "node_modules", "data", "bin"}, d.Name())) {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(path, ".md") {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// prose is a document without its blocks of code.
func prose(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return codeBlock.ReplaceAllString(string(text), "")
}

// anchors are the fragments that a document's headings can be linked by, as GitHub makes them.
func anchors(t *testing.T, file string) []string {
	t.Helper()
	drop := regexp.MustCompile(`[^\p{L}\p{N}_\- ]`)
	var all []string
	for _, m := range heading.FindAllStringSubmatch(prose(t, file), -1) {
		all = append(all, strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

// testNames are the names of all tests, benchmarks and fuzz targets of the module.
func testNames(t *testing.T, root string) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
