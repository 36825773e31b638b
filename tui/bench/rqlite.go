package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// freePorts returns n different ports that were free a moment ago.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close() // after the loop, so that all ports differ
		ports = append(ports, strconv.Itoa(ln.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}

// awaitAnswer waits until a URL is answered with 200.
func (r *rig) awaitAnswer(ctx context.Context, url string) error {
	return r.await(ctx, func(ctx context.Context) error {
		var buf bytes.Buffer
		return send(ctx, r.http, request{url: url, get: true}, &buf)
	})
}

// await repeats ask until it succeeds.
func (r *rig) await(ctx context.Context, ask func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, baselineWait)
	defer cancel()
	for {
		asking, end := context.WithTimeout(ctx, time.Second)
		err := ask(asking)
		end()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

const rqliteNodes = 3

// rqlites is three rqlite nodes.
type rqlites struct {
	*rig
	http, raft []string // ports
	stop       []func() error
}

// rqliteFailovers kills the leader of three rqlite nodes again and again and measures the gap of a
// client that tries another node when one fails.
func (r *rig) rqliteFailovers(ctx context.Context) (err error) {
	ports, err := freePorts(2 * rqliteNodes)
	if err != nil {
		return err
	}
	q := &rqlites{rig: r, http: ports[:rqliteNodes], raft: ports[rqliteNodes:], stop: make([]func() error, rqliteNodes)}
	defer func() {
		for _, stop := range q.stop {
			if stop != nil {
				err = errors.Join(err, stop())
			}
		}
	}()
	for i := range rqliteNodes {
		if err := q.start(ctx, i); err != nil {
			return err
		}
	}
	create := q.execute(0, `["CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY)"]`)
	if err := r.await(ctx, func(ctx context.Context) error { var buf bytes.Buffer; return send(ctx, r.http, create, &buf) }); err != nil {
		return err
	}
	var gaps []time.Duration
	for range r.cmd.FailoverRounds {
		gap, err := q.killLeader(ctx)
		if err != nil {
			return err
		}
		gaps = append(gaps, gap)
	}
	slices.Sort(gaps)
	r.report.times("rqlite, leader killed: gap of row writes", 1, "3 rqlited, defaults", gaps, 0)
	return nil
}

func (q *rqlites) start(ctx context.Context, i int) error {
	args := []string{"-node-id", strconv.Itoa(i + 1), "-http-addr", "127.0.0.1:" + q.http[i], "-raft-addr", "127.0.0.1:" + q.raft[i]}
	if i > 0 {
		args = append(args, "-join", "127.0.0.1:"+q.raft[0])
	}
	var err error
	if q.stop[i], err = q.startOther(q.cmd.RQLited, append(args, filepath.Join(q.dir, fmt.Sprint("rqlite-", i)))...); err != nil {
		return err
	}
	return q.awaitAnswer(ctx, "http://127.0.0.1:"+q.http[i]+"/readyz")
}

func (q *rqlites) execute(node int, statements string) request {
	return request{
		url: "http://127.0.0.1:" + q.http[node] + "/db/execute", body: []byte(statements),
		check: func(answer []byte) error {
			// A repeated row may have been written by the attempt that got no answer.
			if bytes.Contains(answer, []byte(`"error"`)) && !bytes.Contains(answer, []byte("UNIQUE constraint")) {
				return fmt.Errorf("rqlite answers %.300s", answer)
			}
			return nil
		},
	}
}

// leader is the node that says that it leads.
func (q *rqlites) leader(ctx context.Context) (int, error) {
	leader := -1
	err := q.await(ctx, func(ctx context.Context) error {
		for i, port := range q.http {
			var buf bytes.Buffer
			err := send(ctx, q.rig.http, request{url: "http://127.0.0.1:" + port + "/status", get: true}, &buf)
			if err == nil && bytes.Contains(bytes.ReplaceAll(buf.Bytes(), []byte(" "), nil), []byte(`"state":"Leader"`)) {
				leader = i
				return nil
			}
		}
		return errors.New("no rqlite node leads")
	})
	return leader, err
}

func (q *rqlites) killLeader(ctx context.Context) (time.Duration, error) {
	leader, err := q.leader(ctx)
	if err != nil {
		return 0, err
	}
	base := q.nextID.Add(1 << 20)
	g := newGapClient(rqliteNodes, func(server, n int) request {
		return q.execute(server, fmt.Sprintf(`["INSERT INTO t (id) VALUES (%d)"]`, base+int64(n)))
	})
	writing, cancel := context.WithCancel(ctx)
	defer cancel()
	begin := time.Now()
	ended := make(chan struct{})
	go func() { defer close(ended); g.run(writing, leader) }()
	time.Sleep(calm)
	before := g.rows()
	if err := q.stop[leader](); err != nil {
		return 0, err
	}
	q.stop[leader] = nil
	err = q.await(ctx, func(context.Context) error {
		if g.rows() < before+20 {
			return errors.New("rqlite takes no rows after its leader was killed")
		}
		return nil
	})
	cancel()
	<-ended
	gap, _ := g.longest(begin)
	if err != nil || before == 0 {
		return gap, errors.Join(err, fmt.Errorf("%d rows before", before))
	}
	return gap, q.start(ctx, leader)
}
