package recording

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	masterA = "http://127.0.0.1:8080"
	masterB = "http://127.0.0.1:8084"
)

// metadata is what a master says of a cluster with some shards, one of which may be down.
func metadata(master string, role api.Role, term uint64, shards, down int) *api.Metadata {
	m := &api.Metadata{
		Master: api.MasterInfo{URL: master, Role: role, Term: term, Primary: master, Slots: 5040, Shards: shards, Cluster: "c-1"},
		Peers:  []api.PeerInfo{{URL: masterB, Reachable: true, Role: api.RoleBackup, Term: term}},
	}
	for i := range shards {
		w := api.WorkerInfo{Shard: i, Name: fmt.Sprint("worker-", i), URL: fmt.Sprint("http://127.0.0.1:", 9000+i), State: api.ShardUp, LatencyMS: 1.5, Rows: 1000, Slots: 5040 / shards}
		if i == down {
			w.State, w.Problem = api.ShardDown, api.NewProblem(api.CodeShardUnavailable, "connection refused")
		}
		m.Workers = append(m.Workers, w)
	}
	return m
}

func report(master string, at time.Time, n uint64, shards int) *api.TrafficReport {
	r := &api.TrafficReport{Master: master, StartedAt: start.Add(-time.Hour), At: at, Shards: make([]api.Counters, shards),
		Clients: api.Counters{Requests: n, Errors: n / 50, Latency: []api.LatencyCount{{UpToMS: 2, Requests: n}}}}
	for i := range 5 {
		r.Recent = append(r.Recent, api.RecentRequest{Seq: n + uint64(i), At: at, Op: "select", DB: "SchoolDB", Table: "Students",
			Key: &api.RouteKey{Key: "secret-key-10042", Slot: 2094}, Shards: []int{0}})
	}
	return r
}

// session draws a session of some length: polls that succeed and fail, of both masters, and the rest.
func session(t *rapid.T) []Entry {
	at, n := start, uint64(0)
	entry := func(e Entry) Entry { e.At = at; return e }
	var all []Entry
	for range rapid.IntRange(1, 60).Draw(t, "entries") {
		at = at.Add(time.Duration(rapid.Int64Range(-200, 3000).Draw(t, "ms")) * time.Millisecond)
		master := rapid.SampledFrom([]string{masterA, masterB}).Draw(t, "master")
		n += 40
		kinds := []func() Entry{
			func() Entry {
				return Entry{Poll: PollOf(cluster.Observation{At: at, Master: master, Took: time.Millisecond,
					Metadata: metadata(master, api.RolePrimary, rapid.Uint64Range(1, 4).Draw(t, "term"), 3, rapid.IntRange(-1, 2).Draw(t, "down"))})}
			},
			func() Entry {
				err := rapid.SampledFrom([]error{api.NewProblem(api.CodeShardUnavailable, "refused"), context.DeadlineExceeded, errors.New("odd")}).Draw(t, "error")
				return Entry{Poll: PollOf(cluster.Observation{At: at, Master: master, Err: err})}
			},
			func() Entry {
				return Entry{Traffic: TrafficOf(cluster.TrafficObservation{At: at, Master: master, Report: report(master, at, n, 3)})}
			},
			func() Entry { return Entry{Identity: &Identity{master, "c-2"}} },
			func() Entry { return Entry{Count: &Count{DB: "SchoolDB", Table: "Students"}} },
			func() Entry {
				return Entry{Count: &Count{DB: "SchoolDB", Table: "Students", Answer: &api.MapReduceCountResponse{Total: int64(n)}}}
			},
			func() Entry { return Entry{Security: &Security{Answer: &api.SecurityCheckResponse{OK: true}}} },
			func() Entry {
				return Entry{Running: &Running{At: at, Lists: []List{{Master: master, Queries: []api.RunningQuery{{ID: "1", SQL: "SELECT 'secret'", Statement: "SELECT"}}}}}}
			},
			func() Entry { return Entry{Failovers: &Failovers{At: at}} },
			func() Entry { return Entry{Failover: &Failover{Answer: &api.FailoverResponse{Primary: masterB}}} },
			func() Entry {
				return Entry{Event: EventOf(&cluster.Event{At: at, Level: api.LevelInfo, Shard: -1, Text: "done", Source: "ada"})}
			},
			func() Entry { return Entry{Interval: int64(2 * time.Second)} },
		}
		all = append(all, entry(rapid.SampledFrom(kinds).Draw(t, "kind")()))
	}
	return all
}

func header() Header {
	return Header{Version: "1.2.3", Masters: []string{masterA, masterB}, Interval: 1000, Start: start, User: "ada"}
}

