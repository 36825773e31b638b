package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/widget"
)

// Watch prints what changes in a cluster, one line for each change, until it is interrupted.
type Watch struct {
	Connection
	Interval time.Duration `default:"1s" env:"SHARDECK_INTERVAL" help:"Time between two polls."`
	Summary  time.Duration `default:"60s" help:"Time between two lines that sum up the cluster; 0 prints only the first."`
	JSON     bool          `name:"json" help:"Print a JSON object a line."`
}

// Help adds to the command's help.
func (*Watch) Help() string {
	return "For screen readers, pipes and logs: lines are only ever added, without colours or movements of the cursor. It goes on while no master answers, and ends with Ctrl-C.\n\n" + ExitHelp
}

// watched is what a watch requires of a master; [client.Master] implements it.
type watched interface {
	cluster.Source
	Traffic(ctx context.Context, after uint64) (*api.TrafficReport, error)
}

// Run watches until ctx ends.
func (c *Watch) Run(ctx context.Context, streams Streams) error {
	endpoints, err := c.Open()
	switch {
	case err != nil:
		return err
	case c.Interval < 100*time.Millisecond:
		return Usagef("--interval is %s; it must be at least 100ms", c.Interval)
	case c.Summary < 0:
		return Usagef("--summary is %s; it cannot be negative", c.Summary)
	}
	urls, masters := make([]string, len(endpoints)), map[string]watched{}
	for i, e := range endpoints {
		urls[i], masters[e.URL] = e.URL, e.Client
	}
	w := newWatcher(c, streams.Out, urls, time.Now())
	for {
		o, traffic := ask(ctx, w.state.Next(time.Now()), w.toAsk(time.Now()), masters, time.Now)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := w.take(o, traffic); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(w.pace.Wait(&w.state, false)):
		}
	}
}

// watchTimeout bounds the wait for a master, so that one that hangs delays what is to be said of the
// others by no more.
const watchTimeout = 2 * time.Second

// question is for the counters of a master after the latest request that it has told.
type question struct {
	master string
	after  uint64
}

// ask polls a master, and asks others for their counters, all at the same time.
func ask(ctx context.Context, master string, others []question, masters map[string]watched, now func() time.Time) (cluster.Observation, []cluster.TrafficObservation) {
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	traffic := make([]cluster.TrafficObservation, len(others))
	var all sync.WaitGroup
	for i, q := range others {
		all.Go(func() {
			report, err := masters[q.master].Traffic(ctx, q.after)
			if err != nil {
				report = nil
			}
			traffic[i] = cluster.TrafficObservation{At: now(), Master: q.master, Report: report, Err: err}
		})
	}
	o := cluster.Poll(ctx, masters[master], master, now)
	all.Wait()
	return o, traffic
}

// watcher turns what masters say into lines. It does no I/O but to print them.
type watcher struct {
	out     io.Writer
	json    bool
	summary time.Duration
	state   cluster.State
	pace    cluster.Pace

	interval time.Duration
	counted  time.Time // when the masters were last asked for their counters
	summed   time.Time // when the last summary was printed; zero before the first
	silent   bool      // it was said that no master answers
}

func newWatcher(c *Watch, out io.Writer, urls []string, now time.Time) *watcher {
	return &watcher{out: out, json: c.JSON, summary: c.Summary, interval: c.Interval, state: cluster.New(urls, now).Every(c.Interval),
		pace: cluster.Pace{Normal: c.Interval, Urgent: min(c.Interval, 100*time.Millisecond), Idle: c.Interval}}
}

// toAsk returns the masters that are due to be asked for their counters.
func (w *watcher) toAsk(now time.Time) []question {
	if w.state.Link == cluster.Connecting || now.Sub(w.counted) < w.interval*9/10 {
		return nil
	}
	w.counted = now
	var all []question
	for i := range w.state.Masters {
		if m := &w.state.Masters[i]; m.Configured && !w.state.IsForeign(m.URL) {
			all = append(all, question{m.URL, w.state.Clients.Seen(m.URL)})
		}
	}
	return all
}

