package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

// Slow has 300 rows for each of three keys, one key per shard. Joined with itself by that key it
// is as large as a test needs: 90,000 rows per shard, 27 million, 8 billion.
const (
	slowRows = 300
	endless  = "SELECT a.n, b.n, c.n, d.n, @pad AS pad FROM Slow a JOIN Slow b ON a.g = b.g JOIN Slow c ON b.g = c.g JOIN Slow d ON c.g = d.g"
	hopeless = "SELECT COUNT(*), SUM(a.n + b.n + c.n + d.n) FROM Slow a JOIN Slow b ON a.g = b.g JOIN Slow c ON b.g = c.g JOIN Slow d ON c.g = d.g"
)

var pad = param("pad", `"`+strings.Repeat("x", 1000)+`"`)

func endlessly() *api.SQLRequest {
	return &api.SQLRequest{DB: dbName, SQL: endless, Params: params(pad)}
}

// cluster is a cluster of three shards with the table Slow.
type cluster struct {
	*testcluster.Cluster
	m *client.Master
}

func startSlow(t *testing.T) *cluster {
	t.Helper()
	c := start(t, 3, "MASTER_SLOW_QUERY=1ms")
	k := &cluster{c, c.Master(0)}
	k.run(t, "CREATE TABLE Slow (g INT, n INT, PRIMARY KEY (g, n)) WITH (DISTRIBUTION = HASH(g))")
	var rows []string
	for _, g := range []int{1, 3, 7} { // shards 1, 2 and 0
		for n := range slowRows {
			rows = append(rows, fmt.Sprintf("(%d, %d)", g, n))
		}
	}
	k.run(t, "INSERT INTO Slow VALUES "+strings.Join(rows, ", "))
	return k
}

func (k *cluster) run(t *testing.T, sql string) *api.SQLResponse {
	t.Helper()
	resp, err := k.m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: sql})
	if err != nil {
		t.Fatalf("%.200s\n%v", sql, err)
	}
	return resp
}

// idle waits until no statement is running, at the master or at the workers, and checks that the
// next one succeeds.
func (k *cluster) idle(t *testing.T) {
	t.Helper()
	testcluster.Await(t, "the master to have no statement", func(ctx context.Context) (bool, string) {
		q, err := k.m.Queries(ctx)
		return err == nil && len(q.Queries) == 0, fmt.Sprint(q, err)
	})
	for _, n := range k.Workers {
		before, ok := ticks(n.PID())
		if !ok {
			break // only available on Linux
		}
		since := time.Now()
		testcluster.Await(t, n.Name+" to become idle", func(context.Context) (bool, string) {
			took := time.Since(since)
			if took < 200*time.Millisecond {
				return false, "too early to tell"
			}
			now, _ := ticks(n.PID())
			share := float64(now-before) / 100 / took.Seconds()
			before, since = now, time.Now()
			return share < 0.2, fmt.Sprintf("it took %.0f %% of a CPU", 100*share)
		})
	}
	if got := lines(k.run(t, "SELECT COUNT(*) FROM Slow").Rows); got != "[900]" {
		t.Errorf("afterwards the table has %s rows", got)
	}
}

// ticks is the CPU time of a process, in 1/100 s.
func ticks(pid int) (int64, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || runtime.GOOS != "linux" {
		return 0, false
	}
	f := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, e1 := strconv.ParseInt(f[11], 10, 64)
	system, e2 := strconv.ParseInt(f[12], 10, 64)
	return user + system, errors.Join(e1, e2) == nil
}

// memory is a process's peak resident set size, in bytes; 0 if unknown.
func memory(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, text2, _ := strings.Cut(string(text), "VmHWM:")
	kb, _, _ := strings.Cut(strings.TrimSpace(text2), " ")
	n, _ := strconv.ParseInt(kb, 10, 64)
	return n << 10
}

