package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/grid"
	"shardeck/tui/history"
	"shardeck/tui/keymap"
	"shardeck/tui/statement"
	"shardeck/tui/widget"
)

// RunOptions are the switches for statements.
type RunOptions struct {
	AllShards    bool          // an UPDATE or DELETE without a shard key may go to every shard
	AllowPartial bool          // a SELECT may do without shards that fail
	YesWrites    bool          // writes run without a question
	Timeout      time.Duration // 0: the master's
	MaxRows      int64         // 0: no bound
	Params       []Param
}

// Param is the value of a parameter.
type Param struct {
	Name  string // without the @
	Value jsontext.Value
}

// DefaultMaxRows bounds the rows of a result unless the user changes it.
const DefaultMaxRows = 100_000

// Piece is one of the statements to run.
type Piece struct {
	SQL    string
	At     int // its offset in the text
	Line   int // and its line, from 1; 0 if it is not in the text
	Repeat int // how often to run it: the count of GO
	Kind   statement.Kind
}

// The intents of the Query screen.
type (
	// RunQueries runs statements one after the other, until one fails, or requests their plans. With
	// Ask, the user is first shown what the writes would do. The screen receives [QueriesStarted],
	// [QueryHead] and [QueryEnded] for each, and [QueriesDone].
	RunQueries struct {
		DB      string // that they run in, whatever is chosen by then
		tab     *tab   // that their results belong to
		Pieces  []Piece
		Explain bool
		Ask     bool
		Edits   bool // the first changes a value of the rows that the second reads again
		Options RunOptions
	}
	// CancelQuery cancels the running statements. Their [QueriesDone] still arrives.
	CancelQuery struct{}
)

// The messages to the Query screen about statements.
type (
	// QueriesStarted says that statements are being run. Entries are theirs in the history.
	QueriesStarted struct {
		At      time.Time
		Run     RunQueries
		Entries []history.Entry
	}
	// WritesChecked says that it is being found out what writes would do, or no longer.
	WritesChecked struct {
		Begun bool
		Run   RunQueries
	}
	// QueryHead says that the columns of a statement have arrived; rows follow in Result.Rows.
	QueryHead struct {
		Piece  int
		Result *Result
	}
	// QueryEnded carries the outcome of a statement, complete.
	QueryEnded struct {
		At     time.Time
		Piece  int
		Result *Result
	}
	// QueriesDone says that no statement runs any more.
	QueriesDone struct{ At time.Time }
)

// running is what runs.
type running struct {
	RunQueries
	entries    []history.Entry
	revision   uint64 // of the text that it was run from
	current    int    // the piece that runs
	began      time.Time
	cancelling bool
	progress   QueryProgress // of the statement that runs; empty until it is known
}

// what names the part of the text to run.
type what uint8

const (
	whatCursor what = iota // the selection, else the statement at the cursor
	whatAll
)

// start asks for statements to be run.
func (q *Query) start(w what, explain bool) Intent {
	t := q.tab()
	if q.running != nil || q.asking != nil {
		return keymap.Say{Text: "a statement is running; Esc cancels it"}
	}
	text := t.editor.Text()
	all := statement.Together(t.statements())
	at := 0
	if from, to := t.editor.Selection(); w == whatCursor && from < to {
		text, at = text[from:to], from
		all = statement.Together(statement.Split(text))
	} else if w == whatCursor {
		i := statement.At(all, t.editor.Cursor())
		if i < 0 {
			return keymap.Say{Text: "there is no statement to run"}
		}
		all = all[i : i+1]
	}
	if len(all) == 0 {
		return keymap.Say{Text: "there is no statement to run"}
	}
	run := RunQueries{DB: q.tables.db, tab: t, Explain: explain, Options: q.options}
	line, counted := 1, 0 // the line at an offset of the whole text
	for _, s := range all {
		line, counted = line+strings.Count(t.editor.Text()[counted:at+s.From], "\n"), at+s.From
		run.Pieces = append(run.Pieces, Piece{SQL: s.Text(text), At: at + s.From, Line: line, Repeat: max(s.Repeat, 1), Kind: s.Kind})
		run.Ask = run.Ask || !explain && !q.options.YesWrites && s.Kind != statement.Read
	}
	q.popup = popup{}
	return run
}

// started clears the results before the first one arrives.
func (q *Query) started(m QueriesStarted) {
	if m.Run.tab == nil {
		m.Run.tab = q.tab()
	}
	t := m.Run.tab
	q.running = &running{RunQueries: m.Run, entries: m.Entries, revision: t.editor.Revision(), began: m.At}
	t.fault = fault{}
	if m.Run.Explain {
		t.showPlan, t.plan, t.planRow = true, nil, 0
		return
	}
	for _, e := range m.Entries {
		q.ran(t, e)
	}
	t.edited = nil
	if m.Run.Edits && t.shown < len(t.results) {
		t.edited = t.results[t.shown]
	}
	q.closeResults(t.results)
	t.results, t.shown, t.showPlan = nil, 0, false
}

// head shows a result whose rows have begun to arrive.
func (q *Query) head(m QueryHead) {
	if q.running == nil {
		return
	}
	t := q.running.tab
	q.running.current = m.Piece
	o := newOutput(m.Piece, m.Result, q.frozen(m.Result))
	o.streams = true
	q.add(t, o)
}

// maxResults bounds the results of a tab; beyond that the oldest go.
const maxResults = 20

// add adds the result of a statement, and shows it. Of one that is repeated only the last is kept.
func (q *Query) add(t *tab, o *output) {
	drop := 0
	switch n := len(t.results); {
	case n > 0 && t.results[n-1].piece == o.piece:
		drop = n - 1
	case n < maxResults:
		drop = -1
	}
	if drop >= 0 {
		q.closeResults(t.results[drop : drop+1])
		t.results = slices.Delete(t.results, drop, drop+1)
	}
	t.results = append(t.results, o)
	t.shown = len(t.results) - 1
}

