package service_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

// The tests of this file kill the primary (SIGKILL) at each request that it sends to a worker in
// the course of a statement, and let the other master take over.

// assassin stands between the masters and their workers, and kills a master at a request.
type assassin struct {
	mu       sync.Mutex
	requests int    // since it was armed
	at       int    // the number of the request to kill at; 0: not armed
	executed bool   // the worker executes that request
	kill     func() // SIGKILL
	killed   bool
	dead     chan struct{} // closed once kill has returned
	// refuse chooses requests that do not arrive; nil: none.
	refuse func(worker int, path, body string) bool
}

func (a *assassin) arm(at int, executed bool, kill func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests, a.at, a.executed, a.kill, a.killed, a.dead = 0, at, executed, kill, false, make(chan struct{})
}

// disarm reports whether the master was killed, and waits until it is dead.
func (a *assassin) disarm() (killed bool) {
	a.mu.Lock()
	a.at, killed = 0, a.killed
	dead := a.dead
	a.mu.Unlock()
	if killed {
		<-dead
	}
	return killed
}

// refusing sets the requests that do not arrive.
func (a *assassin) refusing(refuse func(worker int, path, body string) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse = refuse
}

// between returns the URL of a proxy of the worker.
func (a *assassin) between(t *testing.T, worker int, target string) string {
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case api.WorkerExecPath, api.WorkerCreateDBPath, api.WorkerDropDBPath:
		default:
			proxy.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		a.mu.Lock()
		a.requests++
		dies := a.requests == a.at
		gone := a.at > 0 && a.killed
		executed := a.executed
		refused := a.refuse != nil && a.refuse(worker, r.URL.Path, string(body))
		a.mu.Unlock()
		if dies && executed {
			proxy.ServeHTTP(httptest.NewRecorder(), r)
		}
		if dies {
			a.mu.Lock()
			a.killed = true
			a.mu.Unlock()
			a.kill()
			close(a.dead)
		}
		if dies || gone || refused {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// pair is a cluster of two masters, one of which is killed again and again.
type pair struct {
	t       *testing.T
	c       *testcluster.Cluster
	a       *assassin
	primary int
}

func newPair(t *testing.T) *pair {
	p := &pair{t: t, a: &assassin{}}
	p.c = testcluster.Start(t, testcluster.Options{
		Workers: 3, Masters: 2,
		Between: func(_, worker int, url string) string { return p.a.between(t, worker, url) },
		// Intents of writes are left alone for twice as long.
		Env: []string{"MASTER_REQUEST_TIMEOUT=400ms", "MASTER_PROBE_INTERVAL=100ms"},
	})
	return p
}

func (p *pair) master() *client.Master { return p.c.Master(p.primary) }

// killAt runs a statement on the primary, which dies at its request number at, and makes the other
// master the primary. It reports whether the statement had that many requests.
func (p *pair) killAt(at int, executed bool, statement func(m *client.Master) error) bool {
	p.t.Helper()
	node := p.c.Masters[p.primary]
	p.a.arm(at, executed, func() { node.Kill(p.t) })
	err := statement(p.master())
	if err != nil {
		p.t.Logf("killed at request %d (executed: %v): %v", at, executed, err)
	}
	if !p.a.disarm() {
		if err != nil {
			p.t.Fatal(err)
		}
		return false
	}
	dead := p.primary
	p.primary = 1 - p.primary
	if _, err := p.master().Failover(p.t.Context(), nil); err != nil {
		p.t.Fatal(err)
	}
	p.c.Masters[dead].Restart(p.t)
	p.c.AwaitReady(dead)
	return true
}

// shape describes what each worker has, "-" for a worker without the database.
func (p *pair) shape(db string) []string {
	p.t.Helper()
	list := make([]string, len(p.c.Workers))
	for i := range p.c.Workers {
		st, err := p.c.Worker(i).Stats(p.t.Context())
		if err != nil {
			p.t.Fatal(err)
		}
		list[i] = "-"
		for _, d := range st.Databases {
			if !api.SameName(d.Name, db) {
				continue
			}
			var tables []string
			for _, table := range d.Tables {
				text := fmt.Sprintf("%s(%d)", table.Definition.Name, table.Rows)
				if c, _ := table.Definition.Column("added"); c != nil {
					text += "+" + c.Name
				}
				for _, x := range table.Definition.Indexes {
					text += "+" + x.Name
				}
				tables = append(tables, text)
			}
			slices.Sort(tables)
			list[i] = strings.Join(tables, " ")
		}
	}
	return list
}

// awaitShape waits until the workers have one of the shapes.
func (p *pair) awaitShape(db string, ends ...string) {
	p.t.Helper()
	testcluster.Await(p.t, db+" to be whole", func(context.Context) (bool, string) {
		got := p.shape(db)
		for _, end := range ends {
			if slices.Equal(got, []string{end, end, end}) {
				return true, ""
			}
		}
		return false, fmt.Sprintf("%q, want %q", got, ends)
	})
}

func (p *pair) awaitEmptyLogs(db string) {
	p.t.Helper()
	testcluster.Await(p.t, "the logs to be empty", func(context.Context) (bool, string) {
		got := p.shape(db)
		return !slices.ContainsFunc(got, func(s string) bool { return !strings.Contains(s, "shardeck_intents(0)") }), fmt.Sprint(got)
	})
}

// TestAPrimaryKilledWhileItChangesTheSchema: the next one finishes, at each point, without anybody
// doing anything.
func TestAPrimaryKilledWhileItChangesTheSchema(t *testing.T) {
	const bare, with = "shardeck_intents(0)", "Students(0) shardeck_intents(0)"
	createDB := func(m *client.Master, db string) error {
		_, err := m.CreateDB(t.Context(), &api.CreateDBRequest{DB: db})
		return err
	}
	createTable := func(m *client.Master, db string) error {
		_, err := m.CreateTable(t.Context(), (&school{db: db}).createTable())
		return err
	}
	type change func(m *client.Master, db string) error
	statement := func(sql string) change {
		return func(m *client.Master, db string) error {
			_, err := m.Query(t.Context(), &api.SQLRequest{DB: db, SQL: sql})
			return err
		}
	}
	for name, tt := range map[string]struct {
		before []change
		change change
		ends   []string
	}{
		"create-db":    {nil, createDB, []string{"-", bare}},
		"create-table": {[]change{createDB}, createTable, []string{bare, with}},
		"delete-table": {[]change{createDB, createTable}, func(m *client.Master, db string) error {
			_, err := m.DeleteTable(t.Context(), &api.DeleteTableRequest{DB: db, Table: "Students"})
			return err
		}, []string{bare, with}},
		"alter-table":  {[]change{createDB, createTable}, statement("ALTER TABLE Students ADD added INT, other INT"), []string{with, "Students(0)+added shardeck_intents(0)"}},
		"create-index": {[]change{createDB, createTable}, statement("CREATE INDEX by_name ON Students (name)"), []string{with, "Students(0)+by_name shardeck_intents(0)"}},
		"drop-index": {
			[]change{createDB, createTable, statement("CREATE INDEX by_name ON Students (name)")}, statement("DROP INDEX by_name ON Students"),
			[]string{"Students(0)+by_name shardeck_intents(0)", with},
		},
		"drop-db": {[]change{createDB, createTable}, func(m *client.Master, db string) error {
			_, err := m.DropDB(t.Context(), &api.DropDBRequest{DB: db})
			return err
		}, []string{"-", with}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			for at := 1; ; at++ {
				executed := at%2 == 0
				db := fmt.Sprintf("School%d", at)
				for _, before := range tt.before {
					if err := before(p.master(), db); err != nil {
						t.Fatal(err)
					}
				}
				if !p.killAt(at, executed, func(m *client.Master) error { return tt.change(m, db) }) {
					p.awaitShape(db, tt.ends[1], tt.ends[0])
					t.Logf("%d crash points", at-1)
					break
				}
				p.awaitShape(db, tt.ends...)
			}
		})
	}
}

// TestAMasterKilledWhileItWrites: each row is there once, or if nothing was begun, no row is.
func TestAMasterKilledWhileItWrites(t *testing.T) {
	set := api.Object[jsontext.Value]{{Name: "name", Value: jsontext.Value(`"Changed"`)}}
	for name, tt := range map[string]struct {
		statement func(t *testing.T, m *client.Master, db string) error
		rows      [2]int // without and with the write
		changed   [2]int
	}{
		"insert": {func(t *testing.T, m *client.Master, db string) error {
			req := &api.InsertRequest{DB: db, Table: "Students"}
			for id := 101; id <= 130; id++ {
				req.Rows = append(req.Rows, row(id, "Changed"))
			}
			_, err := m.Insert(t.Context(), req)
			return err
		}, [2]int{30, 60}, [2]int{0, 30}},
		"update": {func(t *testing.T, m *client.Master, db string) error {
			_, err := m.Update(t.Context(), &api.UpdateRequest{DB: db, Table: "Students", Set: set,
				Condition: "student_id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)"})
			return err
		}, [2]int{30, 30}, [2]int{0, 12}},
		"delete": {func(t *testing.T, m *client.Master, db string) error {
			_, err := m.Query(t.Context(), &api.SQLRequest{DB: db, SQL: "DELETE FROM Students WHERE student_id <= 20", AllShards: true})
			return err
		}, [2]int{30, 10}, [2]int{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			for at := 1; ; at++ {
				executed := at%2 == 0
				s := newSchool(t, p.master(), fmt.Sprintf("School%d", at))
				s.fill(30)
				p.awaitEmptyLogs(s.db)
				killed := p.killAt(at, executed, func(m *client.Master) error { return tt.statement(t, m, s.db) })
				s = s.via(p.master())
				p.awaitEmptyLogs(s.db)
				i := 1
				if at == 1 && !executed {
					i = 0
				}
				changed := len(s.ids(func(r *api.SelectRequest) { r.Condition = "name = 'Changed'" }))
				if n := int(s.count()); n != tt.rows[i] || changed != tt.changed[i] {
					t.Fatalf("killed at request %d (executed: %v): %d rows, %d changed; want %d and %d", at, executed, n, changed, tt.rows[i], tt.changed[i])
				}
				if !killed {
					t.Logf("%d crash points", at-1)
					break
				}
			}
		})
	}
}