func TestStatementsThatEndEarly(t *testing.T) {
	k := startSlow(t)
	t.Run("in time", func(t *testing.T) { timedOut(t, k) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, k) })
	t.Run("refused by one shard", func(t *testing.T) { failsLate(t, k) })
	t.Run("in memory", func(t *testing.T) { bounded(t, k) })
	t.Run("a slow statement is logged without its parameters", func(t *testing.T) { slowLog(t, k) })
	t.Run("with a worker", func(t *testing.T) { killed(t, k) })
}

func timedOut(t *testing.T, k *cluster) {
	t.Run("before the first row", func(t *testing.T) {
		_, err := k.m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: hopeless, TimeoutMS: 300})
		if p := api.AsProblem(err); p.Code != api.CodeQueryTimeout || p.Hint == "" {
			t.Errorf("%+v", p)
		}
		k.idle(t)
	})
	t.Run("in a stream", func(t *testing.T) {
		req := endlessly()
		req.TimeoutMS = 700
		_, err := drain(t, k.m, req)
		if api.CodeOf(err) != api.CodeQueryTimeout {
			t.Errorf("the stream ended in %v", err)
		}
		k.idle(t)
	})
}

// drain reads a stream to its end.
func drain(t *testing.T, m *client.Master, req *api.SQLRequest) (rows int64, err error) {
	t.Helper()
	st, err := m.QueryStream(t.Context(), req)
	if err != nil {
		return 0, err
	}
	defer st.Close()
	for {
		if _, err := st.NextBlock(); err != nil {
			return st.Rows(), err
		}
	}
}

func cancelled(t *testing.T, k *cluster) {
	t.Run("by its id", func(t *testing.T) {
		ended := make(chan error, 1)
		go func() {
			_, err := k.m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: hopeless})
			ended <- err
		}()
		run := k.underWay(t)
		if run.Statement != "SELECT" || run.SQL != hopeless || run.DB != dbName || len(run.Shards) != 3 {
			t.Errorf("it is listed as %+v", run)
		}
		if err := k.m.CancelQuery(t.Context(), run.ID); err != nil {
			t.Error(err)
		}
		if err := <-ended; api.CodeOf(err) != api.CodeCanceled {
			t.Errorf("it ended in %v", err)
		}
		k.idle(t)
		if err := k.m.CancelQuery(t.Context(), run.ID); api.CodeOf(err) != api.CodeUnknownQuery {
			t.Errorf("cancelling it again: %v", err)
		}
	})
	t.Run("by its id in a stream", func(t *testing.T) {
		st, err := k.m.QueryStream(t.Context(), endlessly())
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		if err := k.m.CancelQuery(t.Context(), k.underWay(t).ID); err != nil {
			t.Error(err)
		}
		for err == nil {
			_, err = st.NextBlock()
		}
		if api.CodeOf(err) != api.CodeCanceled {
			t.Errorf("the stream ended in %v", err)
		}
		k.idle(t)
	})
	t.Run("by a client that closes its request", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := k.m.Query(ctx, &api.SQLRequest{DB: dbName, SQL: hopeless})
			ended <- err
		}()
		k.underWay(t)
		cancel()
		if err := <-ended; err == nil {
			t.Error("it got a response")
		}
		k.idle(t)
	})
	t.Run("by their ids while their clients do not read", func(t *testing.T) { unread(t, k) })
}

