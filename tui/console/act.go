package console

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/tui/history"
	"shardeck/tui/keymap"
	"shardeck/tui/recording"
	"shardeck/tui/screen"
	"shardeck/tui/terminal"
	"shardeck/tui/theme"
)

// act carries out what a screen asks for.
func (m *model) act(in screen.Intent) tea.Cmd {
	if cmd, done := m.guard(in); done {
		return cmd
	}
	return m.carryOut(in)
}

// carryOut is act for an intent that is allowed.
func (m *model) carryOut(in screen.Intent) tea.Cmd {
	switch in := in.(type) {
	case nil:
	case confirmed:
		return m.carryOut(in.Intent)
	case screen.All:
		var all []tea.Cmd
		for _, each := range in {
			all = append(all, m.act(each))
		}
		return tea.Batch(all...)
	case keymap.Say:
		m.say(in.Text)
	case screen.Close:
		m.pop()
	case screen.CloseAnd:
		m.pop()
		return m.act(in.Then)
	case screen.Quit:
		return m.quit()
	case screen.QuitNow:
		return tea.Quit
	case interrupt:
		return m.interrupted()
	case suspend:
		return terminal.Suspend
	case repaint:
		return tea.ClearScreen
	case screen.ShowHelp:
		_, dashboard := m.top().(*screen.Dashboard)
		m.push(screen.NewHelp(m.commands(), dashboard))
	case screen.ShowPalette:
		m.push(screen.NewPalette(m.commands()))
	case screen.ShowCommandLine:
		m.push(screen.NewCommandLine())
	case screen.ToPlace:
		return m.act(m.places[in.Place].Update(in.Message))
	case screen.Show:
		m.push(in.Screen)
	case screen.Go:
		return m.goTo(in.To)
	case screen.TourMove:
		return m.moveTour(in)
	default:
		return m.actOnCluster(in)
	}
	return nil
}

// actOnCluster carries out the intents that concern the cluster and its tables.
func (m *model) actOnCluster(in screen.Intent) tea.Cmd {
	switch in := in.(type) {
	case screen.StartCount:
		return m.startCount()
	case screen.OpenQuery:
		return m.openQuery()
	case screen.OpenSecurity:
		return m.startSecurity()
	case screen.CheckSecurity:
		return m.runSecurity()
	case screen.OpenFailover:
		return m.openFailover()
	case screen.CheckFailover:
		return m.checkFailover(in.Target)
	case screen.StartFailover:
		return m.startFailover(in)
	case screen.PickTable:
		m.push(screen.NewTables(m.view()))
	case screen.ChooseTable:
		m.choose(in.DB, in.Table)
	case screen.RefreshNow:
		m.due = m.now
		m.say("refreshing")
		// Repaint too: another program may have written over the screen.
		return tea.Batch(tea.ClearScreen, m.pollIfDueEvenPaused())
	case screen.TogglePause:
		m.paused = !m.paused
		m.due = m.now
	case screen.SetInterval:
		m.opts.Interval, m.pace.Normal, m.pace.Idle = in.Interval, in.Interval, in.Interval
		m.state = m.state.Every(in.Interval)
		m.record(recording.Entry{Interval: int64(in.Interval)})
		m.due, m.trafficDue = m.now, m.now
		m.say("polling every " + in.Interval.String())
	case screen.NextTheme:
		m.setTheme(theme.Next(m.theme.Name()))
	case screen.SetTheme:
		m.setTheme(in.Name)
	case screen.AskAction:
		return m.askAction(in.Key)
	case screen.RunAction:
		return m.runAction(in)
	case screen.OpenDrills, screen.ListProcesses, screen.RunDrill, screen.CancelDrill, screen.ActOnProcess:
		return m.actOnDrills(in)
	default:
		return m.actOnPlaces(in)
	}
	return nil
}

// actOnQuery carries out the intents of the Query screen and its dialogs.
func (m *model) actOnQuery(in screen.Intent) tea.Cmd {
	switch in := in.(type) {
	case screen.OpenStatement:
		return m.openStatement(in)
	case screen.ToQuery:
		return m.act(m.query.Update(in.Message))
	case screen.RunQueries:
		return m.runQueries(in)
	case screen.CancelQuery:
		m.querying.interrupt()
		m.asking.drop()
	case screen.PickHistory:
		m.push(screen.NewHistory(in.Entries, m.clusterID()))
	case screen.SaveHistory:
		return m.saveHistory(in.Line)
	case screen.MarkFavourite:
		return m.saveHistory(history.Marked(in.SQL, in.Favourite))
	case screen.PickOptions:
		m.push(screen.NewRunSettings(in.Options, in.Names))
	case screen.AskValue:
		m.push(in.Prompt)
	case screen.PickCopy:
		m.push(in.Menu)
	case screen.Work:
		return m.work(in)
	default:
		return m.actOnFiles(in)
	}
	return nil
}

// actOnFiles carries out the intents about files, the clipboard and the user's own editor.
func (m *model) actOnFiles(in screen.Intent) tea.Cmd {
	switch in := in.(type) {
	case keymap.Copy:
		return m.copyText(in)
	case screen.CopyRows:
		return m.copyRows(in)
	case screen.AskPath:
		m.askPath(in)
	case openFile:
		return readFileCmd(in.path)
	case saveFile:
		return in.run
	case screen.SaveText:
		m.askSaveText(in, in.Name, "")
	case saveTextTo:
		return m.saveText(in)
	case screen.ExportRows:
		m.exportRows(in)
	case exportTo:
		return m.export(in)
	case screen.CancelWork:
		m.exporting.interrupt()
	case screen.EditOutside:
		return m.editOutside(in.Text)
	default:
		panic(fmt.Sprintf("the console does not know the intent %T", in))
	}
	return nil
}
