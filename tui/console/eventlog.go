package console

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/journal"
)

// maxEventFile is the size in bytes beyond which the older half of the events is dropped.
const maxEventFile = 8 << 20

// EventFile is the path of the user's file of events; "" if there is none.
func EventFile(getenv func(string) string) string { return journal.StateFile(getenv, "events.jsonl") }

// eventLine is an event in the file.
type eventLine struct {
	At       time.Time `json:"at"`
	Level    api.Level `json:"level"`
	Shard    *int      `json:"shard,omitempty"`
	LastedMS int64     `json:"lasted_ms,omitzero"`
	By       string    `json:"by,omitempty"`
	Cluster  string    `json:"cluster"`
	Text     string    `json:"text"`
}

func lineOf(e *cluster.Event, id string) eventLine {
	l := eventLine{At: e.At.UTC(), Level: e.Level, LastedMS: e.Lasted.Milliseconds(), By: e.Source, Cluster: id, Text: e.Text}
	if e.Shard >= 0 {
		l.Shard = &e.Shard
	}
	return l
}

func (l *eventLine) event() cluster.Event {
	e := cluster.Event{At: l.At, Level: l.Level, Shard: -1, Lasted: time.Duration(l.LastedMS) * time.Millisecond, Source: l.By, Text: l.Text}
	if l.Shard != nil {
		e.Shard = *l.Shard
	}
	return e
}

// The messages of the commands for the file of events.
type (
	eventsLoadedMsg struct{ events []cluster.Event }
	eventsFailedMsg struct {
		err    error
		events []cluster.Event // that are not in the file
	}
	eventsSavedMsg struct{}
)

func (m *model) eventFile() journal.File {
	return journal.File{Path: m.opts.EventFile, Max: maxEventFile}
}

// keepEvents saves new events, and loads those of earlier sessions once the cluster is known.
func (m *model) keepEvents() tea.Cmd {
	id := m.clusterID()
	if m.opts.EventFile == "" || id == "" {
		return nil
	}
	var load tea.Cmd
	if !m.eventsLoaded {
		m.eventsLoaded = true
		load = loadEvents(m.eventFile(), id, m.started)
	}
	return tea.Batch(load, m.saveEvents(id))
}

// eventRetry is how long after a failure the events are saved again.
const eventRetry = 10 * time.Second

// saveEvents appends the events that are not in the file yet. Those that could not be saved are kept,
// as many as are shown, and tried again later.
func (m *model) saveEvents(id string) tea.Cmd {
	if len(m.unsaved) == 0 || m.now.Before(m.saveEventsAt) {
		return nil
	}
	events, file, turn := m.unsaved, m.eventFile(), m.savingEvents
	m.unsaved = nil
	return func() tea.Msg {
		turn.Lock()
		defer turn.Unlock()
		if err := file.Append(linesOf(events, id)); err != nil {
			return eventsFailedMsg{err, events}
		}
		return eventsSavedMsg{}
	}
}

// eventsNotSaved keeps events for the next attempt, and says so once.
func (m *model) eventsNotSaved(msg eventsFailedMsg) {
	m.unsaved = append(msg.events, m.unsaved...)
	m.unsaved = m.unsaved[max(len(m.unsaved)-eventsKept, 0):]
	m.saveEventsAt = m.now.Add(eventRetry)
	if !m.eventsFailing {
		m.eventsFailing = true
		m.note(api.LevelWarn, "events cannot be saved now, and are tried again: "+msg.err.Error())
	}
}

func (m *model) eventsAreSaved() {
	if m.eventsFailing {
		m.eventsFailing = false
		m.note(api.LevelGood, "events are saved again")
	}
}

// linesOf are events as lines of the file.
func linesOf(events []cluster.Event, id string) []byte {
	var lines []byte
	for i := range events {
		text, err := json.Marshal(lineOf(&events[i], id), json.Deterministic(true))
		if err != nil {
			continue // its text is not UTF-8
		}
		lines = append(append(lines, text...), '\n')
	}
	return lines
}

// lastSave bounds the wait for the file at the end: another program may hold it.
const lastSave = 2 * time.Second

// saveLastEvents saves what the end of the console left unsaved.
func (m *model) saveLastEvents() error {
	id := m.clusterID()
	if m.opts.EventFile == "" || id == "" || len(m.unsaved) == 0 {
		return nil
	}
	events, file, turn := m.unsaved, m.eventFile(), m.savingEvents
	m.unsaved = nil
	saved := make(chan error, 1)
	go func() {
		turn.Lock()
		defer turn.Unlock()
		saved <- file.Append(linesOf(events, id))
	}()
	select {
	case err := <-saved:
		return err
	case <-time.After(lastSave):
		return fmt.Errorf("the last events are not saved: another program holds %s", file.Path)
	}
}

// loadEvents reads the latest events of the cluster from before a time, the oldest first.
func loadEvents(file journal.File, id string, before time.Time) tea.Cmd {
	return func() tea.Msg {
		b, err := file.Read()
		if err != nil {
			return eventsFailedMsg{err: err}
		}
		var all []cluster.Event
		for text := range bytes.Lines(b) {
			var l eventLine
			if json.Unmarshal(bytes.TrimSpace(text), &l) == nil && l.Cluster == id && l.At.Before(before) {
				all = append(all, l.event())
			}
		}
		return eventsLoadedMsg{all[max(len(all)-eventsKept, 0):]}
	}
}
