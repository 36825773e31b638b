package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
)

// pointSelects compares a select by shard key, whose answer is checked, with the echo.
func (r *rig) pointSelects(ctx context.Context) error {
	for _, n := range r.cmd.Clients {
		ours := func(int, int) request { return r.oneSelect() }
		baseline := func(int, int) request {
			id := rand.IntN(smallRows)
			return request{
				url:  r.echo,
				body: fmt.Appendf(nil, `{"db_name":%q,"table":%q,"condition":"student_id = %d"}`, benchDB, smallTable, id),
			}
		}
		got, err := r.compare(ctx, n, ours, baseline)
		if err != nil {
			return err
		}
		r.report.ratio("point select through the master", n, "two-hop JSON echo", got, targetAt(n, 0.80))
	}
	return nil
}

// oneSelect returns a point select of a random row of the small table, with a check of its answer.
func (d *deployment) oneSelect() request {
	id := rand.IntN(d.rows)
	want := []byte(student(id).name() + `"`)
	return request{
		url:  d.primary + api.PathSelect,
		body: fmt.Appendf(nil, `{"db_name":%q,"table":%q,"condition":"student_id = %d"}`, benchDB, smallTable, id),
		check: func(answer []byte) error {
			if !bytes.Contains(answer, want) {
				return fmt.Errorf("the answer lacks the row of student %d: %.300s", id, answer)
			}
			return nil
		},
	}
}

// durableInserts compares single-row inserts, acknowledged after their fsync, with the
// echo and with one fsync per insert.
func (r *rig) durableInserts(ctx context.Context) error {
	for _, n := range r.cmd.Clients {
		ours := func(int, int) request { return r.oneInsert(r.primary + api.PathInsert) }
		baseline := func(int, int) request { return r.oneInsert(r.echo) }
		got, err := r.compare(ctx, n, ours, baseline)
		if err != nil {
			return err
		}
		r.report.ratio("durable single-row insert", n, "two-hop JSON echo", got, targetAt(n, 0.60))
		raw, err := openRaw(ctx, r.dir, "fsync.db")
		if err != nil {
			return err
		}
		from := 0
		got, err = ratios(r.cmd.Rounds,
			func() (float64, error) { return throughput(ctx, r.http, n, r.cmd.Round, ours) },
			func() (float64, error) {
				from += 10_000_000
				return raw.fsyncInserts(ctx, from, r.cmd.Round)
			})
		raw.Close()
		if err != nil {
			return err
		}
		r.report.ratio("durable single-row insert", n, "SQLite, one fsync per insert", got, 0)
	}
	return nil
}

func (r *rig) oneInsert(url string) request {
	id := student(r.nextID.Add(1))
	b := fmt.Appendf(nil, `{"db_name":%q,"table":%q,"data":`, benchDB, smallTable)
	return request{url: url, body: append(id.appendJSON(b), '}')}
}

// compare measures both sides as throughput of n clients.
func (r *rig) compare(ctx context.Context, n int, ours, baseline requestFunc) ([]float64, error) {
	return ratios(r.cmd.Rounds,
		func() (float64, error) { return throughput(ctx, r.http, n, r.cmd.Round, ours) },
		func() (float64, error) { return throughput(ctx, r.http, n, r.cmd.Round, baseline) })
}

// targetAt returns the target at 64 clients, the only number with targets.
func targetAt(clients int, target float64) float64 {
	if clients == 64 {
		return target
	}
	return 0
}

// bulkInserts compares 100,000 rows in batches with one raw transaction of as many rows.
func (r *rig) bulkInserts(ctx context.Context) error {
	const rows = 100_000
	for _, n := range r.cmd.Clients {
		round := 0
		got, err := ratios(r.cmd.Rounds,
			func() (float64, error) {
				round++
				return r.bulkOnce(ctx, fmt.Sprintf("Bulk_%d_%d", n, round), n, rows)
			},
			func() (float64, error) {
				raw, err := openRaw(ctx, r.dir, "bulk.db")
				if err != nil {
					return 0, err
				}
				defer raw.Close()
				return raw.bulk(ctx, 0, rows)
			})
		if err != nil {
			return err
		}
		r.report.ratio("100,000 rows in batches of 1,000", n, "one raw SQLite transaction", got, targetAt(n, 0.50))
	}
	return nil
}

// bulkOnce inserts rows into a new table with n clients and returns rows per second.
// The bodies are built before the clock starts, as are the baseline's rows.
func (r *rig) bulkOnce(ctx context.Context, table string, n, rows int) (float64, error) {
	if err := r.createTable(ctx, table); err != nil {
		return 0, err
	}
	bodies := make([][]byte, 0, rows/batchRows)
	for from := 0; from < rows; from += batchRows {
		bodies = append(bodies, insertBody(table, from, from+batchRows))
	}
	var next atomic.Int64
	start := time.Now()
	err := each(n, func(buf *bytes.Buffer) (bool, error) {
		i := int(next.Add(1)) - 1
		if i >= len(bodies) {
			return false, nil
		}
		return true, send(ctx, r.http, request{url: r.primary + api.PathInsert, body: bodies[i]}, buf)
	})
	return float64(rows) / time.Since(start).Seconds(), err
}

