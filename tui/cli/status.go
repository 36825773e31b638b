package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/answer"
)

// Status prints the cluster's masters, shards and tables, as of the masters' latest
// probes.
type Status struct {
	Connection
	JSON bool `name:"json" help:"Print one JSON document."`
}

// Help adds to the command's help.
func (*Status) Help() string {
	return "The exit code is 0 if a primary answers (or, if only a backup was asked, the backup reaches it), every shard is up, every given master answers and no schema has drifted; otherwise 1.\n\n" + ExitHelp
}

// StatusReport is the output of status --json.
type StatusReport struct {
	Status  api.Status `json:"status"` // ok, degraded or down
	Reasons []string   `json:"reasons,omitempty"`
	Primary string     `json:"primary"` // base URL; empty if no master claims to be the primary
	// PrimaryUnasked reports that Primary was not asked itself, but named by a backup.
	PrimaryUnasked bool `json:"primary_unasked,omitempty"`

	Term    uint64         `json:"term"`
	Masters []MasterReport `json:"masters"`
	// Cluster is the most trustworthy master's view: that of the primary with the newest term.
	Cluster *api.Metadata `json:"cluster"`
}

// MasterReport is the state of one master.
type MasterReport struct {
	URL           string       `json:"url"`
	Reachable     bool         `json:"reachable"`
	Role          api.Role     `json:"role,omitempty"`
	Term          uint64       `json:"term,omitempty"`
	Cluster       string       `json:"cluster,omitempty"` // the id of the cluster that it belongs to
	Version       string       `json:"version,omitempty"`
	UptimeSeconds float64      `json:"uptime_seconds,omitempty"`
	Problem       *api.Problem `json:"problem,omitempty"`
}

// Run surveys the masters and prints the report.
func (c *Status) Run(ctx context.Context, streams Streams) error {
	endpoints, err := c.Open()
	if err != nil {
		return err
	}
	seen := Survey(ctx, endpoints, c.Timeout)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	report, err := newStatusReport(seen)
	if err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(streams.Out, report)
	} else {
		report.print(streams.Out)
	}
	if err == nil && report.Status != api.StatusOK {
		err = errFailed()
	}
	return err
}

// newStatusReport evaluates the sightings. It fails if no master returned its metadata,
// with the first problem that came from a master, if any.
func newStatusReport(seen []Sighting) (*StatusReport, error) {
	view := best(ofFirstCluster(seen))
	if view == nil {
		var causes []error
		for _, s := range seen {
			if !Unreachable(s.Err) {
				return nil, fmt.Errorf("%s: %w", s.Endpoint.URL, s.Err)
			}
			causes = append(causes, s.Err)
		}
		return nil, errUnreachable(causes)
	}
	r := &StatusReport{Status: api.StatusOK, Term: view.Metadata.Master.Term, Cluster: view.Metadata}
	if mixed := mixedClusters(seen); mixed != "" {
		r.worsen(api.StatusDegraded, mixed)
	}
	r.judgePrimary(seen, view.Metadata)
	for _, s := range seen {
		r.Masters = append(r.Masters, masterReport(s))
		if s.Err != nil {
			r.worsen(api.StatusDegraded, fmt.Sprintf("master %s does not answer", s.Endpoint.URL))
		}
	}
	r.judgeShards(view.Metadata)
	if view.Health != nil {
		r.addReasons(view.Health)
	}
	return r, nil
}

// judgePrimary finds the primary. It suggests a failover only if the primary that a
// backup names was asked too and either does not answer or is demoted.
func (r *StatusReport) judgePrimary(seen []Sighting, md *api.Metadata) {
	known := md.Master.Primary
	switch {
	case md.Master.Role == api.RolePrimary:
		r.Primary = md.Master.URL
	case known == "" || known == md.Master.URL || asked(seen, known):
		r.worsen(api.StatusDegraded, "none of the masters that answer is the primary; "+wayToPrimary(md.Workers, automatic(md.Master.Lease)))
	default:
		r.Primary, r.PrimaryUnasked = known, true
		i := slices.IndexFunc(md.Peers, func(p api.PeerInfo) bool { return p.URL == known })
		switch {
		case i < 0:
			r.worsen(api.StatusDegraded, fmt.Sprintf("%s is the primary according to the backup, which does not have it among its peers (MASTER_PEERS) and has not checked it; add it to --master to check", known))
		case !md.Peers[i].Reachable || md.Peers[i].Role != api.RolePrimary:
			r.worsen(api.StatusDegraded, fmt.Sprintf("%s is the primary according to the backup, which cannot reach it; add it to --master to check", known))
		}
	}
}