// unread sends the statement in each format, reads nothing and cancels.
func unread(t *testing.T, k *cluster) {
	answers := map[string]*http.Response{}
	for _, accept := range []string{api.MediaNDJSON, api.MediaJSON, api.MediaCSV} {
		answers[accept] = post(t, k.m, accept, endlessly())
	}
	seen := map[string]int64{}
	testcluster.Await(t, "the master to wait for its clients", func(ctx context.Context) (bool, string) {
		q, err := k.m.Queries(ctx)
		if err != nil || len(q.Queries) != len(answers) {
			return false, fmt.Sprint(q, err)
		}
		still := true
		for _, run := range q.Queries {
			still = still && run.Rows == seen[run.ID] && run.Rows > 0
			seen[run.ID] = run.Rows
		}
		return still, fmt.Sprint(seen)
	})
	for id := range seen {
		if err := k.m.CancelQuery(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	k.idle(t)
	for accept, resp := range answers {
		if tail, err := last(resp); err == nil && !strings.Contains(tail, `{"error":`) {
			t.Errorf("%s: the response passes as complete, ...%s", accept, tail)
		}
	}
}

// underWay is the one running statement, once its shards are known.
func (k *cluster) underWay(t *testing.T) (run api.RunningQuery) {
	t.Helper()
	testcluster.Await(t, "the statement to be listed", func(ctx context.Context) (bool, string) {
		q, err := k.m.Queries(ctx)
		if err != nil || len(q.Queries) != 1 || len(q.Queries[0].Shards) == 0 {
			return false, fmt.Sprint(q, err)
		}
		run = q.Queries[0]
		return true, ""
	})
	return run
}

// failsLate divides by zero in the last row of shard 0, after many rows were sent.
func failsLate(t *testing.T, k *cluster) {
	req := &api.SQLRequest{
		DB: dbName, Params: params(pad),
		SQL: "SELECT 1 / ((a.g - 7) * (a.g - 7) + (299 - a.n) + (299 - b.n)) AS x, @pad AS pad FROM Slow a JOIN Slow b ON a.g = b.g WHERE a.n > 285",
	}
	rows, err := drain(t, k.m, req)
	if p := api.AsProblem(err); p.Code != api.CodeDivideByZero || p.Shard == nil || *p.Shard != 0 || rows == 0 {
		t.Errorf("after %d rows: %+v", rows, p)
	}
	for _, accept := range []string{api.MediaJSON, api.MediaCSV} {
		text, err := io.ReadAll(post(t, k.m, accept, req).Body)
		cut(t, accept, text, err, `"code":"divide_by_zero"`, `"shard":0`)
	}
	k.idle(t)
}

// cut checks that a response cannot pass as complete and, if its format has room for it, states
// the reason.
func cut(t *testing.T, accept string, text []byte, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: the response ended normally after %d bytes", accept, len(text))
	}
	for _, s := range says {
		if tail := string(text[max(0, len(text)-2000):]); accept == api.MediaJSON && !strings.Contains(tail, s) {
			t.Errorf("%s: the response ends in ...%s, without %s", accept, tail[max(0, len(tail)-300):], s)
		}
	}
}

// killed kills a worker in the middle of responses of each format.
func killed(t *testing.T, k *cluster) {
	for i, accept := range []string{api.MediaNDJSON, api.MediaJSON, api.MediaCSV} {
		t.Run(accept, func(t *testing.T) {
			resp := post(t, k.m, accept, endlessly())
			if _, err := io.CopyN(io.Discard, resp.Body, 1<<20); err != nil {
				t.Fatal(err)
			}
			k.Workers[i].Kill(t)
			tail, err := last(resp)
			if accept == api.MediaNDJSON {
				record := tail[strings.LastIndexByte(strings.TrimRight(tail, "\n"), '\n')+1:]
				if err != nil || !strings.HasPrefix(record, `{"error":`) || !strings.Contains(record, fmt.Sprintf(`"shard":%d`, i)) {
					t.Errorf("the stream ended in %v, ...%.300s", err, record)
				}
			} else {
				cut(t, accept, []byte(tail), err, `"error":{`, fmt.Sprintf(`"shard":%d`, i))
			}
			k.without(t, i)
			k.Workers[i].Restart(t)
			k.AwaitReady(0)
			k.idle(t)
		})
	}
}

// without runs statements while a worker is down: on all shards, on all available ones, and on a
// different one.
func (k *cluster) without(t *testing.T, shard int) {
	t.Helper()
	req := api.SQLRequest{DB: dbName, SQL: "SELECT COUNT(*) FROM Slow"}
	_, err := k.m.Query(t.Context(), &req)
	if p := api.AsProblem(err); p.Code != api.CodeShardUnavailable || p.Shard == nil || *p.Shard != shard {
		t.Errorf("without shard %d: %+v", shard, err)
	}
	req.AllowPartial = true
	resp, err := k.m.Query(t.Context(), &req)
	if err != nil || lines(resp.Rows) != "[600]" || len(resp.Partial) != 1 || resp.Partial[0].Shard == nil || *resp.Partial[0].Shard != shard {
		t.Errorf("without shard %d, in part: %v, %+v", shard, err, resp)
	}
	there := []int{7, 1, 3}[(shard+1)%3] // a key of the next shard
	if got := lines(k.run(t, fmt.Sprintf("SELECT COUNT(*) FROM Slow WHERE g = %d", there)).Rows); got != "[300]" {
		t.Errorf("of another shard: %s", got)
	}
}

// last reads a response to its end and returns its tail.
func last(resp *http.Response) (string, error) {
	var tail []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := resp.Body.Read(buf)
		if tail = append(tail, buf[:n]...); len(tail) > 4096 {
			tail = append(tail[:0], tail[len(tail)-4096:]...)
		}
		if err == io.EOF {
			return string(tail), nil
		}
		if err != nil {
			return string(tail), err
		}
	}
}