// ensureBig creates the big table and the raw file of the same rows, once.
func (r *rig) ensureBig(ctx context.Context) error {
	if r.filled {
		return nil
	}
	if err := r.createTable(ctx, bigTable); err != nil {
		return err
	}
	if err := r.fill(ctx, bigTable, r.cmd.Rows); err != nil {
		return err
	}
	var err error
	if r.rawBig, err = openRaw(ctx, r.dir, "big.db"); err != nil {
		return err
	}
	if _, err = r.rawBig.bulk(ctx, 0, r.cmd.Rows); err != nil {
		return err
	}
	r.filled = true
	return nil
}

// counts compares the MapReduce count with COUNT(*) on one raw file. Both are so short
// that they are repeated for the length of a round.
func (r *rig) counts(ctx context.Context) error {
	if err := r.ensureBig(ctx); err != nil {
		return err
	}
	want := fmt.Appendf(nil, `"total":%d`, r.cmd.Rows)
	ours := func(int, int) request {
		return request{
			url:  r.primary + api.PathMapReduceCount,
			body: fmt.Appendf(nil, `{"db_name":%q,"table":%q}`, benchDB, bigTable),
			check: func(answer []byte) error {
				if !bytes.Contains(answer, want) {
					return fmt.Errorf("the count is wrong: %.300s", answer)
				}
				return nil
			},
		}
	}
	got, err := ratios(r.cmd.Rounds,
		func() (float64, error) { return throughput(ctx, r.http, 1, r.cmd.Round, ours) },
		func() (float64, error) {
			n := 0
			start := time.Now()
			for ; time.Since(start) < r.cmd.Round; n++ {
				if _, err := r.rawBig.count(ctx, r.cmd.Rows); err != nil {
					return 0, err
				}
			}
			return float64(n) / time.Since(start).Seconds(), nil
		})
	if err != nil {
		return err
	}
	r.report.ratio(fmt.Sprintf("MapReduce count of %d rows", r.cmd.Rows), 1, "raw COUNT(*) on one file", got, 1)
	return nil
}

// scans compares a streamed select of every row with a raw scan. It goes through the
// backup master, which has served nothing else, so that its peak memory is the scan's.
func (r *rig) scans(ctx context.Context) error {
	if err := r.ensureBig(ctx); err != nil {
		return err
	}
	body := fmt.Appendf(nil, `{"db_name":%q,"table":%q}`, benchDB, bigTable)
	got, err := ratios(r.cmd.Rounds,
		func() (float64, error) { return r.streamAll(ctx, r.cluster.Masters()[1]+api.PathSelect, body) },
		func() (float64, error) { return r.rawBig.scan(ctx, r.cmd.Rows) })
	if err != nil {
		return err
	}
	r.report.ratio(fmt.Sprintf("streamed scan of %d rows", r.cmd.Rows), 1, "raw scan of one file", got, 0.5)
	return r.scanMemory()
}

// scanMemory checks the peak memory of the backup master, which served the scans.
func (r *rig) scanMemory() error {
	pids := r.cluster.PIDs() // workers first, then primary and backup
	peak, err := peakMemory(pids[len(pids)-1])
	if err != nil {
		r.report.note("the master's peak memory cannot be read here: %v", err)
		return nil
	}
	r.report.limit("the scan's master, peak resident memory", 1, "", float64(peak)/(1<<20), 64, "MiB")
	return nil
}

// streamAll streams the big table's rows and returns rows per second.
func (r *rig) streamAll(ctx context.Context, url string, body []byte) (float64, error) {
	start := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", api.MediaJSON)
	req.Header.Set("Accept", api.MediaNDJSON)
	resp, err := r.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 300))
		return 0, fmt.Errorf("the scan was answered with %d: %s", resp.StatusCode, text)
	}
	lines, last, err := countLines(resp.Body)
	if err != nil {
		return 0, err
	}
	// The first line is the head and the last the end.
	if lines != r.cmd.Rows+2 || !strings.HasPrefix(last, `{"end":`) {
		return 0, fmt.Errorf("the scan returned %d lines, the last of them %.300s", lines, last)
	}
	return float64(r.cmd.Rows) / time.Since(start).Seconds(), nil
}

// countLines reads everything and returns the number of lines and the last one.
func countLines(rd io.Reader) (int, string, error) {
	buf := make([]byte, 256<<10)
	var tail []byte
	lines := 0
	for {
		n, err := rd.Read(buf)
		lines += bytes.Count(buf[:n], []byte{'\n'})
		tail = append(tail, buf[:n]...)
		if i := bytes.LastIndexByte(bytes.TrimSuffix(tail, []byte{'\n'}), '\n'); i >= 0 {
			tail = append(tail[:0], tail[i+1:]...)
		}
		if err == io.EOF {
			return lines, string(tail), nil
		}
		if err != nil {
			return lines, "", err
		}
	}
}

// peakMemory returns a process's peak resident set size in bytes; it requires Linux.
func peakMemory(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmHWM", pid)
}