// write records entries and ends the recording a second after the last.
func write(t interface{ Fatal(...any) }, o Options, entries ...Entry) []byte {
	var b bytes.Buffer
	w, err := NewWriter(&b, header(), o)
	if err != nil {
		t.Fatal(err)
	}
	end := start
	for i := range entries {
		if err := w.Write(entries[i]); err != nil {
			t.Fatal(err)
		}
		end = entries[i].At
	}
	if err := w.Close(end.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t interface{ Fatal(...any) }, b []byte) *Recording {
	r, err := Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// same compares everything that two moments know. NaN is a sample that is missing.
func same(a, b *Moment) string {
	return cmp.Diff(a, b, cmp.Exporter(func(reflect.Type) bool { return true }), cmpopts.EquateNaNs(), cmpopts.EquateEmpty())
}

func TestWhatIsReadIsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := session(t)
		// The moments of the entries themselves, which never were a file.
		direct := &Recording{Header: header()}
		for i := range entries {
			direct.at = append(direct.at, max(direct.Length(), entries[i].At.Sub(start)))
			direct.Entries = append(direct.Entries, entries[i])
		}
		want := NewPlayer(direct)
		for _, o := range []Options{{}, {Gzip: true}} {
			r := read(t, write(t, o, entries...))
			if r.Cut || r.Ended() != Closed || len(r.Entries) != len(entries)+1 {
				t.Fatalf("%d entries of %d, cut %v, ended %q", len(r.Entries), len(entries), r.Cut, r.Ended())
			}
			got := NewPlayer(r)
			for at := time.Duration(0); at <= direct.Length(); at += 900 * time.Millisecond {
				a, b := *want.Seek(at), *got.Seek(at)
				if d := cmp.Diff(outside(&a), outside(&b)); d != "" {
					t.Fatalf("at %s (-recorded +read):\n%s", at, d)
				}
			}
		}
	})
}

// outside is what can be seen of a moment, with errors as the console words them.
func outside(m *Moment) []string {
	all := []string{fmt.Sprint(m.At, m.State.Link, m.State.Current, m.State.Term, cluster.Explain(m.State.Err), cluster.Reason(m.State.Err), m.Interval,
		m.Counted.Running, m.Counted.DB, len(m.Checks), m.Running != nil, m.Failovers != nil)}
	for i := range m.Events {
		all = append(all, fmt.Sprint(m.Events[i].At.UTC(), m.Events[i].Level, m.Events[i].Source, m.Events[i].Line()))
	}
	for _, a := range m.State.Alarms(m.At) {
		all = append(all, a.Text(m.At))
	}
	return append(all, fmt.Sprint(m.State.Clients.Now(), m.State.Shards, len(m.State.Clients.Recent)))
}

// To seek to a time is to play until then, wherever the player was.
func TestToSeekIsToPlay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := session(t)
		for len(entries) < 3*frameEvery { // beyond several frames
			more := make([]Entry, len(entries))
			copy(more, entries)
			for i := range more {
				more[i].At = more[i].At.Add(entries[len(entries)-1].At.Sub(start))
			}
			entries = append(entries, more...)
		}
		r := read(t, write(t, Options{}, entries...))
		p := NewPlayer(r)
		if len(p.frames) < 3 {
			t.Fatalf("%d frames", len(p.frames))
		}
		for range rapid.IntRange(1, 4).Draw(t, "seeks") {
			to := time.Duration(rapid.Int64Range(-1, int64(r.Length())+int64(time.Second)).Draw(t, "to"))
			played := first(&r.Header)
			q := &Player{rec: r, now: played} // without frames
			for q.next < len(r.at) && r.at[q.next] <= to {
				q.step()
			}
			if d := same(&q.now, p.Seek(to)); d != "" {
				t.Fatalf("at %s (-played +sought):\n%s", to, d)
			}
		}
	})
}

func TestOnlyTheLastLineMayBeBroken(t *testing.T) {
	poll := Entry{At: start.Add(time.Second), Poll: PollOf(cluster.Observation{At: start, Master: masterA, Metadata: metadata(masterA, api.RolePrimary, 1, 3, -1)})}
	whole := write(t, Options{}, poll, poll)
	lines := bytes.SplitAfter(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
	cut := bytes.Join([][]byte{lines[0], lines[1], lines[2][:len(lines[2])/2]}, nil)
	r := read(t, cut)
	if !r.Cut || len(r.Entries) != 1 || r.Ended() != "" {
		t.Errorf("%d entries, cut %v, ended %q", len(r.Entries), r.Cut, r.Ended())
	}
	var line *LineError
	_, err := Read(bytes.NewReader(bytes.Join([][]byte{lines[0], lines[1][:20], []byte("\n"), lines[2]}, nil)))
	if !errors.As(err, &line) || line.Line != 2 {
		t.Errorf("a broken second line of three: %v", err)
	}
	zipped := write(t, Options{Gzip: true}, poll, poll)
	if r := read(t, zipped[:len(zipped)-20]); !r.Cut {
		t.Error("a compressed recording that was cut short is complete")
	}
	for text, want := range map[string]string{
		"":                       "it is empty; nothing was recorded",
		"hello\n":                "line 1: this is not a recording of shardeck",
		"{}\n":                   "line 1: this is not a recording of shardeck",
		string(lines[1]):         "line 1: this is not a recording of shardeck",
		"\x1f\x8bxxxxxxxxxxxxxx": "it begins as a compressed file and is none: gzip: invalid header",
		`{"shardeck_recording":1,"masters":[]}` + "\n":                    "line 1: it names no master",
		`{"shardeck_recording":2,"version":"9.9","masters":["x"]}` + "\n": `the recording was made by shardeck "9.9" in format 2, and this program reads formats up to 1; use that version to replay it`,
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%.30q: %v, want %s", text, err, want)
		}
	}
}

