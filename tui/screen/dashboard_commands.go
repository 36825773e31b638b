package screen

import (
	"slices"
	"time"

	"shardeck/tui/keymap"
)

// The groups of commands in the help.
const (
	groupCluster = "Cluster"
	groupView    = "View"
	groupTables  = "Tables"
	groupDemo    = "Demo"
	groupPlaces  = "Screens"
	groupProgram = "Program"
	groupDialog  = "Dialog"
)

// asks returns the Do of a command that only asks something of the console.
func asks(in Intent) func() Intent { return func() Intent { return in } }

// does returns the Do of a command that only changes the screen.
func does(f func()) func() Intent {
	return func() Intent {
		f()
		return nil
	}
}

// Commands lists the keys of the dashboard.
func (d *Dashboard) Commands(v *View) []keymap.Command {
	front := []keymap.Command{
		{Name: "show the help", Label: "help", Group: groupProgram, Keys: []string{"?"}, Do: asks(ShowHelp{})},
		{Name: "quit", Label: "quit", Group: groupProgram, Keys: []string{"q"}, Do: asks(Quit{})},
	}
	noTable := ""
	if v.Table == "" {
		noTable = "there is no table to count"
	}
	rest := []keymap.Command{
		{Name: "go to a screen by its number", Label: "screens", Group: groupPlaces, Shown: "1–9", Do: asks(ShowHelp{})},
		{Name: "count the rows by MapReduce", Label: "count", Group: groupCluster, Keys: []string{"c"}, Off: noTable, Do: asks(StartCount{})},
		{Name: "write and run T-SQL", Label: "query", Group: groupCluster, Keys: []string{"e"}, Do: asks(OpenQuery{})},
		{Name: "check the security", Label: "security", Group: groupCluster, Keys: []string{"s"}, Do: asks(OpenSecurity{})},
		{Name: "fail over to the backup", Label: "failover", Group: groupCluster, Keys: []string{"f"}, Do: asks(OpenFailover{})},
		{Name: "choose the table", Label: "table", Group: groupView, Keys: []string{"t"}, Do: asks(PickTable{})},
	}
	for _, a := range v.Actions {
		c := keymap.Command{Name: a.Help, Label: a.Label, Group: groupDemo, Keys: []string{a.Key}, Do: asks(AskAction{Key: a.Key})}
		if a.Urgent {
			front = append(front, c)
		} else {
			rest = append(rest, c)
		}
	}
	if v.HasDrills {
		rest = append(rest, drillsCommand("drills"))
	}
	return append(append(append(append(front, rest...), pollCommands(v)...),
		keymap.Command{Name: "see earlier shards", Group: groupView, Keys: []string{"up", "k"}, Do: does(func() { d.Scroll(-1, len(shardsOf(v))) })},
		keymap.Command{Name: "see later shards", Group: groupView, Keys: []string{"down", "j"}, Do: does(func() { d.Scroll(1, len(shardsOf(v))) })},
		keymap.Command{Name: CommandLineName, Group: groupProgram, Keys: []string{":"}, Do: asks(ShowCommandLine{})},
		keymap.Command{Name: PaletteName, Group: groupProgram, Keys: []string{"ctrl+p"}, Do: asks(ShowPalette{})},
	), placeKeys(OverviewPlace)...)
}

// pollCommands are about how often masters are asked, and how the console looks, on every screen.
func pollCommands(v *View) []keymap.Command {
	label := "pause"
	if v.Paused {
		label = "resume"
	}
	return []keymap.Command{
		{Name: "pause and resume", Label: label, Group: groupView, Keys: []string{"p"}, Do: asks(TogglePause{})},
		{Name: "refresh now, and repaint", Group: groupView, Keys: []string{"r"}, Do: asks(RefreshNow{})},
		{Name: "poll more often", Group: groupView, Keys: []string{"+", "="}, Do: asks(SetInterval{nextInterval(v.Interval, -1)})},
		{Name: "poll less often", Group: groupView, Keys: []string{"-"}, Do: asks(SetInterval{nextInterval(v.Interval, 1)})},
		{Name: "change the theme", Group: groupView, Keys: []string{"T"}, Do: asks(NextTheme{})},
	}
}

// Update ignores messages: the dashboard shows the view.
func (d *Dashboard) Update(any) Intent { return nil }

// The bounds of the time between two polls.
const (
	MinInterval = 200 * time.Millisecond
	MaxInterval = time.Minute
)

// nextInterval is the interval that is one step longer or shorter.
func nextInterval(now time.Duration, by int) time.Duration {
	steps := []time.Duration{MinInterval, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, MaxInterval}
	if by > 0 {
		for _, s := range steps {
			if s > now {
				return s
			}
		}
		return MaxInterval
	}
	for _, s := range slices.Backward(steps) {
		if s < now {
			return s
		}
	}
	return MinInterval
}
