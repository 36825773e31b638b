package console

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
)

const (
	urlA = "http://127.0.0.1:8080"
	urlB = "http://127.0.0.1:8084"
)

// world simulates a cluster of two masters; its fields control what they answer. It is not
// safe for concurrent use.
type world struct {
	now       time.Time
	dead      map[string]bool
	primary   string
	term      uint64
	failovers int
	dryRuns   int
	forced    bool // of the last failover
	checks    []api.FailoverCheck
	refusal   *api.Problem // of dry runs
	clusters  map[string]string
	counts    int
	tables    []string
	failErr   error
	history   []api.FailoverResponse
	running   map[string][]api.RunningQuery // by the master's URL
	canceled  []string
	served    map[string]uint64 // requests of clients, by the master's URL
	recent    []api.RecentRequest
	sql       *client.Master             // answers statements; nil refuses them
	security  *api.SecurityCheckResponse // nil is one probe that passes
}

func newWorld() *world {
	return &world{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), dead: map[string]bool{}, primary: urlA, term: 3, tables: []string{"Students", "Teachers"}}
}

type fakeMaster struct {
	w   *world
	url string
}

func (f fakeMaster) role() api.Role {
	if f.w.primary == f.url {
		return api.RolePrimary
	}
	return api.RoleBackup
}

func (f fakeMaster) up() error {
	if f.w.dead[f.url] {
		return api.NewProblem(api.CodeShardUnavailable, "connection refused")
	}
	return nil
}

func (f fakeMaster) Traffic(context.Context, uint64) (*api.TrafficReport, error) {
	if err := f.up(); err != nil {
		return nil, err
	}
	n := f.w.served[f.url]
	return &api.TrafficReport{Master: f.url, StartedAt: f.w.now.Truncate(24 * time.Hour), At: f.w.now, Clients: api.Counters{Requests: n,
		Latency: []api.LatencyCount{{UpToMS: 2, Requests: n}}}, Shards: make([]api.Counters, 3), Recent: f.w.recent}, nil
}

func (f fakeMaster) Failovers(context.Context) (*api.FailoversResponse, error) {
	if err := f.up(); err != nil {
		return nil, err
	}
	return &api.FailoversResponse{Failovers: f.w.history}, nil
}

func (f fakeMaster) Queries(context.Context) (*api.QueriesResponse, error) {
	if err := f.up(); err != nil {
		return nil, err
	}
	return &api.QueriesResponse{Queries: f.w.running[f.url]}, nil
}

func (f fakeMaster) CancelQuery(_ context.Context, id string) error {
	f.w.canceled = append(f.w.canceled, f.url+" "+id)
	return f.up()
}

func (f fakeMaster) Metadata(ctx context.Context) (*api.Metadata, error) {
	if err := f.up(); err != nil {
		return nil, err
	}
	other := fakeMaster{f.w, urlA}
	if f.url == urlA {
		other.url = urlB
	}
	m := &api.Metadata{
		Master: api.MasterInfo{URL: f.url, Role: f.role(), Term: f.w.term, Primary: f.w.primary, Slots: 5040, Shards: 3, Cluster: f.w.clusters[f.url]},
		Peers:  []api.PeerInfo{{URL: other.url, Reachable: !f.w.dead[other.url], Role: other.role(), Term: f.w.term}},
	}
	for i := range 3 {
		m.Workers = append(m.Workers, api.WorkerInfo{Shard: i, Name: fmt.Sprint("worker-", i), State: api.ShardUp, LatencyMS: 1, Rows: 100})
	}
	db := api.DatabaseInfo{Name: "SchoolDB"}
	for i, name := range f.w.tables {
		n := int64(100 - i)
		db.Tables = append(db.Tables, api.TableInfo{Name: name, Rows: 3 * n, RowsPerShard: []*int64{&n, &n, &n}, Skew: 1})
	}
	m.Databases = []api.DatabaseInfo{db}
	return m, nil
}

func (f fakeMaster) Count(ctx context.Context, req *api.MapReduceCountRequest, _ ...client.CallOption) (*api.MapReduceCountResponse, error) {
	f.w.counts++
	if err := f.up(); err != nil {
		return nil, err
	}
	r := &api.MapReduceCountResponse{Total: 300, MapMS: 4, ReduceMS: 0.01}
	for i := range 3 {
		r.Shards = append(r.Shards, api.ShardResult{Shard: i, Rows: 100, MS: 3})
	}
	return r, nil
}

func (f fakeMaster) SecurityCheck(context.Context, ...client.CallOption) (*api.SecurityCheckResponse, error) {
	if f.w.security != nil {
		return f.w.security, f.up()
	}
	return &api.SecurityCheckResponse{OK: true, Probes: []api.SecurityProbe{{OK: true, Endpoint: api.Endpoint{Method: "GET", Path: "/stats"}, Credential: api.CredentialNone}},
		Workers: []api.SecurityWorker{{Worker: "worker-0", OK: true}}}, f.up()
}

func (f fakeMaster) Running(ctx context.Context, requestID string) (*api.RunningQuery, error) {
	if f.w.sql == nil {
		return nil, api.NewProblem(api.CodeShardUnavailable, "connection refused")
	}
	return f.w.sql.Running(ctx, requestID)
}

