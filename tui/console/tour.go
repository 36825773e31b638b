package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
	"shardeck/tui/screen"
	"shardeck/tui/tour"
)

// Guide is a guided tour, and what it requires of the embedding program.
type Guide struct {
	Tour     *tour.Tour
	Students int64 // how many rows the embedding program has loaded
	// Do carries out an action on processes: kill, restart or traffic. It runs in a goroutine of its
	// own, and returns one line for the event log.
	Do func(ctx context.Context, a *tour.Action) (string, error)
}

// guide is the tour that is shown.
type guide struct {
	*tour.Runner
	notes  bool
	facts  tour.Facts           // the outcomes of the tour's own actions
	ending func() (error, bool) // of the order that is carried out: its error, and whether it has ended
	acting request
}

func newGuide(o *Options) *guide {
	if o.Guide == nil {
		return nil
	}
	return &guide{Runner: tour.New(o.Guide.Tour)}
}

// guideTour carries out what the tour asks for next.
func (m *model) guideTour() tea.Cmd {
	g := m.guide
	if g == nil {
		return nil
	}
	var all []tea.Cmd
	for {
		if g.ending != nil {
			err, ended := g.ending()
			if !ended {
				break
			}
			g.ending = nil
			g.Done(m.now, err)
		}
		order, ok := g.Tick(m.tourFacts())
		if !ok {
			break
		}
		all = append(all, m.carryOutOrder(order))
	}
	return tea.Batch(all...)
}

// tourFacts is what the tour may know.
func (m *model) tourFacts() *tour.Facts {
	f, own := tour.Observe(&m.state, m.now), &m.guide.facts
	f.Students = m.opts.Guide.Students
	f.Count, f.Statement, f.Latest, f.Security = own.Count, own.Statement, own.Latest, own.Security
	return &f
}

// carryOutOrder begins what the tour asks for. The guide's ending then says when that has ended.
func (m *model) carryOutOrder(o tour.Order) tea.Cmd {
	g := m.guide
	g.ending = func() (error, bool) { return nil, true }
	if o.Action == nil {
		return m.showPlace(o.Place)
	}
	a := o.Action
	switch a.Verb {
	case tour.Type:
		return m.act(m.query.Take(a.Text))
	case tour.Run:
		return m.runForTour(a)
	case tour.Count:
		return m.countForTour()
	case tour.Security:
		return m.secureForTour()
	case tour.Table:
		m.choose(a.DB, a.Text)
	case tour.Shard:
		return tea.Batch(m.goTo(screen.ShardsPlace), m.act(m.places[screen.ShardsPlace].Update(screen.ShowShard{Shard: a.Number})))
	default:
		return m.doForTour(a)
	}
	return nil
}

// showPlace shows a numbered screen.
func (m *model) showPlace(name string) tea.Cmd {
	p := screen.Place(max(slices.Index(screen.PlaceNames(), name), 0)) //nolint:gosec // one of a few
	cmd := m.goTo(p)
	if p == screen.QueryPlace {
		return tea.Batch(cmd, m.openQuery())
	}
	return cmd
}

// failed makes the order end with an error.
func (g *guide) failed(err error) { g.ending = func() (error, bool) { return err, true } }

// countForTour counts the chosen table.
func (m *model) countForTour() tea.Cmd {
	g := m.guide
	m.counting.drop() // one that the user has begun
	g.facts.Count, g.facts.Latest = nil, nil
	cmd := m.startCount()
	if cmd == nil {
		g.failed(errors.New("there is no table to count"))
		return nil
	}
	g.ending = func() (error, bool) {
		if m.counting.active {
			return nil, false
		}
		o := CountOutcome(m.count.Answer, m.count.Err)
		g.facts.Count, g.facts.Latest = o, o
		return o.Err(), true
	}
	return cmd
}

