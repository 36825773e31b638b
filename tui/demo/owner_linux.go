package demo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shardeck/tui/cli"
)

// owner names the program that listens on a TCP port of this machine, as far as /proc shows it to this
// user; "" if it does not.
func owner(port int) string {
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(table) //nolint:gosec // one of two names
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			if inode := listener(line, port); inode != "" {
				inodes["socket:["+inode+"]"] = true
			}
		}
	}
	if len(inodes) == 0 {
		return ""
	}
	fds, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return ""
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && inodes[to] {
			pid := strings.Split(fd, "/")[2]
			name, err := os.ReadFile("/proc/" + pid + "/comm") //nolint:gosec // a number that the system lists
			if err != nil {
				return "pid " + pid
			}
			return fmt.Sprintf("%s (pid %s)", cli.Clean(string(bytes.TrimSpace(name))), pid)
		}
	}
	return ""
}
