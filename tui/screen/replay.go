package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
)

// Replay is how far the recording is that is shown instead of a cluster.
type Replay struct {
	At, Length time.Duration
	Speed      float64
	Paused     bool
	End        string // at the end: what ended it, in a word or two
}

// IsRecording is why nothing can be asked of a master.
const IsRecording = "this is a recording"

// The intents of a replay. [TogglePause] stops it and lets it go on.
type (
	// Seek goes forwards or backwards.
	Seek struct{ By time.Duration }
	// SeekStart goes to the beginning.
	SeekStart struct{}
	// SeekEnd goes to the end.
	SeekEnd struct{}
	// ChangeSpeed goes to the next higher speed, or to the next lower one if By is negative.
	ChangeSpeed struct{ By int }
)

// seekStep is how far a key seeks.
const seekStep = 10 * time.Second

// ReplayCommands are the keys of a recording, on every screen. Screens with a use of their own for the
// arrows, Home and End keep those.
func ReplayCommands() []keymap.Command {
	const group = "Recording"
	return []keymap.Command{
		{Name: "pause the recording, and let it go on", Label: "pause", Group: group, Keys: []string{" ", "space"}, Do: asks(TogglePause{})},
		{Name: "go back 10 seconds in the recording", Label: "back 10s", Group: group, Keys: []string{"[", "left"}, Do: asks(Seek{-seekStep})},
		{Name: "go on 10 seconds in the recording", Label: "on 10s", Group: group, Keys: []string{"]", "right"}, Do: asks(Seek{seekStep})},
		{Name: "replay faster", Label: "faster", Group: group, Keys: []string{"+", "="}, Do: asks(ChangeSpeed{1})},
		{Name: "replay slower", Label: "slower", Group: group, Keys: []string{"-"}, Do: asks(ChangeSpeed{-1})},
		{Name: "go to the start of the recording", Group: group, Keys: []string{"home"}, Do: asks(SeekStart{})},
		{Name: "go to the end of the recording", Group: group, Keys: []string{"end"}, Do: asks(SeekEnd{})},
	}
}

// yields are the keys of a recording that a screen keeps for itself if it has a use for them.
func yields(key string) bool { return slices.Contains([]string{"left", "right", "home", "end"}, key) }

// inReplay returns a screen's commands while a recording is shown: those of the recording, and its own
// except for what would ask a master for something.
func inReplay(s Screen, own []keymap.Command, b keymap.Bindings) []keymap.Command {
	_, fills := s.(fullFrame)
	_, dashboard := s.(*Dashboard)
	if Writing(s) || !fills && !dashboard {
		return own
	}
	all := b.Apply(ReplayCommands())
	taken := map[string]bool{}
	for i := range all {
		c := &all[i]
		c.Keys = slices.DeleteFunc(slices.Clone(c.Keys), func(k string) bool { return yields(k) && keymap.Find(own, k) != nil })
		for _, k := range c.Keys {
			taken[k] = true
		}
	}
	for _, c := range own {
		c.Keys = slices.DeleteFunc(slices.Clone(c.Keys), func(k string) bool { return taken[k] })
		if c.Off == "" && asksMaster(&c) {
			c.Off, c.Label = IsRecording, "" // it takes no room in the footer
		}
		if len(c.Keys) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// asksMaster reports whether a command is for a cluster that is there. The console refuses what is
// forgotten here.
func asksMaster(c *keymap.Command) bool {
	switch {
	case strings.HasPrefix(c.Name, "copy ") || strings.HasPrefix(c.Name, "export "):
		return false
	case c.Group == groupCluster, c.Group == groupDemo, c.Group == groupTables, c.Name == places[QueryPlace].name:
		return true
	}
	return strings.HasPrefix(c.Name, "poll ")
}

// text is the replay in the header, in place of the age of the numbers.
func (r *Replay) text() (theme.Role, string) {
	mark, role := "▶", theme.Info
	if r.Paused {
		mark, role = "‖", theme.Warn
	}
	text := fmt.Sprintf("%s REPLAY %s / %s %gx", mark, clock(r.At), clock(r.Length), r.Speed)
	if r.End != "" {
		text += ", " + r.End
	}
	return role, text
}

// clock writes a time as minutes and seconds, with hours if there are any.
func clock(d time.Duration) string {
	s := int(d / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}