func TestARecordingEndsAtItsLimit(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, header(), Options{Limit: 5000})
	if err != nil {
		t.Fatal(err)
	}
	poll := Entry{At: start, Poll: PollOf(cluster.Observation{At: start, Master: masterA, Metadata: metadata(masterA, api.RolePrimary, 1, 3, -1)})}
	limited := 0
	for range 20 {
		if err := w.Write(poll); errors.Is(err, ErrLimit) {
			limited++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(start); err != nil {
		t.Fatal(err)
	}
	r := read(t, b.Bytes())
	if limited != 1 || b.Len() > 5000 || r.Ended() != Limited || len(r.Entries) < 2 {
		t.Errorf("the limit was said %d times; %d bytes, %d entries, ended %q", limited, b.Len(), len(r.Entries), r.Ended())
	}
}

func TestRedactionLeavesOutKeysAndStatements(t *testing.T) {
	traffic := report(masterA, start, 10, 3)
	query := api.RunningQuery{ID: "1", Statement: "SELECT", SQL: "SELECT 'secret-sql'", Route: &api.Route{Why: "key = secret-why", Keys: []api.RouteKey{{Key: "secret-route"}}}}
	entries := []Entry{
		{At: start, Traffic: TrafficOf(cluster.TrafficObservation{At: start, Master: masterA, Report: traffic})},
		{At: start, Running: &Running{Lists: []List{{Master: masterA, Queries: []api.RunningQuery{query}}}}},
	}
	if b := write(t, Options{}, entries...); strings.Count(string(b), "secret-") != 5+3 {
		t.Fatalf("without redaction: %s", b)
	}
	if b := write(t, Options{Redact: true}, entries...); bytes.Contains(b, []byte("secret-")) || !read(t, b).Header.Redacted {
		t.Errorf("with redaction: %s", b)
	}
	if traffic.Recent[0].Key == nil || entries[1].Running.Lists[0].Queries[0].SQL != query.SQL || query.Route.Keys == nil {
		t.Error("what the console shows was redacted too")
	}
}

func FuzzReadAndPlay(f *testing.F) {
	poll := Entry{At: start.Add(time.Second), Poll: PollOf(cluster.Observation{At: start, Master: masterA, Metadata: metadata(masterA, api.RolePrimary, 1, 3, 1)})}
	traffic := Entry{At: start.Add(2 * time.Second), Traffic: TrafficOf(cluster.TrafficObservation{At: start, Master: masterA, Report: report(masterA, start, 3, 3)})}
	f.Add(write(f, Options{}, poll, traffic, poll, traffic))
	f.Add(write(f, Options{Gzip: true}, poll))
	f.Add([]byte(`{"shardeck_recording":1,"masters":["http://a:1"],"start":"2026-11-22T12:00:00Z"}` + "\n" + `{"at":"2026-11-22T12:00:01Z","end":"closed"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		p := NewPlayer(r)
		end := *p.Seek(r.Length())
		if again := p.Seek(r.Length()); again.At != end.At || len(again.Events) != len(end.Events) {
			t.Errorf("twice the same time: %v and %v", end.At, again.At)
		}
		if begin := p.Seek(-1); len(begin.Events) != 0 {
			t.Errorf("%d events before the start", len(begin.Events))
		}
	})
}

// An hour of a cluster of 64 shards, polled each second, with two masters' counters.
func hour(t interface{ Fatal(...any) }) *Recording {
	r := &Recording{Header: header()}
	for i := range 3600 {
		at := start.Add(time.Duration(i) * time.Second)
		down := -1
		if i%600 > 500 {
			down = 3
		}
		for _, e := range []Entry{
			{At: at, Poll: PollOf(cluster.Observation{At: at, Master: masterA, Metadata: metadata(masterA, api.RolePrimary, 1, 64, down)})},
			{At: at, Traffic: TrafficOf(cluster.TrafficObservation{At: at, Master: masterA, Report: report(masterA, at, uint64(i*40), 64)})},
			{At: at, Traffic: TrafficOf(cluster.TrafficObservation{At: at, Master: masterB, Report: report(masterB, at, uint64(i), 64)})},
		} {
			r.Entries, r.at = append(r.Entries, e), append(r.at, at.Sub(start))
		}
	}
	return r
}

func BenchmarkSeekBackInAnHour(b *testing.B) {
	p := NewPlayer(hour(b))
	for b.Loop() {
		p.Seek(59 * time.Minute)
		p.Seek(31*time.Minute + 59*time.Second)
	}
}

func BenchmarkPlayAnHour(b *testing.B) {
	r := hour(b)
	for b.Loop() {
		NewPlayer(r)
	}
}
