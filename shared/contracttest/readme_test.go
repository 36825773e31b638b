package contracttest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shardeck/shared/testcluster"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestREADMEWalkThroughWorks runs the README's curl commands one by one.
func TestREADMEWalkThroughWorks(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("sh is not installed")
	}
	if help, err := exec.Command("curl", "--help", "all").Output(); err != nil || !strings.Contains(string(help), "--json") {
		t.Skip("no curl that supports --json is installed")
	}
	commands := curlCommands(t)
	if len(commands) < 10 {
		t.Fatalf("only %d commands were found in the README", len(commands))
	}
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	local := strings.NewReplacer("http://127.0.0.1:8080", c.Masters[0].URL, "http://127.0.0.1:8084", c.Masters[1].URL)
	for _, cmd := range commands {
		out, err := exec.CommandContext(t.Context(), shell, "-c", local.Replace(cmd.text)).Output()
		if err != nil {
			t.Fatalf("%s\n%v", cmd.text, err)
		}
		if len(out) == 0 || strings.Contains(string(out), "urn:shardeck:problem") != cmd.refused {
			t.Errorf("%s\nresponded %s\nwant a problem: %v", cmd.text, out, cmd.refused)
		}
	}
}

// command is a command of the README, and whether its comment says that it is refused.
type command struct {
	text    string
	refused bool
}

func curlCommands(t *testing.T) []command {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []command
	for _, block := range shellBlock.FindAllStringSubmatch(string(readme), -1) {
		refused, open := false, false
		for line := range strings.Lines(block[1]) {
			switch {
			case strings.HasPrefix(line, "curl "):
				all = append(all, command{line, refused})
				open, refused = true, false
			case strings.HasPrefix(line, "#"):
				open, refused = false, strings.Contains(line, "refused")
			case open && strings.HasPrefix(line, " "):
				all[len(all)-1].text += line // the command continues
			default:
				open = false
			}
		}
	}
	return all
}

var (
	variable = regexp.MustCompile(`(?:env:|[gG]etenv\()"((?:MASTER|WORKER|SHARDECK|LOG|EXIT)_[A-Z_]+)"`)
	inREADME = regexp.MustCompile("`((?:MASTER|WORKER|SHARDECK|LOG|EXIT)_[A-Z_]+)`")
)

// TestREADMEHasEveryVariable compares the README with the struct tags that define the programs'
// configuration.
func TestREADMEHasEveryVariable(t *testing.T) {
	code := map[string]bool{}
	for _, dir := range []string{"master/service", "worker/service", "shared/daemon", "tui", "tui/bench", "tui/cli", "tui/config", "tui/console", "tui/demo"} {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range variable.FindAllStringSubmatch(string(text), -1) {
				code[m[1]] = true
			}
		}
	}
	extension := variablesOfOtherLanguages(t)
	code[extension] = true
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, m := range inREADME.FindAllStringSubmatch(string(readme), -1) {
		told[m[1]] = true
	}
	for name := range code {
		if !told[name] {
			t.Errorf("the README does not mention %s", name)
		}
	}
	for name := range told {
		if !code[name] {
			t.Errorf("no program reads %s, which the README mentions", name)
		}
	}
}

// variablesOfOtherLanguages checks that the workers in other languages read the variables of the
// Go worker, and returns the one that only they read.
func variablesOfOtherLanguages(t *testing.T) string {
	t.Helper()
	const extension = "WORKER_SQLITE_EXTENSION"
	text, err := os.ReadFile("../../worker/service/config.go")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{extension, "LOG_FORMAT", "LOG_LEVEL", "EXIT_WITH_PARENT"}
	for _, m := range variable.FindAllStringSubmatch(string(text), -1) {
		want = append(want, m[1])
	}
	for _, file := range []string{"worker/python/shardeck_worker/config.py", "worker/node/src/config.ts"} {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range want {
			if !regexp.MustCompile(`["']` + name + `["']`).Match(text) {
				t.Errorf("%s does not read %s", file, name)
			}
		}
	}
	return extension
}
