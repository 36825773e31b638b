package demo

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
)

// firstWithin bounds the wait for the first metadata that has the rows.
const firstWithin = 5 * time.Second

// takenPort is a wanted port on which another program listens.
type takenPort struct {
	port, instead int
	by            string // the program; "" if it is not known
}

// String says who has it, and what is used.
func (t takenPort) String() string {
	by := t.by
	if by == "" {
		by = "another program"
	}
	return fmt.Sprintf("port %d is taken by %s; using %d", t.port, by, t.instead)
}

// notices are what to show for a while besides the events: one line, for a footer has no more.
func (c *Cluster) notices() []string {
	switch len(c.taken) {
	case 0:
		return nil
	case 1:
		return []string{c.taken[0].String()}
	}
	return []string{fmt.Sprintf("%d ports are taken; see the events", len(c.taken))}
}

// secondShell is the line for another shell. No master of a demo requires a token; the workers' is
// named by its file.
func (c *Cluster) secondShell() string {
	export, then := "export ", "; "
	if runtime.GOOS == "windows" {
		export, then = "set ", " && "
	}
	return "in another shell: " + export + "SHARDECK_MASTERS=" + strings.Join(c.Masters(), ",") + then + "shardeck status (the workers' token is in " + c.dir.tokenFile() + ")"
}

// first waits until the primary's metadata has the table with so many rows, so that the console's
// first frame has them too. It returns nil if that takes too long: the console polls by itself.
func (c *Cluster) first(ctx context.Context, rows int) *cluster.Observation {
	ctx, cancel := context.WithTimeout(ctx, firstWithin)
	defer cancel()
	var found *cluster.Observation
	_ = until(ctx, func(ctx context.Context) bool {
		for _, m := range c.clients {
			o := cluster.Poll(ctx, m, m.URL(), time.Now)
			if o.Metadata == nil || o.Metadata.Master.Role != api.RolePrimary {
				continue
			}
			s := cluster.State{Meta: o.Metadata}
			if t := s.Table(demoDB, demoTable); t != nil && t.Rows >= int64(rows) {
				found = &o
				return true
			}
		}
		return false
	})
	return found
}
