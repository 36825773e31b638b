package console

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/drill"
	"shardeck/tui/keymap"
	"shardeck/tui/screen"
)

// Drills carries out drills on the cluster that the embedding program has started. List and
// Processes must not block.
type Drills interface {
	List() []drill.Plan
	Processes() []drill.Process
	// Run runs a drill, on the process with that name if it is of the right kind, and returns the
	// report once everything is undone. It hands on the report as it grows.
	Run(ctx context.Context, name, process string, progress func(drill.Report)) drill.Report
	// Act does something to a process and returns a line for the event log.
	Act(ctx context.Context, process, key string) (string, error)
}

// DrillTimeout bounds a drill and undoing it.
const DrillTimeout = 10 * time.Minute

// demoKey says what a key of the overview does in a demo, where this is none. Help does not list it.
func (m *model) demoKey(name string) screen.Intent {
	if _, ok := m.top().(*screen.Dashboard); !ok {
		return nil
	}
	switch name {
	case "D":
		return keymap.Say{Text: screen.NoDrills}
	case "K":
		return keymap.Say{Text: "K kills the primary of a demo: start one with shardeck demo"}
	case "R":
		return keymap.Say{Text: "R restarts what was killed in a demo: start one with shardeck demo"}
	}
	return nil
}

// actOnDrills carries out what the Drills screen asks for.
func (m *model) actOnDrills(in screen.Intent) tea.Cmd {
	if m.opts.Drills == nil {
		return m.act(keymap.Say{Text: screen.NoDrills})
	}
	switch in := in.(type) {
	case screen.OpenDrills:
		m.openDrills()
	case screen.ListProcesses:
		m.drills.Update(screen.ProcessesListed{Processes: m.opts.Drills.Processes()})
	case screen.RunDrill:
		return m.runDrill(in)
	case screen.CancelDrill:
		m.say("canceling; what was done is being undone")
		m.drilling.interrupt()
	case screen.ActOnProcess:
		return m.actOnProcess(in)
	}
	return nil
}

func (m *model) openDrills() {
	if m.drills == nil {
		m.drills = screen.NewDrills(m.opts.Drills.List())
	}
	m.drills.Update(screen.ProcessesListed{Processes: m.opts.Drills.Processes()})
	for len(m.stack) > 1 {
		m.pop()
	}
	m.push(m.drills)
}

// runDrill runs a drill beside the event loop. It goes on while other screens are shown.
func (m *model) runDrill(in screen.RunDrill) tea.Cmd {
	if m.drilling.active {
		m.say("a drill is running")
		return nil
	}
	m.drills.Begun(in.Name)
	m.did(api.LevelWarn, "drill "+in.Name+" started")
	drills := m.opts.Drills
	return beginStream(m, &m.drilling, DrillTimeout, func(ctx context.Context, emit func(drill.Report)) {
		emit(drills.Run(ctx, in.Name, in.Process, emit))
	}, func(m *model, r drill.Report) tea.Cmd {
		if r.Verdict != drill.Pending {
			level := api.LevelGood
			if r.Verdict != drill.Passed {
				level = api.LevelError
			}
			m.did(level, screen.DrillEnded(&r))
		}
		return m.act(m.drills.Update(screen.DrillProgress{Report: r}))
	}, func(*model) tea.Cmd { return nil })
}

func (m *model) actOnProcess(in screen.ActOnProcess) tea.Cmd {
	drills := m.opts.Drills
	return begin(m, new(request), ActionTimeout, call(func(ctx context.Context) (string, error) {
		return drills.Act(ctx, in.Process, in.Key)
	}), func(m *model, r reply[string]) tea.Cmd {
		m.due = m.now
		if r.err != nil {
			m.did(api.LevelError, in.Process+": "+cluster.Explain(r.err))
			m.say(cluster.Explain(r.err))
			return nil
		}
		m.did(api.LevelWarn, r.value)
		m.say(r.value)
		return nil
	})
}