// runForTour runs a statement without a question: the tour's own cluster is there to be changed.
func (m *model) runForTour(a *tour.Action) tea.Cmd {
	g := m.guide
	g.facts.Statement, g.facts.Latest = nil, nil
	if m.querying.active || m.asking.active {
		g.failed(errors.New("another statement is running"))
		return nil
	}
	m.chosen = m.chosen || m.table != ""
	take := m.act(m.query.Take(a.Text))
	m.query.Commands(m.view()) // the screen takes over the chosen database
	run, ok := m.query.RunAll().(screen.RunQueries)
	if !ok {
		g.failed(errors.New("there is no statement in it"))
		return take
	}
	run.Ask, run.Options.AllowPartial = false, a.Partial
	cmd := m.runQueries(run)
	if !m.querying.active {
		g.failed(errors.New("no master has answered yet"))
		return take
	}
	g.ending = func() (error, bool) {
		if m.querying.active {
			return nil, false
		}
		if g.facts.Statement == nil {
			return errors.New("it was cancelled"), true
		}
		m.query.FocusResult()
		return g.facts.Statement.Err(), true
	}
	return tea.Batch(take, cmd)
}

// sawStatement notes the outcome of a statement.
func (m *model) sawStatement(msg any) {
	if ended, ok := msg.(screen.QueryEnded); ok && m.guide != nil {
		o := resultOutcome(ended.Result)
		m.guide.facts.Statement, m.guide.facts.Latest = o, o
	}
}

// secureForTour checks the security, without the dialog.
func (m *model) secureForTour() tea.Cmd {
	g := m.guide
	g.facts.Security = nil
	cmd := m.runSecurity()
	g.ending = func() (error, bool) {
		switch {
		case m.security.active:
			return nil, false
		case g.facts.Security == nil:
			return errors.New("it was cancelled"), true
		}
		return g.facts.Security.Err(), true
	}
	return cmd
}

// sawSecurity notes the outcome of a security check.
func (m *model) sawSecurity(r reply[*api.SecurityCheckResponse]) {
	if m.guide != nil {
		m.guide.facts.Security = SecurityOutcome(r.value, r.err)
	}
}

// doForTour has the embedding program carry out an action.
func (m *model) doForTour(a *tour.Action) tea.Cmd {
	g, do := m.guide, m.opts.Guide.Do
	if do == nil {
		g.failed(errors.New("this console has no processes of its own"))
		return nil
	}
	var end *reply[string]
	g.ending = func() (error, bool) {
		if end == nil {
			return nil, false
		}
		return end.err, true
	}
	return begin(m, &g.acting, ActionTimeout, call(func(ctx context.Context) (string, error) { return do(ctx, a) }), func(m *model, r reply[string]) tea.Cmd {
		end, m.due = &r, m.now
		if r.err != nil {
			m.did(api.LevelError, a.String()+" failed: "+cluster.Explain(r.err))
		} else if r.value != "" {
			m.did(api.LevelInfo, r.value)
		}
		return m.guideTour()
	})
}

// moveTour does what the user wants of the tour.
func (m *model) moveTour(move screen.TourMove) tea.Cmd {
	g := m.guide
	if g == nil {
		return nil
	}
	switch move {
	case screen.TourNext:
		g.Next()
	case screen.TourBack:
		g.Back()
	case screen.TourNotes:
		g.notes = !g.notes
	case screen.TourPause:
		g.Pause()
	case screen.TourResume:
		g.Resume()
	}
	return m.guideTour()
}

// tourCommands lists the keys of the tour, if there is one.
func (m *model) tourCommands() []keymap.Command {
	if m.guide == nil {
		return nil
	}
	b := m.tourBar(m.view())
	return m.opts.Bindings.Apply(screen.TourCommands(b.Paused, b.Writing, b.EnterTaken))
}

// takeOver pauses the tour, since the user has done something else.
func (m *model) takeOver() {
	if m.guide != nil {
		m.guide.Pause()
	}
}

// tourBar is what the bar shows.
func (m *model) tourBar(v *screen.View) *screen.TourBar {
	top := m.top()
	return &screen.TourBar{Snapshot: m.guide.Snapshot(), ShowNotes: m.guide.notes, Bindings: m.opts.Bindings,
		Writing: screen.Writing(top), EnterTaken: keymap.Find(screen.CommandsOf(top, v), "enter") != nil}
}

