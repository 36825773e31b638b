package demo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
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

// listener returns the inode of a line of /proc/net/tcp if it is a socket that listens on the port; see
// proc(5): the local address is the second field, with the port in hexadecimal digits, the state the
// fourth, where 0A is listening, and the inode the tenth.
func listener(line string, port int) string {
	f := strings.Fields(line)
	if len(f) < 10 || f[3] != "0A" {
		return ""
	}
	_, hex, _ := strings.Cut(f[1], ":")
	if n, err := strconv.ParseUint(hex, 16, 16); err != nil || int(n) != port {
		return ""
	}
	return f[9]
}
