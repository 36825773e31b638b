package console

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/shared/daemon"
	"shardeck/tui/cluster"
	"shardeck/tui/recording"
	"shardeck/tui/screen"
)

// Record is what every command that opens the console can be told about recording it.
type Record struct {
	To   string `name:"record" type:"path" placeholder:"FILE" help:"Record the session into a new file, for replay; compressed if the name ends in .gz."`
	Data bool   `name:"record-keys" default:"true" negatable:"" help:"Record shard keys and the texts of statements too, which are data."`
}

// Create creates the file, which must not exist. It is nil if nothing is to be recorded.
func (r *Record) Create() (*Recorder, error) {
	if r.To == "" {
		return nil, nil
	}
	f, err := os.OpenFile(r.To, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("--record: %s exists and is not replaced; choose another name", r.To)
	}
	if err != nil {
		return nil, fmt.Errorf("--record: %w", err)
	}
	return &Recorder{file: f, opts: recording.Options{Gzip: strings.HasSuffix(r.To, ".gz"), Redact: !r.Data}}, nil
}

// Recorder writes what the console is told into a file. What it is given waits in memory until a
// command writes it, since the event loop must not wait for a disk.
type Recorder struct {
	file *os.File
	opts recording.Options

	queue   sync.Mutex
	waiting []recording.Entry

	turn  sync.Mutex // held while lines are written
	lines *recording.Writer
	ended bool
}

// maxWaiting is how many entries may wait for a disk that hangs.
const maxWaiting = 5000

func (r *Recorder) add(e *recording.Entry) {
	r.queue.Lock()
	defer r.queue.Unlock()
	if len(r.waiting) < maxWaiting {
		r.waiting = append(r.waiting, *e)
	}
}

// idle reports whether there is nothing to write.
func (r *Recorder) idle() bool {
	r.queue.Lock()
	defer r.queue.Unlock()
	return len(r.waiting) == 0
}

// write writes what waits. After an error, the recording has ended.
func (r *Recorder) write(h *recording.Header) error {
	r.turn.Lock()
	defer r.turn.Unlock()
	r.queue.Lock()
	entries := r.waiting
	r.waiting = nil
	r.queue.Unlock()
	if r.ended {
		return nil
	}
	err := r.writeLines(h, entries)
	if err == nil && len(entries) == maxWaiting {
		err = errors.New("the disk is too slow; the recording has ended")
	}
	r.ended = err != nil
	return err
}

func (r *Recorder) writeLines(h *recording.Header, entries []recording.Entry) (err error) {
	if r.lines == nil {
		if r.lines, err = recording.NewWriter(r.file, *h, r.opts); err != nil {
			return err
		}
	}
	return r.lines.Write(entries...)
}

// close writes what still waits and ends the recording.
func (r *Recorder) close(h *recording.Header, at time.Time) error {
	err := r.write(h)
	r.turn.Lock()
	defer r.turn.Unlock()
	if r.lines != nil && !r.ended {
		err = errors.Join(err, r.lines.Close(at))
	}
	r.ended = true
	return errors.Join(err, r.file.Close())
}

// Discard removes the file if nothing was written to it, as where the console could not be opened.
func (r *Recorder) Discard() error {
	if r == nil {
		return nil
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	if r.lines != nil || r.ended {
		return nil
	}
	r.ended = true
	return errors.Join(r.file.Close(), os.Remove(r.file.Name()))
}

// record adds to the recording, if there is one.
func (m *model) record(e recording.Entry) {
	if r := m.opts.Recorder; r != nil {
		e.At = m.now
		r.add(&e)
	}
}

func (m *model) recordingHeader() *recording.Header {
	return &recording.Header{Version: daemon.Version, Cluster: m.clusterID(), Masters: m.opts.Masters, Interval: m.firstInterval.Milliseconds(),
		Start: m.started, DB: m.opts.DB, Table: m.opts.Table, User: m.opts.user()}
}

// How often the recording is written, and how long its first line waits for the cluster to say its id.
const (
	recordEvery = time.Second
	awaitID     = 3 * time.Second
)

// recordFailedMsg says that the recording has ended.
type recordFailedMsg struct{ err error }

// keepRecording writes what was recorded, now and then.
func (m *model) keepRecording() tea.Cmd {
	r := m.opts.Recorder
	if r == nil || m.now.Before(m.recordDue) || r.idle() || m.clusterID() == "" && m.now.Sub(m.started) < awaitID {
		return nil
	}
	m.recordDue = m.now.Add(recordEvery)
	h := m.recordingHeader()
	return func() tea.Msg {
		if err := r.write(h); err != nil {
			return recordFailedMsg{err}
		}
		return nil
	}
}

// endRecording writes what the end of the console left unwritten, also if the recording has ended
// before.
func (m *model) endRecording() error {
	if m.opts.Recorder == nil {
		return nil
	}
	if err := m.opts.Recorder.close(m.recordingHeader(), m.opts.Now()); err != nil && !errors.Is(err, recording.ErrLimit) {
		return fmt.Errorf("the recording is incomplete: %w", err)
	}
	return nil
}

// told applies what a master said of its traffic.
func (m *model) told(o cluster.TrafficObservation) {
	m.record(recording.Entry{Traffic: recording.TrafficOf(o)})
	m.state = m.state.ApplyTraffic(o)
}

// listed passes on what the masters said they ran.
func (m *model) listed(l screen.RunningListed) tea.Cmd {
	out := &recording.Running{At: l.At}
	for i := range l.Lists {
		out.Lists = append(out.Lists, recording.List{Master: l.Lists[i].Master, Queries: l.Lists[i].Queries, Err: recording.FaultOf(l.Lists[i].Err)})
	}
	m.record(recording.Entry{Running: out})
	return toPlace[screen.RunningListed](screen.RunningPlace)(m, l)
}

// listedFailovers passes on what the masters said of failovers.
func (m *model) listedFailovers(l screen.FailoversListed) tea.Cmd {
	m.record(recording.Entry{Failovers: &recording.Failovers{At: l.At, Failovers: l.Failovers,
		Target: l.DryRun.Target, Answer: l.DryRun.Answer, Err: recording.FaultOf(l.DryRun.Err)}})
	return toPlace[screen.FailoversListed](screen.FailoverPlace)(m, l)
}

// didWith is did for a text that ends with data, such as a statement.
func (m *model) didWith(level api.Level, text, data string) {
	e := cluster.Event{At: m.now, Level: level, Shard: -1, Text: text + data, Source: m.opts.user()}
	kept := e
	if r := m.opts.Recorder; r != nil && r.opts.Redact {
		kept.Text = text + "…"
	}
	m.record(recording.Entry{Event: recording.EventOf(&kept)})
	m.log(e)
}
