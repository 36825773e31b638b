package demo

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shardeck/tui/cli"
)

// markerName is the file that marks a temporary run directory as the demo's own.
const markerName = ".shardeck-demo"

func markerPath(dir string) string { return filepath.Join(dir, markerName) }

// runDir is the demo's directory for token, logs and the shards' data. Only its owner can
// access it.
type runDir struct {
	path      string
	temporary bool
}

// newRunDir creates a temporary directory, or uses keep if it is not empty.
func newRunDir(keep string) (*runDir, error) {
	d := &runDir{path: keep, temporary: keep == ""}
	var err error
	if d.temporary {
		d.path, err = os.MkdirTemp("", "shardeck-demo-*")
	} else {
		if d.path, err = filepath.Abs(keep); err == nil {
			if info, e := os.Stat(d.path); e == nil && !info.IsDir() {
				return nil, cli.Usagef("--data-dir: %s is not a directory; specify one, or a path where one can be created", d.path)
			}
			err = os.MkdirAll(d.path, 0o700)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("creating the demo's directory: %w", err)
	}
	for _, sub := range []string{d.logs(), d.data("")} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return nil, errors.Join(fmt.Errorf("creating the demo's directory: %w", err), d.remove())
		}
	}
	if d.temporary {
		if err := os.WriteFile(markerPath(d.path), []byte("created by the Shardeck demo, which may remove this directory\n"), 0o600); err != nil {
			return nil, errors.Join(err, os.RemoveAll(d.path))
		}
	}
	return d, nil
}

func (d *runDir) logs() string           { return filepath.Join(d.path, "logs") }
func (d *runDir) data(sub string) string { return filepath.Join(d.path, "data", sub) }
func (d *runDir) leaseFile() string      { return filepath.Join(d.path, "lease.db") }
func (d *runDir) tokenFile() string      { return filepath.Join(d.path, "token") }

// writeToken creates a token of 256 random bits for the masters and workers. An existing
// token is kept.
func (d *runDir) writeToken() error {
	if b, err := os.ReadFile(d.tokenFile()); err == nil && len(strings.TrimSpace(string(b))) >= 32 {
		return os.Chmod(d.tokenFile(), 0o600)
	}
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return fmt.Errorf("generating a token: %w", err)
	}
	f, err := os.OpenFile(d.tokenFile(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing the token: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(secret[:]) + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the token: %w", err)
	}
	return nil
}

// remove removes a temporary directory, which newRunDir created; it leaves any other alone.
func (d *runDir) remove() error {
	if !d.temporary {
		return nil
	}
	return os.RemoveAll(d.path)
}
