package demo

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// wantedPorts returns the default ports: primary, three workers, backup.
func wantedPorts() []int { return []int{8080, 8081, 8082, 8083, 8084} }

// choosePorts returns a port on 127.0.0.1 for each wanted one: the wanted one if it is
// free, otherwise (or if anyFree is set) any free one. taken lists the wanted ports that
// were not available, who has them, and what is used instead.
//
// Nothing reserves the ports until the services listen on them; [Start] tries again if
// another program takes one first.
func choosePorts(wanted []int, anyFree bool) (ports []int, taken []takenPort, err error) {
	var held []net.Listener // so that no free port is returned twice
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	ports = make([]int, len(wanted))
	for i, want := range wanted {
		if anyFree {
			want = 0
		}
		l, err := listenOn(want)
		lost := err != nil && want != 0
		if lost {
			l, err = listenOn(0)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("no free port on 127.0.0.1: %w", err)
		}
		held = append(held, l)
		ports[i] = l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // a TCP listener has no other
		if lost {
			taken = append(taken, takenPort{port: want, instead: ports[i], by: owner(want)})
		}
	}
	return ports, taken, nil
}

// errPortLost means that another program took a child's port after it was chosen.
var errPortLost = errors.New("a port was taken by another program just before it was used")

// lostPort returns errPortLost if one of the ports is taken, once no child uses them.
func lostPort(ports []int) error {
	for _, port := range ports {
		l, err := listenOn(port)
		if err != nil {
			return fmt.Errorf("%w: %d", errPortLost, port)
		}
		l.Close()
	}
	return nil
}

// listenOn listens on a port. A port on which another program answers counts as taken
// even if the system would allow binding it next to a wildcard listener, as macOS does.
func listenOn(port int) (net.Listener, error) {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if port != 0 {
		if c, err := net.DialTimeout("tcp", addr, 300*time.Millisecond); err == nil {
			c.Close()
			return nil, fmt.Errorf("port %d is in use", port)
		}
	}
	return net.Listen("tcp", addr)
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