// CountOutcome is what a tour may know of a count.
func CountOutcome(r *api.MapReduceCountResponse, err error) *tour.Outcome {
	if err != nil || r == nil {
		return failedOutcome(err)
	}
	return &tour.Outcome{Rows: r.Total, Shards: len(r.Shards), Missing: len(r.Partial)}
}

// SecurityOutcome is what a tour may know of a security check.
func SecurityOutcome(r *api.SecurityCheckResponse, err error) *tour.Outcome {
	switch {
	case err != nil || r == nil:
		return failedOutcome(err)
	case !r.OK:
		sum := answer.SecurityOf(r)
		return &tour.Outcome{Failed: "security check " + sum.String()}
	}
	return &tour.Outcome{Rows: int64(len(r.Probes))}
}

// StatementOutcome is what a tour may know of a statement.
func StatementOutcome(r *api.SQLResponse, err error) *tour.Outcome {
	if err == nil && r.Error != nil {
		err = r.Error
	}
	if err != nil {
		return failedOutcome(err)
	}
	o := &tour.Outcome{Rows: int64(len(r.Rows)), Shards: len(r.Shards), Missing: len(r.Partial)}
	if r.RowsAffected != nil {
		o.Rows = *r.RowsAffected
	}
	if len(r.Rows) > 0 {
		o.Value = firstValue(r.Rows[0])
	}
	return o
}

// resultOutcome is StatementOutcome of a result on the Query screen.
func resultOutcome(r *screen.Result) *tour.Outcome {
	if r.Err != nil {
		return failedOutcome(r.Err)
	}
	o := &tour.Outcome{Rows: int64(r.Len()), Shards: len(r.Shards), Missing: len(r.Partial)}
	if r.Affected != nil {
		o.Rows = *r.Affected
	}
	if r.Route != nil && len(r.Route.Keys) == 1 && r.Route.KeysTotal <= 1 {
		o.Key = &r.Route.Keys[0]
	}
	if r.Len() > 0 {
		if row, err := r.Rows.Row(0); err == nil {
			o.Value = firstValue(row)
		}
	}
	return o
}

func failedOutcome(err error) *tour.Outcome {
	if err == nil {
		err = errors.New("no answer")
	}
	return &tour.Outcome{Code: api.CodeOf(err), Failed: cluster.Explain(err)}
}

// firstValue is the first value of a row as text.
func firstValue(row []byte) string {
	var cells []jsontext.Value
	if err := json.Unmarshal(row, &cells); err != nil || len(cells) == 0 {
		return ""
	}
	var text string
	if cells[0].Kind() == '"' && json.Unmarshal(cells[0], &text) == nil {
		return text
	}
	return fmt.Sprint(cells[0])
}

// pressedFor is how long a key stays on the screen for an audience.
const pressedFor = 1500 * time.Millisecond

// maxPressed bounds how many are shown.
const maxPressed = 4

// pressed is a key that was pressed.
type pressed struct {
	label string
	at    time.Time
}

// showPressed remembers a key for the audience. Text that is being written can be seen anyway.
func (m *model) showPressed(k keymap.Key) {
	if !m.opts.Presenter || k.Text != "" && screen.Writing(m.top()) {
		return
	}
	m.pressed = append(m.pressed, pressed{keymap.Label(k.Name), m.wall()})
	m.pressed = m.pressed[max(len(m.pressed)-maxPressed, 0):]
}

// presenter is what an audience sees besides.
func (m *model) presenter() *screen.Presenter {
	if !m.opts.Presenter {
		return nil
	}
	p := &screen.Presenter{ASCII: m.themeOptions.ASCII}
	for _, k := range m.pressed {
		if m.wall().Sub(k.at) < pressedFor {
			p.Pressed = append(p.Pressed, k.label)
		}
	}
	return p
}

// forAudience returns events as they may be shown.
func (m *model) forAudience(events []cluster.Event) []cluster.Event {
	if !m.opts.Presenter {
		return events
	}
	return screen.HideEvents(events)
}
