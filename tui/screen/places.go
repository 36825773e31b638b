package screen

import (
	"fmt"
	"slices"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Place is a screen that has a number, by which it is reached from every other one. The console
// keeps it while another is shown.
type Place uint8

// The places, in the order of their numbers.
const (
	OverviewPlace Place = iota
	ShardsPlace
	SchemaPlace
	RunningPlace
	QueryPlace
	SecurityPlace
	FailoverPlace
	EventsPlace
	LivePlace
	placeCount
)

// place is what is known about a place without its screen.
type place struct {
	label string // for the line of tabs
	name  string // of the command that goes there
	make  func() Screen
	open  Intent // what shows it, if that is not making a screen
}

// places is the one list of them. The first is the dashboard, below all others.
var places = [placeCount]place{
	OverviewPlace: {label: "overview", name: "go to the overview"},
	ShardsPlace:   {label: "shards", name: "look at one shard", make: func() Screen { return NewShards() }},
	SchemaPlace:   {label: "schema", name: "look at databases and tables", make: func() Screen { return NewSchema() }},
	RunningPlace:  {label: "running", name: "look at running statements", make: func() Screen { return NewRunning() }},
	QueryPlace:    {label: "query", name: "write and run T-SQL", open: OpenQuery{}},
	SecurityPlace: {label: "security", name: "look at security checks", make: func() Screen { return NewSecurityChecks() }},
	FailoverPlace: {label: "failover", name: "look at masters and failovers", make: func() Screen { return NewFailovers() }},
	LivePlace:     {label: "live", name: "watch requests on their way to the shards", make: func() Screen { return NewLive() }},
	EventsPlace:   {label: "events", name: "look at all events", make: func() Screen { return NewEvents() }},
}

// NewPlaces returns the screens of all places, nil for those that are not made here.
func NewPlaces() []Screen {
	all := make([]Screen, placeCount)
	for p := range placeCount {
		all[p] = newPlace(p)
	}
	return all
}

func newPlace(p Place) Screen {
	if m := places[p].make; m != nil {
		return m()
	}
	return nil
}

// PlaceTitle is the name of a place as a heading.
func PlaceTitle(p Place) string { return capital(places[p].label) }

// PlaceNames lists the names of the places, in the order of their numbers.
func PlaceNames() []string {
	all := make([]string, placeCount)
	for p := range placeCount {
		all[p] = places[p].label
	}
	return all
}

// Go shows a place.
type Go struct{ To Place }

// ToPlace passes a message to a place.
type ToPlace struct {
	Place   Place
	Message any
}

// renewing is a place that needs more of the masters than the polls bring, as often as it wants.
type renewing interface {
	// Renew returns what to ask for now; nil for nothing.
	Renew(v *View) Intent
}

// Renew asks a screen what it needs now.
func Renew(s Screen, v *View) Intent {
	if r, ok := s.(renewing); ok {
		return r.Renew(v)
	}
	return nil
}

// placeKeys are the commands that go to the other places.
func placeKeys(here Place) []keymap.Command {
	var all []keymap.Command
	for p := range placeCount {
		c := keymap.Command{Name: places[p].name, Group: groupPlaces, Keys: []string{fmt.Sprint(int(p) + 1)}, Do: asks(Go{p})}
		if in := places[p].open; in != nil {
			c.Do = asks(in)
		}
		if p == here {
			c.Off = "this is the " + places[p].label + " already"
		}
		all = append(all, c)
	}
	if here != OverviewPlace {
		all = append(all, keymap.Command{Name: "go back to the overview", Label: "back", Group: groupPlaces, Keys: []string{"esc", "q"}, Do: asks(Go{OverviewPlace})})
	}
	return all
}

// drillsCommand goes to the drills of a demo.
func drillsCommand(label string) keymap.Command {
	return keymap.Command{Name: "run drills on the demo cluster", Label: label, Group: groupDemo, Keys: []string{"D"}, Do: asks(OpenDrills{})}
}

// placeCommands completes a place's own commands by those that every place has.
func placeCommands(v *View, here Place, own ...keymap.Command) []keymap.Command {
	all := append(slices.Clip(own), placeKeys(here)...)
	for _, c := range pollCommands(v) {
		if keymap.Find(own, c.Keys[0]) == nil {
			all = append(all, c)
		}
	}
	if v.HasDrills {
		all = append(all, drillsCommand("drills"))
	}
	return append(all,
		keymap.Command{Name: "show the help", Label: "help", Group: groupProgram, Keys: []string{"?"}, Do: asks(ShowHelp{})},
		keymap.Command{Name: CommandLineName, Group: groupProgram, Keys: []string{":"}, Do: asks(ShowCommandLine{})},
		keymap.Command{Name: PaletteName, Group: groupProgram, Keys: []string{"ctrl+p"}, Do: asks(ShowPalette{})})
}

// paintPlace draws what all places have in common: who answers, the tabs, what is wrong, and the
// keys. It returns the rest.
func paintPlace(a widget.Area, v *View, here Place, keys []keymap.Command) widget.Area {
	if v.Keys != nil {
		keys = v.Keys
	}
	layout := layoutKeys(keys, a.W, a.H)
	header := a.Sub(0, 0, a.W, min(3, a.H/4))
	rows := len(layout.rows)
	paintIdentity(header, v)
	if header.H > 1 {
		paintTabs(header.Sub(0, 1, a.W, 1), here)
	}
	if header.H > 2 {
		paintAlert(header.Sub(0, 2, a.W, 1), v)
	}
	paintFooter(header, a.Sub(0, a.H-rows, a.W, rows), layout, v)
	return a.Sub(0, header.H, a.W, a.H-header.H-rows)
}

// paintTabs draws the numbers and names of the places. Where there is no room for all of them, only
// the numbers of the others are left.
func paintTabs(a widget.Area, here Place) {
	need := 1
	for p := range placeCount {
		need += 4 + len(places[p].label)
	}
	x := 1
	for p := range placeCount {
		text := fmt.Sprintf("%d", int(p)+1)
		if need <= a.W || p == here {
			text += " " + places[p].label
		}
		role := theme.Muted
		if p == here {
			role = theme.Selected
		}
		x = a.Text(x, 0, role, " "+text+" ")
	}
}
