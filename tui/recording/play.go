package recording

import (
	"slices"
	"sort"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
)

// EventsKept is the number of events that the console keeps.
const EventsKept = 500

// Moment is what the console knew at a time of the session. It is never changed once it is made.
type Moment struct {
	At        time.Time
	State     cluster.State
	Events    []cluster.Event
	Interval  time.Duration
	DB, Table string // the table to show, unless the user chooses another
	Counted   Counted
	Checks    []Check    // security checks, the oldest first
	Running   *Running   // the latest; nil before the first
	Failovers *Failovers // the latest; nil before the first
	Ended     string     // why the recording ended, once it has
}

// Counted is the latest count.
type Counted struct {
	DB, Table string
	Running   bool
	From      time.Time // when the running count began
	Answer    *api.MapReduceCountResponse
	At        time.Time // when Answer arrived
	Err       error     // why there is no newer Answer
}

// Check is the beginning or the end of a security check.
type Check struct {
	At time.Time
	Of *Security
}

// maxChecks bounds the beginnings and ends of checks that are kept.
const maxChecks = 200

// Player gives the moments of a recording. It is not safe for concurrent use.
type Player struct {
	rec    *Recording
	now    Moment
	next   int // the first entry that is not part of now
	frames []frame
}

// frame is the moment before an entry, from which later ones are reached quickly.
type frame struct {
	next   int
	moment Moment
}

// At least so many entries are between two frames, and there are at most so many frames.
const (
	frameEvery = 200
	maxFrames  = 200
)

// NewPlayer plays a recording once, and goes back to its start.
func NewPlayer(r *Recording) *Player {
	p := &Player{rec: r, now: first(&r.Header)}
	every := max(frameEvery, len(r.Entries)/maxFrames)
	for p.next < len(r.Entries) {
		if p.next%every == 0 {
			p.frames = append(p.frames, frame{p.next, p.now})
		}
		p.step()
	}
	p.Seek(-1)
	return p
}

// first is the moment before the first entry.
func first(h *Header) Moment {
	interval := time.Duration(h.Interval) * time.Millisecond
	if interval <= 0 || h.Interval > int64(time.Hour/time.Millisecond) {
		interval = time.Second
	}
	return Moment{At: h.Start, Interval: interval, State: cluster.New(h.Masters, h.Start).Every(interval)}
}

// Recording returns what is played.
func (p *Player) Recording() *Recording { return p.rec }

// Seek returns the moment at a time since the start: what the console knew once it had been told
// everything until then.
func (p *Player) Seek(to time.Duration) *Moment {
	want := sort.Search(len(p.rec.at), func(i int) bool { return p.rec.at[i] > to })
	i := sort.Search(len(p.frames), func(i int) bool { return p.frames[i].next > want }) - 1
	if i >= 0 && (want < p.next || p.frames[i].next > p.next) {
		p.next, p.now = p.frames[i].next, p.frames[i].moment
	}
	for p.next < want {
		p.step()
	}
	return &p.now
}

// step tells the moment the next entry.
func (p *Player) step() {
	e, m := &p.rec.Entries[p.next], &p.now
	m.At = p.rec.Header.Start.Add(p.rec.at[p.next])
	p.next++
	switch {
	case e.Poll != nil:
		var events []cluster.Event
		m.State, events = m.State.Apply(e.Poll.observation())
		m.log(events...)
		m.table(&p.rec.Header)
	case e.Traffic != nil:
		m.State = m.State.ApplyTraffic(e.Traffic.observation())
	case e.Identity != nil:
		m.State = m.State.Identify(e.Identity.Master, e.Identity.Cluster)
	case e.Count != nil:
		m.count(e.Count)
	case e.Security != nil:
		m.Checks = append(slices.Clip(m.Checks), Check{m.At, e.Security})
		m.Checks = m.Checks[max(len(m.Checks)-maxChecks, 0):]
	case e.Failover != nil && e.Failover.Answer != nil:
		m.State = m.State.Follow(e.Failover.Answer.Primary)
	case e.Running != nil:
		m.Running = e.Running
	case e.Failovers != nil:
		m.Failovers = e.Failovers
	case e.Event != nil:
		m.log(e.Event.event())
	case e.Interval > 0:
		m.Interval = time.Duration(e.Interval)
		m.State = m.State.Every(m.Interval)
	case e.End != "":
		m.Ended = e.End
	}
}

// log adds events. Other moments may share the list, so that it is not written to.
func (m *Moment) log(events ...cluster.Event) {
	if len(events) > 0 {
		m.Events = slices.Concat(m.Events, events)
		m.Events = m.Events[max(len(m.Events)-EventsKept, 0):]
	}
}

// table chooses the table: the one that the session was opened for, else the first one, for as long as
// it is there.
func (m *Moment) table(h *Header) {
	if m.State.Meta == nil || m.State.Table(m.DB, m.Table) != nil {
		return
	}
	if h.DB != "" || h.Table != "" {
		if db, table, err := m.State.FindTable(h.DB, h.Table); err == nil {
			m.DB, m.Table = db, table
		}
		return
	}
	m.DB, m.Table = m.State.FirstTable()
}

func (m *Moment) count(c *Count) {
	if m.Counted.DB != c.DB || m.Counted.Table != c.Table {
		m.Counted = Counted{DB: c.DB, Table: c.Table}
	}
	n := &m.Counted
	if c.Answer == nil && c.Err == nil {
		n.Running, n.From = true, m.At
		return
	}
	n.Running, n.Err = false, c.Err.Err()
	if c.Answer != nil {
		n.Answer, n.At = c.Answer, m.At
	}
}
