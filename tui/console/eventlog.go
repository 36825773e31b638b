package console

import (
	"bytes"
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
	eventsFailedMsg struct{ err error }
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

// saveEvents appends the events that are not in the file yet.
func (m *model) saveEvents(id string) tea.Cmd {
	lines := m.unsavedLines(id)
	if len(lines) == 0 {
		return nil
	}
	file, turn := m.eventFile(), m.saving
	return func() tea.Msg {
		turn.Lock()
		defer turn.Unlock()
		if err := file.Append(lines); err != nil {
			return eventsFailedMsg{err}
		}
		return nil
	}
}

// unsavedLines are the lines of the events that are not in the file yet. They count as saved from
// now on.
func (m *model) unsavedLines(id string) []byte {
	var lines []byte
	for i := range m.unsaved {
		text, err := json.Marshal(lineOf(&m.unsaved[i], id), json.Deterministic(true))
		if err != nil {
			continue // its text is not UTF-8
		}
		lines = append(append(lines, text...), '\n')
	}
	m.unsaved = nil
	return lines
}

// saveLastEvents saves what the end of the console left unsaved.
func (m *model) saveLastEvents() error {
	if m.opts.EventFile == "" || m.clusterID() == "" {
		return nil
	}
	m.saving.Lock()
	defer m.saving.Unlock()
	lines := m.unsavedLines(m.clusterID())
	if len(lines) == 0 {
		return nil
	}
	return m.eventFile().Append(lines)
}

// loadEvents reads the latest events of the cluster from before a time, the oldest first.
func loadEvents(file journal.File, id string, before time.Time) tea.Cmd {
	return func() tea.Msg {
		b, err := file.Read()
		if err != nil {
			return eventsFailedMsg{err}
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
