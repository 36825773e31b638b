package polyglot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The least version of Node.js, as in worker/node/package.json.
const (
	leastNode      = 24
	leastNodeMinor = 15
	// nodePackage is what brings it from npm's registry where the machine's is older.
	nodePackage = "node@24"
)

// node is Node.js' toolchain: an interpreter of the machine or of npm's registry, and the
// packages next to the worker's sources.
type node struct {
	folder  string // worker/node
	program string // recent enough; empty if it has to be installed
	npm     string
}

// installed is where an interpreter from npm's registry is.
func (n *node) installed() string {
	dir := filepath.Join(n.folder, ".node", "node_modules", "node", "bin")
	return filepath.Join(dir, executable("node"))
}

// findNode looks for an interpreter that is recent enough, or for npm to get one.
func findNode(ctx context.Context, root string) (toolchain, error) {
	n := &node{folder: filepath.Join(root, "worker", "node")}
	why := ""
	for _, program := range []string{"node", n.installed()} {
		path, err := exec.LookPath(program)
		if err != nil {
			continue
		}
		version, err := output(ctx, path, "--version")
		if err != nil {
			continue
		}
		if atLeast(version, leastNode, leastNodeMinor) {
			n.program = path
			break
		}
		why = "node is " + version
	}
	var err error
	if n.npm, err = exec.LookPath("npm"); err != nil && (n.program != "" || why != "") {
		return nil, lacks("npm, which comes with Node.js but not in every package of it", why, how{
			debian: "https://nodejs.org/en/download or your system's packages (Debian and Ubuntu: apt install npm)",
			mac:    "brew install node", windows: "winget install OpenJS.NodeJS",
		})
	}
	if err != nil {
		return nil, lacks(fmt.Sprintf("Node.js %d.%d or later with npm, or an older one with npm, which can bring it", leastNode, leastNodeMinor), why, how{
			debian: "https://nodejs.org/en/download or your system's packages (Debian and Ubuntu: apt install nodejs npm)",
			mac:    "brew install node", windows: "winget install OpenJS.NodeJS",
		})
	}
	return n, nil
}

func (n *node) stamp(dev bool) *stamp {
	kind := "production"
	if dev {
		kind = "development"
	}
	return newStamp(filepath.Join(n.folder, "node_modules"), kind, filepath.Join(n.folder, "package-lock.json"))
}

func (n *node) command() ([]string, error) {
	if n.program == "" || !current(n.stamp(false), n.stamp(true)) {
		return nil, errNotSetUp
	}
	return []string{n.program, filepath.Join(n.folder, "start.js")}, nil
}

func (n *node) checks() (string, [][]string, error) {
	if n.program == "" || !current(n.stamp(true)) {
		return "", nil, errNotForChecks
	}
	modules := filepath.Join(n.folder, "node_modules")
	return n.folder, [][]string{
		{n.program, filepath.Join(modules, "eslint", "bin", "eslint.js"), "."},
		{n.program, filepath.Join(modules, "typescript", "bin", "tsc"), "--noEmit"},
		{n.program, "--test", "test/*.test.ts"},
	}, nil
}

func (n *node) setUp(ctx context.Context, dev bool, say Say) error {
	if n.program == "" {
		if err := step(say, "installing Node.js 24 into worker/node/.node", func() error { return n.install(ctx) }); err != nil {
			return err
		}
	}
	want := n.stamp(dev)
	if current(want, n.stamp(true)) {
		return nil
	}
	return step(say, "installing the Node worker's packages into worker/node/node_modules", func() error {
		args := []string{"ci"}
		if !dev {
			args = append(args, "--omit=dev")
		}
		if err := n.run(ctx, args...); err != nil {
			return fmt.Errorf("installing the Node worker's packages: %w", err)
		}
		return want.write()
	})
}

// install brings Node.js from npm's registry.
func (n *node) install(ctx context.Context) error {
	dir := filepath.Join(n.folder, ".node")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := n.run(ctx, "install", "--no-save", "--prefix", dir, nodePackage); err != nil {
		return fmt.Errorf("installing Node.js: %w", err)
	}
	version, err := output(ctx, n.installed(), "--version")
	if err == nil && !atLeast(version, leastNode, leastNodeMinor) {
		err = errors.New("it is " + version)
	}
	if err != nil {
		return fmt.Errorf("the Node.js that npm installed cannot be used; install Node.js %d yourself (https://nodejs.org/en/download): %w", leastNode, err)
	}
	n.program = n.installed()
	return nil
}

func (n *node) run(ctx context.Context, args ...string) error {
	return run(ctx, n.folder, nil, n.npm, append(args, "--no-audit", "--no-fund", "--loglevel=error")...)
}
