package screen

import (
	"time"

	"shardeck/shared/api"
	"shardeck/tui/keymap"
)

// Intent is what a screen asks of the console; nil is nothing. Besides the intents here there
// are those of widgets, in package keymap.
type Intent = keymap.Intent

// The intents of the dashboard.
type (
	// Quit ends the program, after a question if that would end a demo.
	Quit struct{}
	// StartCount counts the chosen table.
	StartCount struct{}
	// OpenQuery shows the Query screen.
	OpenQuery struct{}
	// OpenSecurity shows the security check, and starts it.
	OpenSecurity struct{}
	// OpenFailover shows the preflight of a failover.
	OpenFailover struct{}
	// RefreshNow polls and repaints.
	RefreshNow struct{}
	// TogglePause pauses or resumes the polls.
	TogglePause struct{}
	// SetInterval changes the time between two polls.
	SetInterval struct{ Interval time.Duration }
	// NextTheme changes the theme.
	NextTheme struct{}
	// AskAction runs the action with that key, after a question if it has one.
	AskAction struct{ Key string }
)

// The intents of every screen.
type (
	// Close takes the screen off the stack.
	Close struct{}
	// All is several intents.
	All []Intent
	// CloseAnd takes the screen off the stack and then acts on another intent.
	CloseAnd struct{ Then Intent }
	// ShowHelp shows the commands of the screen below it.
	ShowHelp struct{}
	// ShowPalette shows the same commands as a list to choose from.
	ShowPalette struct{}
	// Show puts a screen onto the stack.
	Show struct{ Screen Screen }
	// PickTable opens the list of tables; statements run in the chosen one's database.
	PickTable struct{}
)

// The intents of dialogs.
type (
	// ChooseTable makes a table the chosen one.
	ChooseTable struct{ DB, Table string }
	// CheckFailover asks Target for a dry run. The screen receives [FailoverChecked].
	CheckFailover struct{ Target string }
	// StartFailover promotes Target, with Force although checks fail. The screen stays open and
	// receives [FailoverEnded].
	StartFailover struct {
		Target string
		Force  bool
	}
	// RunAction runs the action with that key on the target that the user has confirmed.
	RunAction struct{ Key, Target string }
	// QuitNow ends the program.
	QuitNow struct{}
	// CheckSecurity runs the security check again.
	CheckSecurity struct{}
)

// The messages that screens receive.
type (
	// SecurityEnded carries a security check's answer or error.
	SecurityEnded struct {
		At     time.Time
		Answer *api.SecurityCheckResponse
		Err    error
	}
	// FailoverChecked carries the answer to a dry run by Target, or its error.
	FailoverChecked struct {
		At     time.Time
		Target string
		Answer *api.FailoverResponse
		Err    error
	}
	// FailoverStarted says that the failover that was asked for has begun.
	FailoverStarted struct{ At time.Time }
	// FailoverEnded carries a failover's answer or error.
	FailoverEnded struct {
		At     time.Time
		Answer *api.FailoverResponse
		Err    error
	}
)

// ToQuery passes a message to the Query screen, for dialogs over it.
type ToQuery struct{ Message any }
