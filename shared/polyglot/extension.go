package polyglot

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// ExtensionPath is where the extension of the checkout at root is built. SQLite derives the name
// of its entry point from the file's.
func ExtensionPath(root string) string {
	suffix := ".so"
	switch runtime.GOOS {
	case "darwin":
		suffix = ".dylib"
	case "windows":
		suffix = ".dll"
	}
	return filepath.Join(root, "bin", "libshardeck"+suffix)
}

// checkExtension looks for what building the extension requires.
func checkExtension() error {
	missing := &MissingError{}
	if _, err := exec.LookPath("go"); err != nil {
		missing.add(lacks("Go", "", how{debian: "https://go.dev/dl/", mac: "brew install go", windows: "winget install GoLang.Go"}))
	}
	if compiler() == "" {
		missing.add(lacks("a C compiler", "", how{
			debian:  "install gcc (Debian and Ubuntu: apt install gcc libc6-dev; Fedora: dnf install gcc), or set CC",
			mac:     "xcode-select --install",
			windows: "install a MinGW-w64 gcc (such as winget install BrechtSanders.WinLibs.POSIX.UCRT), or set CC",
		}))
	}
	return missing.orNil()
}

// compiler returns the C compiler that cgo will use, or "" if there is none.
func compiler() string {
	for _, name := range []string{os.Getenv("CC"), "gcc", "clang", "cc"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// headers is the module that has SQLite's headers, so that no package of the system is required.
const headers = "github.com/mattn/go-sqlite3"

// toolsFile pins it, next to the other tools.
const toolsFile = ".ci/tools/go.mod"

// SetUpExtension builds only the extension of the checkout at root.
func SetUpExtension(ctx context.Context, root string, say Say) error {
	if err := checkExtension(); err != nil {
		return err
	}
	return buildExtension(ctx, root, say)
}

// buildExtension builds the extension; Go's build cache decides what there is to do.
func buildExtension(ctx context.Context, root string, say Say) error {
	build := func() error { return BuildExtension(ctx, root, ExtensionPath(root)) }
	if _, err := os.Stat(ExtensionPath(root)); err == nil {
		return build()
	}
	return step(say, "building the SQLite extension", build)
}

// BuildExtension builds the extension into a file, whose name must be that of [ExtensionPath].
// GOOS, GOARCH and CC in the environment choose another platform.
func BuildExtension(ctx context.Context, root, file string) error {
	if err := run(ctx, root, nil, "go", "mod", "download", "-modfile="+toolsFile, headers); err != nil {
		return fmt.Errorf("downloading SQLite's headers: %w", err)
	}
	dir, err := output(ctx, "go", "-C", root, "list", "-modfile="+toolsFile, "-m", "-f", "{{.Dir}}", headers)
	if err != nil {
		return fmt.Errorf("finding SQLite's headers: %w", err)
	}
	env := []string{"CGO_ENABLED=1", "CGO_CFLAGS=" + strings.TrimSpace("-O2 -g0 "+os.Getenv("CGO_CFLAGS")) + " -I" + dir}
	if os.Getenv("CC") == "" {
		env = append(env, "CC="+compiler())
	}
	// -s and -w leave out what only debuggers read.
	file, err = filepath.Abs(file)
	if err != nil {
		return err
	}
	if err := run(ctx, root, env, "go", "build", "-tags", "sqliteext", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", file, "./worker/sqliteext"); err != nil {
		return fmt.Errorf("building the SQLite extension: %w", err)
	}
	return nil
}