func (fakeMaster) Prefer(string) {}
func (fakeMaster) Close()        {}

func (f fakeMaster) Failover(_ context.Context, req *api.FailoverRequest, _ ...client.CallOption) (*api.FailoverResponse, error) {
	if req.DryRun {
		f.w.dryRuns++
		return &api.FailoverResponse{Kind: api.FailoverDryRun, Checks: f.w.checks, Problem: f.w.refusal}, f.up()
	}
	f.w.failovers++
	f.w.forced = req.Force
	if f.w.failErr != nil {
		return nil, f.w.failErr
	}
	old := f.w.primary
	f.w.primary = f.url
	f.w.term++
	return &api.FailoverResponse{Primary: f.url, Term: f.w.term, Previous: old, TotalMS: 12, Steps: []api.FailoverStep{{Name: "take term", OK: true, MS: 12}}}, nil
}

func (f fakeMaster) Query(ctx context.Context, req *api.SQLRequest, opts ...client.CallOption) (*api.SQLResponse, error) {
	if f.w.sql == nil {
		return nil, api.NewProblem(api.CodeShardUnavailable, "connection refused")
	}
	return f.w.sql.Query(ctx, req, opts...)
}

func (f fakeMaster) QueryStream(ctx context.Context, req *api.SQLRequest, opts ...client.CallOption) (*client.RowStream, error) {
	if f.w.sql == nil {
		return nil, api.NewProblem(api.CodeShardUnavailable, "connection refused")
	}
	return f.w.sql.QueryStream(ctx, req, opts...)
}

// driver runs a model step by step: commands are held until the test runs them.
type driver struct {
	t       testing.TB
	w       *world
	m       *model
	pending []tea.Cmd
}

func drive(t testing.TB, w *world, actions ...Action) *driver {
	t.Helper()
	return driveWith(t, w, func(o *Options) { o.Actions = actions })
}

// driveWith is drive with other options.
func driveWith(t testing.TB, w *world, change func(*Options)) *driver {
	t.Helper()
	o := Options{Masters: []string{urlA, urlB}, Now: func() time.Time { return w.now }, Getenv: func(name string) string {
		return map[string]string{"USER": "ada"}[name]
	}, Dial: func(u string) Master { return fakeMaster{w, u} }, DialAll: func([]string) Statements { return fakeMaster{w, urlA} }}
	change(&o)
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	to := theme.Options{Profile: termenv.Ascii}
	th, err := theme.New(theme.Mono, to)
	if err != nil {
		t.Fatal(err)
	}
	d := &driver{t: t, w: w, m: newModel(context.Background(), o, th, to)}
	d.send(tea.WindowSizeMsg{Width: 100, Height: 30})
	return d
}

// send sends the model a message and holds the command.
func (d *driver) send(msg tea.Msg) {
	_, cmd := d.m.Update(msg)
	if cmd != nil {
		d.pending = append(d.pending, cmd)
	}
}

// settle runs the pending commands, except the clock's, and sends the resulting messages.
func (d *driver) settle() {
	for len(d.pending) > 0 {
		cmd := d.pending[0]
		d.pending = d.pending[1:]
		switch msg := cmd().(type) {
		case tea.BatchMsg:
			for _, c := range msg {
				if c != nil {
					d.pending = append(d.pending, c)
				}
			}
		case tickMsg, nil:
		default:
			d.send(msg)
		}
	}
}

// wait advances the time in steps of the clock's ticks. It sends the ticks itself, since
// the model's own timer would really wait.
func (d *driver) wait(total time.Duration) {
	for total > 0 {
		step := min(total, tickEvery)
		d.w.now = d.w.now.Add(step)
		total -= step
		d.tick()
	}
}

func (d *driver) tick() {
	d.m.now = d.w.now
	d.pending = append(d.pending, d.m.onTick())
	d.pending = compact(d.pending)
	d.settle()
}

func compact(cmds []tea.Cmd) []tea.Cmd {
	var out []tea.Cmd
	for _, c := range cmds {
		if c != nil {
			out = append(out, c)
		}
	}
	return out
}

func keyMsg(name string) keymap.Key {
	k := keymap.Key{Name: name}
	if utf8.RuneCountInString(name) == 1 {
		k.Text = name
	}
	return k
}

// keys presses keys with a human's pause before each.
func (d *driver) keys(names ...string) {
	for _, n := range names {
		d.wait(600 * time.Millisecond)
		d.send(keyMsg(n))
		d.settle()
	}
}

// hold holds a key down as a terminal reports it: one press, a delay, then rapid repeats.
func (d *driver) hold(name string, total time.Duration) {
	d.send(keyMsg(name))
	d.settle()
	d.w.now = d.w.now.Add(500 * time.Millisecond)
	for range int(total / (33 * time.Millisecond)) {
		d.w.now = d.w.now.Add(33 * time.Millisecond)
		d.send(keyMsg(name))
		d.settle()
	}
}

func (d *driver) frame() string { return ansi.Strip(d.m.View()) }

func (d *driver) shows(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if !strings.Contains(d.frame(), text) {
			d.t.Fatalf("%q is not shown:\n%s", text, d.frame())
		}
	}
}