// ended shows how a statement ended.
func (q *Query) ended(m QueryEnded) Intent {
	q.endedAt = m.At
	if q.running == nil || m.Result == nil {
		return nil // abandoned before it was sent
	}
	q.running.progress = QueryProgress{}
	t, r := q.running.tab, m.Result
	q.running.current = m.Piece + 1
	if r.fault >= 0 && t.editor.Revision() == q.running.revision {
		t.fault = fault{revision: q.running.revision, at: r.At + r.fault, set: true, text: api.AsProblem(r.Err).Detail}
	}
	if q.running.Explain {
		t.plan = r
		return nil
	}
	if n := len(t.results); n > 0 && t.results[n-1].piece == m.Piece && t.results[n-1].streams {
		t.results[n-1].Result, t.results[n-1].streams = r, false // its rows are shown already
	} else {
		q.add(t, newOutput(m.Piece, r, q.frozen(r)))
	}
	if m.Piece < len(q.running.entries) {
		e := &q.running.entries[m.Piece]
		e.Took, e.Outcome, e.Rows = r.Took, r.outcome(), -1
		switch {
		case r.Affected != nil:
			e.Rows = *r.Affected
		case r.Rows != nil:
			e.Rows = int64(r.Len())
		}
		q.finish(e)
		return All{SaveHistory{Line: history.Ended(e)}, q.resume(t)}
	}
	return q.resume(t)
}

// resume shows the rows that were read again after an edit as the others were: with the cursor on
// the value, sorted and filtered.
func (q *Query) resume(t *tab) Intent {
	o := t.results[len(t.results)-1]
	if t.edited == nil || o.grid == nil || o.SQL != t.edited.SQL || o.Err != nil || !slices.Equal(o.Columns, t.edited.Columns) {
		return nil
	}
	again := t.edited.grid
	t.edited = nil
	in := again.Replace(grid.NewResult(o.Columns, o.Rows))
	o.grid = again
	return q.onResult(o, in)
}

// done ends the run.
func (q *Query) done(m QueriesDone) {
	q.endedAt, q.running = m.At, nil
}

// frozen is how many columns of a result stay in view when it is scrolled: its key, if that comes
// first.
func (q *Query) frozen(r *Result) int {
	if len(r.Columns) > 1 && q.tables.isKey(r.Columns[0].Name) {
		return 1
	}
	return 0
}

// Running reports whether a statement is running and not being cancelled.
func (q *Query) Running() bool { return q.running != nil && !q.running.cancelling }

// Stop cancels the running statements, or else what is done with rows in the background. handled
// is false if nothing runs and no statement has just ended, so that the key may do something else.
// A key that arrives just after the end was meant for the statement.
func (q *Query) Stop(now time.Time) (in Intent, handled bool) {
	switch {
	case q.running != nil && q.running.cancelling:
		return keymap.Say{Text: "it is being cancelled"}, true
	case q.running != nil:
		q.running.cancelling = true
		return CancelQuery{}, true
	case q.asking != nil:
		q.asking = nil
		return CancelQuery{}, true
	case q.cancelJobs():
		return keymap.Say{Text: "cancelling"}, true
	case !q.endedAt.IsZero() && now.Sub(q.endedAt) < justEnded:
		return keymap.Say{Text: "already finished"}, true
	}
	return nil, false
}

// justEnded is how long keys that cancel a statement do nothing after it has ended.
const justEnded = time.Second

// explain asks for the plan, or goes back to the rows if the plan is shown.
func (q *Query) explain() Intent {
	t := q.tab()
	if t.showPlan && t.plan != nil && len(t.results) > 0 {
		t.showPlan = false
		return nil
	}
	return q.start(whatCursor, true)
}

// WriteCheck is what is known of a write before it runs.
type WriteCheck struct {
	Piece Piece
	Route *api.Route
	Rows  int64 // that it would change; -1 if unknown
}

// Question is what the user is asked before writes run. It hides nothing of them.
func Question(checks []WriteCheck, db string) string {
	var b strings.Builder
	for i := range checks {
		c := &checks[i]
		if i > 0 {
			b.WriteString("\n\n")
		}
		if len(checks) > 1 {
			fmt.Fprintf(&b, "%d of %d: ", i+1, len(checks))
		}
		for j, line := range strings.Split(c.Piece.SQL, "\n") {
			if j > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(widget.Data(strings.TrimSuffix(line, "\r")))
		}
		if c.Piece.Repeat > 1 {
			fmt.Fprintf(&b, "\n%d times", c.Piece.Repeat)
		}
		rows := widget.Thousands(c.Rows) + " rows"
		if c.Rows == 1 {
			rows = "1 row"
		}
		switch {
		case c.Rows >= 0 && c.Piece.Kind == statement.Write:
			b.WriteString("\n→ " + rows + " in " + db)
		case c.Rows >= 0:
			b.WriteString("\n→ with its " + rows + ", in " + db + "; this cannot be undone")
		default:
			b.WriteString("\n→ in " + db)
		}
		if c.Route != nil {
			b.WriteString(", " + answer.Route(c.Route))
		}
	}
	return b.String()
}

// goToFault moves the cursor to the fault of the last run.
func (q *Query) goToFault() Intent {
	t := q.tab()
	if !t.fault.set || t.fault.revision != t.editor.Revision() {
		return keymap.Say{Text: "there is no fault in the text"}
	}
	q.onGrid = false
	t.editor.MoveTo(t.fault.at)
	return keymap.Say{Text: t.fault.text}
}