// wayToPrimary says how to get a primary: a failover requires a majority of the workers.
func wayToPrimary(workers []api.WorkerInfo, automatic bool) string {
	serving, unauthorized := 0, 0
	for i := range workers {
		switch {
		case serves(&workers[i]):
			serving++
		case workers[i].State == api.ShardUnauthorized:
			unauthorized++
		}
	}
	switch {
	case 2*serving > len(workers):
		if automatic {
			return "a backup takes over by itself when the lease is free; failover --yes does not wait for that"
		}
		return "promote the backup with: failover --yes"
	case unauthorized > 0:
		return "a primary requires a majority of the workers, and " + tokenAdvice
	}
	return "a primary requires a majority of the workers: bring them back first"
}

// tokenAdvice is what to do about shards that are unauthorized.
const tokenAdvice = "a shard is unauthorized if its worker has another token (start both with the same MASTER_TOKEN) or another program is at its address"

// asked reports whether a master was asked, under the address given or the one it advertises.
func asked(seen []Sighting, master string) bool {
	return slices.ContainsFunc(seen, func(s Sighting) bool {
		return s.Endpoint.URL == master || s.Metadata != nil && s.Metadata.Master.URL == master
	})
}

func masterReport(s Sighting) MasterReport {
	m := MasterReport{URL: s.Endpoint.URL}
	if s.Err != nil {
		m.Problem = causeProblem(s.Err)
		return m
	}
	info := s.Metadata.Master
	m.Cluster = info.Cluster
	m.Reachable, m.Role, m.Term, m.Version, m.UptimeSeconds = true, info.Role, info.Term, info.Version, info.UptimeSeconds
	return m
}

func (r *StatusReport) judgeShards(md *api.Metadata) {
	serving, unauthorized := 0, false
	for _, w := range md.Workers {
		if serves(&w) {
			serving++
		}
		unauthorized = unauthorized || w.State == api.ShardUnauthorized
		if w.State != api.ShardUp {
			why := ""
			if w.Problem != nil {
				why = ": " + w.Problem.Detail
			}
			r.worsen(api.StatusDegraded, fmt.Sprintf("shard %d (%s) is %s%s", w.Shard, orDash(w.Name), w.State, why))
		}
	}
	if serving == 0 {
		r.worsen(api.StatusDown, "no shard is up")
	}
	if unauthorized && !slices.ContainsFunc(r.Reasons, func(why string) bool { return strings.Contains(why, tokenAdvice) }) {
		r.worsen(api.StatusDegraded, tokenAdvice)
	}
	for _, d := range md.Drift {
		r.worsen(api.StatusDegraded, "drift: "+d.Detail)
	}
}

// worsen lowers the status, never raises it, and records why.
func (r *StatusReport) worsen(to api.Status, why string) {
	if r.Status != api.StatusDown {
		r.Status = to
	}
	r.Reasons = append(r.Reasons, why)
}

func (r *StatusReport) print(w io.Writer) {
	primary := r.Primary
	switch {
	case primary == "":
		primary = "none"
	case r.PrimaryUnasked:
		primary += " (according to the backup; not asked)"
	}
	md := r.Cluster
	fmt.Fprintf(w, "cluster %s   primary %s   term %d   map version %d   %d slots on %s\n",
		r.Status, Clean(primary), r.Term, md.Master.MapVersion, md.Master.Slots, answer.Counted(int64(md.Master.Shards), "shard"))
	if text := leaseText(md.Master.Lease); text != "" {
		fmt.Fprintf(w, "lease %s\n", Clean(text))
	}
	for _, why := range r.Reasons {
		fmt.Fprintf(w, "  ! %s\n", Clean(why))
	}

	fmt.Fprintln(w, "\nmasters")
	t := (&Table{Indent: "  "}).Right(2).Row("URL", "ROLE", "TERM", "UP", "VERSION")
	for _, m := range r.Masters {
		if m.Reachable {
			t.Row(m.URL, m.Role, m.Term, seconds(m.UptimeSeconds), m.Version)
		} else {
			t.Row(m.URL, "no answer", "-", "-", "-")
		}
	}
	t.Fprint(w)
	printShards(w, md)
	printTables(w, md)
}