// bounded checks that the master's memory is bounded.
func bounded(t *testing.T, k *cluster) {
	t.Run("too many groups are refused", func(t *testing.T) {
		_, err := k.m.Query(t.Context(), &api.SQLRequest{
			DB: dbName, Params: params(pad), SQL: "SELECT a.n, b.n, @pad AS pad FROM Slow a JOIN Slow b ON a.g = b.g WHERE a.n < 150 GROUP BY a.n, b.n ORDER BY COUNT(*)",
		})
		if p := api.AsProblem(err); p.Code != api.CodeTooComplex || p.Field != "sql" || p.Hint == "" {
			t.Errorf("%+v", p)
		}
		k.idle(t)
	})
	for name, sql := range map[string]string{
		"rows":          "SELECT a.n, b.n, @pad AS pad FROM Slow a JOIN Slow b ON a.g = b.g WHERE a.n < 150",
		"ordered rows":  "SELECT a.n, b.n, @pad AS pad FROM Slow a JOIN Slow b ON a.g = b.g WHERE a.n < 150 ORDER BY a.n, b.n",
		"groups":        "SELECT a.n, b.n, @pad AS pad, COUNT(*) FROM Slow a JOIN Slow b ON a.g = b.g WHERE a.n < 150 GROUP BY a.n, b.n",
		"a few of many": "SELECT TOP (10) a.n, b.n, @pad AS pad FROM Slow a JOIN Slow b ON a.g = b.g WHERE a.n < 150 GROUP BY a.n, b.n ORDER BY COUNT(*), b.n, a.n",
	} {
		t.Run(name+" pass through", func(t *testing.T) {
			before := memory(k.Masters[0].PID())
			rows, err := drain(t, k.m, &api.SQLRequest{DB: dbName, SQL: sql, Params: params(pad)})
			if err != io.EOF {
				t.Fatal(err)
			}
			// 135 MB went through.
			if grown := memory(k.Masters[0].PID()) - before; grown > 64<<20 {
				t.Errorf("the master's peak grew by %d MiB for %d rows", grown>>20, rows)
			}
		})
	}
}

func slowLog(t *testing.T, k *cluster) {
	// 90,000 rows on each shard take longer than what counts as slow.
	sql := "SELECT a.n, COUNT(*) FROM Slow a JOIN Slow b ON a.g = b.g WHERE CAST(a.n AS NVARCHAR(20)) <> @secret GROUP BY a.n HAVING COUNT(*) > 0"
	if _, err := k.m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: sql, Params: params(param("secret", `"hunter-two"`))}); err != nil {
		t.Fatal(err)
	}
	testcluster.Await(t, "the log", func(context.Context) (bool, string) {
		for line := range strings.Lines(k.Masters[0].Log()) {
			if strings.Contains(line, "slow statement") && strings.Contains(line, sql) {
				return strings.Contains(line, "scatter > merge > group > having") && strings.Contains(line, "query_id"), line
			}
		}
		return false, "the statement is not in it"
	})
	if strings.Contains(k.Masters[0].Log(), "hunter-two") {
		t.Error("the log contains a parameter")
	}
}
