package polyglot

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// leastPython is the least minor version of Python 3.
const leastPython = 11

// python is Python's toolchain: an interpreter of the machine, and the virtual environment next
// to the worker's sources.
type python struct {
	folder      string   // worker/python
	interpreter []string // the machine's
	version     string
}

func (p *python) venv() string { return filepath.Join(p.folder, ".venv") }

// program is the virtual environment's interpreter.
func (p *python) program() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(p.venv(), "Scripts", "python.exe")
	}
	return filepath.Join(p.venv(), "bin", "python")
}

// findPython looks for an interpreter that is recent enough.
func findPython(ctx context.Context, root string) (toolchain, error) {
	p := &python{folder: filepath.Join(root, "worker", "python")}
	why := ""
	candidates := [][]string{{"python3"}, {"python"}, {"py", "-3"}}
	for minor := leastPython; minor <= leastPython+4; minor++ {
		candidates = append(candidates, []string{"python3." + strconv.Itoa(minor)})
	}
	for _, c := range candidates {
		if _, err := exec.LookPath(c[0]); err != nil {
			continue
		}
		args := append(c[1:len(c):len(c)], "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])")
		version, err := output(ctx, c[0], args...)
		if err != nil {
			continue // such as the placeholder that Windows has for Python
		}
		if !atLeast(version, 3, leastPython) {
			why = strings.Join(c, " ") + " is " + version
			continue
		}
		p.interpreter, p.version = c, version
		return p, nil
	}
	return nil, lacks(fmt.Sprintf("Python 3.%d or later", leastPython), why, how{
		debian: "https://www.python.org/downloads/ or your system's packages (Debian and Ubuntu: apt install python3 python3-venv)",
		mac:    "brew install python", windows: "winget install Python.Python.3.13",
	})
}

// lockFile pins the packages, with the hashes of their files.
func lockFile(dev bool) string {
	if dev {
		return "requirements-dev.txt" // has those of requirements.txt, too
	}
	return "requirements.txt"
}

func (p *python) stamp(dev bool) *stamp {
	return newStamp(p.venv(), p.version, filepath.Join(p.folder, lockFile(dev)))
}

func (p *python) command() ([]string, error) {
	if !current(p.stamp(false), p.stamp(true)) {
		return nil, errNotSetUp
	}
	return []string{p.program(), p.folder}, nil
}

func (p *python) checks() (string, [][]string, error) {
	if !current(p.stamp(true)) {
		return "", nil, errNotForChecks
	}
	var all [][]string
	for _, c := range []string{"ruff check .", "ruff format --check .", "mypy", "pytest -q"} {
		all = append(all, append([]string{p.program(), "-m"}, strings.Fields(c)...))
	}
	return p.folder, all, nil
}

func (p *python) setUp(ctx context.Context, dev bool, say Say) error {
	want := p.stamp(dev)
	if current(want, p.stamp(true)) {
		return nil
	}
	what := "installing the Python worker's packages into worker/python/.venv, with Python " + p.version
	return step(say, what, func() error {
		args := append(p.interpreter[1:len(p.interpreter):len(p.interpreter)], "-m", "venv", p.venv())
		if err := run(ctx, p.folder, nil, p.interpreter[0], args...); err != nil {
			return fmt.Errorf("creating a virtual environment (Debian and Ubuntu have it in the package python3-venv): %w", err)
		}
		err := run(ctx, p.folder, nil, p.program(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
			"--require-hashes", "--only-binary", ":all:", "-r", lockFile(dev))
		if err != nil {
			return fmt.Errorf("installing the Python worker's packages: %w", err)
		}
		return want.write()
	})
}

// atLeast reports whether a version such as "3.11.7" is major.minor or later.
func atLeast(version string, major, minor int) bool {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 {
		return false
	}
	ma, err1 := strconv.Atoi(parts[0])
	mi, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (ma > major || ma == major && mi >= minor)
}