func printShards(w io.Writer, md *api.Metadata) {
	var total int64
	var old []string
	for _, wk := range md.Workers {
		total += wk.Rows
	}
	fmt.Fprintln(w, "\nshards")
	t := (&Table{Indent: "  "}).Right(0, 5, 6, 7, 8, 9).
		Row("SHARD", "STATE", "WORKER", "LANGUAGE", "ENGINE", "LATENCY", "AGE", "SLOTS", "ROWS", "SHARE", "URL")
	for _, wk := range md.Workers {
		latency, age, rows, share := "-", "never", "?", "-"
		if wk.AgeMS >= 0 {
			age, rows = ageText(wk.AgeMS), fmt.Sprint(wk.Rows)
			if total > 0 {
				share = fmt.Sprintf("%.1f%%", 100*float64(wk.Rows)/float64(total))
			}
			if fresh(&wk) {
				latency = millis(wk.LatencyMS)
			} else {
				rows, share = "~"+rows, "~"+share
				old = append(old, fmt.Sprintf("shard %d's %s ago", wk.Shard, age))
			}
		}
		t.Row(wk.Shard, wk.State, orDash(wk.Name), orDash(wk.Language), orDash(strings.TrimSpace(wk.Engine+" "+wk.EngineVersion)),
			latency, age, wk.Slots, rows, share, wk.URL)
	}
	t.Fprint(w)
	if len(old) > 0 {
		fmt.Fprintf(w, "  ~ as of the latest answer: %s\n", strings.Join(old, ", "))
	}
}

// stale is the age in milliseconds from which the numbers of a slow shard are out of
// date: some probes were not answered at all.
const stale = 4000

// fresh reports whether a shard answers, so that its numbers are current.
func fresh(w *api.WorkerInfo) bool {
	return w.State == api.ShardUp || w.State == api.ShardSlow && w.AgeMS < stale
}

// serves reports whether a shard answers, even if slowly.
func serves(w *api.WorkerInfo) bool {
	return w.State == api.ShardUp || w.State == api.ShardSlow
}

func printTables(w io.Writer, md *api.Metadata) {
	fmt.Fprintln(w, "\ntables")
	t := (&Table{Indent: "  "}).Right(1, 2)
	head := []any{"TABLE", "ROWS", "SKEW", "SHARD KEY"}
	for i := range md.Master.Shards {
		head = append(head, fmt.Sprintf("SHARD %d", i))
		t.Right(4 + i)
	}
	t.Row(head...)
	count := 0
	var empty []string
	for _, db := range md.Databases {
		if len(db.Tables) == 0 {
			empty = append(empty, db.Name)
		}
		for i := range db.Tables {
			t.Row(tableRow(db.Name, &db.Tables[i], md.Workers)...)
			count++
		}
	}
	switch {
	case count > 0:
		t.Fprint(w)
	case len(md.Databases) > 0:
		fmt.Fprintln(w, "  none yet; create some with query \"CREATE TABLE ...\"")
	case slices.ContainsFunc(md.Workers, func(wk api.WorkerInfo) bool { return serves(&wk) }):
		fmt.Fprintln(w, "  none yet; create a database with POST /create-db (see the README), and tables with query \"CREATE TABLE ...\"")
	default:
		fmt.Fprintln(w, "  unknown: no shard is up")
	}
	if len(empty) > 0 {
		fmt.Fprintf(w, "  databases without tables: %s\n", Clean(strings.Join(empty, ", ")))
	}
}

func tableRow(db string, info *api.TableInfo, workers []api.WorkerInfo) []any {
	key := info.Definition.ShardKey
	switch {
	case info.Definition.Replicated():
		key = "(every shard)"
	case key == "":
		key = "(row hash)"
	}
	var shards []any
	mark := ""
	for i, n := range info.RowsPerShard {
		switch {
		case n == nil:
			shards = append(shards, "?")
		case i < len(workers) && !fresh(&workers[i]):
			mark = "~"
			shards = append(shards, fmt.Sprintf("~%d", *n))
		default:
			shards = append(shards, *n)
		}
	}
	return append([]any{db + "." + info.Name, fmt.Sprintf("%s%d", mark, info.Rows), fmt.Sprintf("%s%.3f", mark, info.Skew), key}, shards...)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// ageText formats an age in milliseconds, in minutes and above if it is long.
func ageText(ms float64) string {
	if ms >= 60_000 {
		return seconds(ms / 1000)
	}
	return millis(ms)
}

func seconds(s float64) string {
	return (time.Duration(s) * time.Second).String()
}

// millis formats milliseconds with three significant digits.
func millis(ms float64) string {
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 10_000:
		return fmt.Sprintf("%.0f ms", ms)
	default:
		return fmt.Sprintf("%.1f s", ms/1000)
	}
}