// take prints what follows from the answers.
func (w *watcher) take(o cluster.Observation, traffic []cluster.TrafficObservation) error {
	var events []cluster.Event
	for _, t := range traffic {
		w.state = w.state.ApplyTraffic(t)
	}
	w.state, events = w.state.Apply(o)
	if w.state.Link == cluster.Live {
		w.silent = false
		if w.summed.IsZero() || w.summary > 0 && o.At.Sub(w.summed) >= w.summary {
			w.summed = o.At
			if err := w.print(w.sumUp(o.At)); err != nil {
				return err
			}
		}
	}
	for i := range events {
		if err := w.print(lineOfEvent(&events[i])); err != nil {
			return err
		}
	}
	if w.nobodyAnswers() && !w.silent {
		w.silent = true
		return w.print(&watchLine{At: o.At, Kind: "event", Level: api.LevelError, Text: "no master answers; still trying " + w.configured() + ": " + cluster.Reason(o.Err)})
	}
	return nil
}

// nobodyAnswers reports whether every master has been tried in vain.
func (w *watcher) nobodyAnswers() bool {
	if w.state.Link == cluster.Live {
		return false
	}
	for i := range w.state.Masters {
		if m := &w.state.Masters[i]; m.Configured && (m.Asked.IsZero() || m.OK || m.Asked.Before(w.state.LinkSince)) {
			return false
		}
	}
	return true
}

func (w *watcher) configured() string {
	var all []string
	for i := range w.state.Masters {
		if m := &w.state.Masters[i]; m.Configured {
			all = append(all, cluster.Host(m.URL))
		}
	}
	return strings.Join(all, ", ")
}

// watchLine is a line of the output: an event, or a summary, which alone has the numbers.
type watchLine struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"` // "event" or "summary"
	Level    api.Level `json:"level,omitempty"`
	Shard    *int      `json:"shard,omitempty"`
	LastedMS int64     `json:"lasted_ms,omitzero"`
	Text     string    `json:"text"`

	Summary *watchSummary `json:"summary,omitempty"`
}

type watchSummary struct {
	Status   api.Status `json:"status"`
	ShardsUp int        `json:"shards_up"`
	Shards   int        `json:"shards"`
	Primary  string     `json:"primary"` // base URL; "" if it is not known
	Answers  bool       `json:"primary_answers"`
	Term     uint64     `json:"term"`
	Rows     int64      `json:"rows"`
	// The rates are missing until every counter has been told twice.
	Requests *float64 `json:"requests_per_second,omitempty"`
	Errors   *float64 `json:"errors_per_second,omitempty"`
	P99      *float64 `json:"p99_ms,omitempty"`
}

func lineOfEvent(e *cluster.Event) *watchLine {
	l := &watchLine{At: e.At, Kind: "event", Level: e.Level, LastedMS: e.Lasted.Milliseconds(), Text: e.Line()}
	if e.Shard >= 0 {
		l.Shard = &e.Shard
	}
	return l
}

// sumUp describes the cluster in one line.
func (w *watcher) sumUp(at time.Time) *watchLine {
	s := &w.state
	sum := &watchSummary{Status: s.Status(), Term: s.Term, Rows: s.Rows()}
	sum.ShardsUp, sum.Shards = s.Serving()
	sum.Primary, sum.Answers = s.Primary()
	facts := []string{fmt.Sprintf("%d of %d shards", sum.ShardsUp, sum.Shards), "no primary is known"}
	switch {
	case sum.Answers:
		facts[1] = fmt.Sprintf("primary %s term %d", cluster.Host(sum.Primary), sum.Term)
	case sum.Primary != "":
		facts[1] = fmt.Sprintf("primary %s does not answer, term %d", cluster.Host(sum.Primary), sum.Term)
	}
	facts = append(facts, widget.Thousands(sum.Rows)+" rows")
	if r := s.Clients.Now(); r.Known {
		sum.Requests, sum.Errors = &r.Requests, &r.Errors
		facts = append(facts, widget.Rate(r.Requests)+" req/s", widget.Rate(r.Errors)+" err/s")
		if r.P99 > 0 { // false for NaN
			sum.P99 = &r.P99
			facts = append(facts, "p99 "+widget.Millis(r.P99))
		}
	}
	return &watchLine{At: at, Kind: "summary", Text: s.Verdict().Text + ": " + strings.Join(facts, ", "), Summary: sum}
}

// print writes a line at once.
func (w *watcher) print(l *watchLine) error {
	if w.json {
		l.At = l.At.UTC()
		b, err := json.Marshal(l, json.Deterministic(true))
		if err == nil {
			_, err = w.out.Write(append(b, '\n'))
		}
		return err
	}
	text := l.At.Format("15:04:05") + " "
	if l.Level != "" {
		text += string(l.Level) + " "
	}
	_, err := io.WriteString(w.out, Clean(text+l.Text)+"\n")
	return err
}
