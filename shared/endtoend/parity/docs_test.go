package parity

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/oasdiff/yaml"
	"github.com/sqlc-dev/teesql/parser"
)

const guide = "../../../docs/sql-server.md"

func readGuide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTheGuideHasTheDifferencesOfTheCorpus: the guide must list exactly the same ones.
func TestTheGuideHasTheDifferencesOfTheCorpus(t *testing.T) {
	declared := map[string]map[string]bool{} // by difference, the engines with a case
	for _, records := range readCorpus(t) {
		for _, r := range records {
			for _, c := range r.only {
				if declared[c.difference] == nil {
					declared[c.difference] = map[string]bool{}
				}
				declared[c.difference][c.on] = true
			}
		}
	}
	_, section, ok := strings.Cut(readGuide(t), "\n## What differs\n")
	if !ok {
		t.Fatal("the guide has no section on what differs")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	told := map[string]map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(section, -1) {
		told[row[1]] = map[string]bool{"sqlite": true, "sqlserver": true}
	}
	if diff := cmp.Diff(told, declared); diff != "" {
		t.Errorf("the differences in %s and in the corpus (-guide +corpus):\n%s", guide, diff)
	}
}

// blocks returns the fenced blocks of a language.
func blocks(text, language string) []string {
	var all []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

func TestTheGuidesScriptsAreTSQL(t *testing.T) {
	scripts := blocks(readGuide(t), "sql")
	if len(scripts) < 3 {
		t.Fatalf("%d scripts in %s", len(scripts), guide)
	}
	for _, s := range scripts {
		// sqlcmd substitutes the password before the server sees the text.
		s = strings.ReplaceAll(s, "$(password)", "secret")
		for _, batch := range regexp.MustCompile(`(?m)^GO$`).Split(s, -1) {
			if strings.TrimSpace(batch) == "" {
				continue
			}
			if _, err := parser.Parse(t.Context(), strings.NewReader(batch)); err != nil {
				t.Errorf("%v\n%s", err, batch)
			}
		}
	}
}

// compose is the part of the compose file that is checked.
type compose struct {
	Services map[string]struct {
		Image       string            `json:"image"`
		Build       any               `json:"build"` // a directory, or an object
		Environment map[string]string `json:"environment"`
		Secrets     []string          `json:"secrets"`
		Volumes     []string          `json:"volumes"`
		DependsOn   any               `json:"depends_on"`
		Healthcheck map[string]any    `json:"healthcheck"`
	} `json:"services"`
	Secrets map[string]map[string]string `json:"secrets"`
	Volumes map[string]any               `json:"volumes"`
}

func TestTheGuidesComposeFileHoldsTogether(t *testing.T) {
	files := blocks(readGuide(t), "yaml")
	if len(files) != 1 {
		t.Fatalf("%d compose files in %s", len(files), guide)
	}
	c := readCompose(t, files[0])
	for i := range 3 {
		for _, kind := range []string{"db", "login", "worker"} {
			if _, ok := c.Services[fmt.Sprintf("%s-%d", kind, i)]; !ok {
				t.Errorf("there is no %s-%d", kind, i)
			}
		}
		if s := c.Services[fmt.Sprintf("db-%d", i)]; s.Healthcheck == nil || s.Environment["ACCEPT_EULA"] != "Y" {
			t.Errorf("db-%d is %+v", i, s)
		}
	}
	c.check(t)
}

func TestTheComposeFileHoldsTogether(t *testing.T) {
	text, err := os.ReadFile("../../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	c := readCompose(t, string(text))
	for _, name := range []string{"worker-go", "worker-python", "worker-node", "master-0", "master-1", "console"} {
		build, ok := c.Services[name].Build.(map[string]any)
		if !ok {
			t.Errorf("there is no %s with a Dockerfile", name)
			continue
		}
		if _, err := os.Stat(filepath.Join("../../..", fmt.Sprint(build["dockerfile"]))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.check(t)
}

func readCompose(t *testing.T, text string) *compose {
	t.Helper()
	c := &compose{}
	if _, err := yaml.Unmarshal([]byte(text), c, yaml.DecodeOpts{}); err != nil {
		t.Fatal(err)
	}
	return c
}

// check checks that what the services name is declared, and that our programs read the variables
// that are set for them.
func (c *compose) check(t *testing.T) {
	t.Helper()
	known := append(settings(t), "WORKER_SQLITE_EXTENSION")
	for name, s := range c.Services {
		for _, secret := range s.Secrets {
			if c.Secrets[secret]["file"] == "" {
				t.Errorf("%s uses the undeclared secret %s", name, secret)
			}
		}
		for _, v := range s.Volumes {
			if source, _, _ := strings.Cut(v, ":"); !strings.HasPrefix(source, ".") {
				if _, ok := c.Volumes[source]; !ok {
					t.Errorf("%s uses the undeclared volume %s", name, source)
				}
			}
		}
		for _, other := range dependencies(s.DependsOn) {
			if _, ok := c.Services[other]; !ok {
				t.Errorf("%s depends on the undeclared service %s", name, other)
			}
		}
		for variable, value := range s.Environment {
			if strings.HasPrefix(s.Image, "shardeck") && !slices.Contains(known, variable) {
				t.Errorf("%s sets %s, which no service reads", name, variable)
			}
			if secret, ok := strings.CutPrefix(value, "/run/secrets/"); ok && !slices.Contains(s.Secrets, secret) {
				t.Errorf("%s reads the secret %s without having it", name, secret)
			}
		}
	}
}

// TestDockerfilesCopyWhatExists reads the instructions of each Dockerfile: they are known, and
// copy files of the source tree or of an earlier stage.
func TestDockerfilesCopyWhatExists(t *testing.T) {
	const root = "../../.."
	for _, file := range []string{"worker/Dockerfile", "worker/python/Dockerfile", "worker/node/Dockerfile"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Error(err)
			continue
		}
		var stages []string
		copies := 0
		for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
			words := strings.Fields(line)
			if len(words) == 0 || words[0][0] == '#' {
				continue
			}
			switch words[0] {
			case "FROM":
				stages = append(stages, words[len(words)-1])
			case "COPY":
				copies++
				checkCopy(t, root, file, words[1:], stages)
			case "WORKDIR", "RUN", "USER", "ENV", "CMD":
			default:
				t.Errorf("%s: unknown instruction %s", file, words[0])
			}
		}
		if len(stages) != 2 || copies < 3 {
			t.Errorf("%s has %d stages and %d copies", file, len(stages), copies)
		}
	}
}

// checkCopy checks the sources of a COPY; the last word is its destination.
func checkCopy(t *testing.T, root, file string, words, stages []string) {
	t.Helper()
	for _, w := range words[:len(words)-1] {
		if stage, ok := strings.CutPrefix(w, "--from="); ok {
			if !slices.Contains(stages, stage) {
				t.Errorf("%s copies from the stage %s, which it lacks", file, stage)
			}
			return
		}
		if strings.HasPrefix(w, "--") {
			continue
		}
		if _, err := os.Stat(filepath.Join(root, w)); err != nil {
			t.Errorf("%s copies %s: %v", file, w, err)
		}
	}
}

func dependencies(v any) []string {
	var names []string
	switch v := v.(type) {
	case []any:
		for _, name := range v {
			names = append(names, fmt.Sprint(name))
		}
	case map[string]any:
		for name := range v {
			names = append(names, name)
		}
	}
	return names
}

// settings are the environment variables that the services and the console read.
func settings(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, dir := range []string{"master/service", "worker/service", "shared/daemon", "tui/cli"} {
		files, err := filepath.Glob(filepath.Join("../../..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`env:"([A-Z_]+)"`).FindAllStringSubmatch(string(text), -1) {
				names = append(names, m[1])
			}
		}
	}
	return names
}
