// Package console is the terminal console: the Bubble Tea model, its keys, its dialogs
// and the commands that call the masters. Package cluster keeps the state of the
// cluster, and package screen draws it.
//
// All I/O happens in commands with deadlines. Update never blocks, and View only draws
// the current state.
package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
	"shardeck/tui/recording"
	"shardeck/tui/screen"
	"shardeck/tui/terminal"
)

// Statements runs statements on whichever master can; [client.Cluster] implements it.
type Statements interface {
	runningStatements
	Query(ctx context.Context, req *api.SQLRequest, opts ...client.CallOption) (*api.SQLResponse, error)
	QueryStream(ctx context.Context, req *api.SQLRequest, opts ...client.CallOption) (*client.RowStream, error)
	// Prefer names the master to try first.
	Prefer(baseURL string)
	Close()
}

// Master is what the console requires of a master; [client.Master] implements it.
type Master interface {
	Metadata(ctx context.Context) (*api.Metadata, error)
	Count(ctx context.Context, req *api.MapReduceCountRequest, opts ...client.CallOption) (*api.MapReduceCountResponse, error)
	SecurityCheck(ctx context.Context, opts ...client.CallOption) (*api.SecurityCheckResponse, error)
	Traffic(ctx context.Context, after uint64) (*api.TrafficReport, error)
	Failovers(ctx context.Context) (*api.FailoversResponse, error)
	Queries(ctx context.Context) (*api.QueriesResponse, error)
	CancelQuery(ctx context.Context, id string) error
	Failover(ctx context.Context, req *api.FailoverRequest, opts ...client.CallOption) (*api.FailoverResponse, error)
}

// Options configure the console.
type Options struct {
	Masters   []string // base URLs, at least one; no others are ever sent anything
	APIToken  string   // for masters that require one; "" for none
	Theme     string   // a name from [theme.Names], or "auto" or "" to choose by terminal
	DB, Table string   // the table to show first; "" for the one with most rows

	// Interval is the time between polls; 0 means 1 s.
	Interval time.Duration
	// Actions are additional keys of the embedding program, such as the demo's.
	Actions []Action
	// Drills are carried out on the cluster of a demo; nil where there is none.
	Drills Drills
	// Events are the first entries of the event log.
	Events []string

	// Log returns the last lines of the log of the worker at a base URL; nil where logs cannot be
	// read. It runs in a goroutine of its own.
	Log func(ctx context.Context, worker string) ([]string, error)

	// Guide is a guided tour to show; nil for none.
	Guide *Guide
	// Presenter shows the console to an audience: large figures, the keys that are pressed, and no
	// paths, tokens or names of users.
	Presenter bool

	// Unreached counts requests of clients that reached no master, which no master can count; nil
	// where nobody knows. It must not block.
	Unreached func() uint64

	// Notices are shown in the footer for the first half a minute.
	Notices []string
	// First is what a master has said already, so that the first frame has its rows; nil if none has.
	First *cluster.Observation

	// QuitQuestion is asked before the program quits, as where that ends a demo; "" quits at once.
	QuitQuestion string
	Keys         Keys
	Signals      Signals
	// ASCII draws without any other characters, whatever the terminal can show.
	ASCII bool
	// Bindings are keys that the user has chosen. See [keymap.Bindings.Check].
	Bindings keymap.Bindings
	Profile  screen.Profile
	// ThemeFile is where the theme that was chosen last is kept; "" keeps it for this session only.
	ThemeFile string
	// Statements are the first entries of the Query screen's history; the editor opens
	// with the last.
	Statements []string
	// HistoryFile is where statements are saved between sessions; "" keeps them only for
	// this session. See [HistoryFile].
	HistoryFile string

	// EventFile is where events are appended as JSON lines; "" keeps them only for this session. See
	// [EventFile].
	EventFile string

	// Recorder keeps what the masters say; nil for nobody. See [Record.Create].
	Recorder *Recorder
	// Replay is shown instead of a cluster. No master is sent anything.
	Replay *recording.Recording

	In     io.Reader           // nil for the terminal
	Out    io.Writer           // nil for standard output
	Getenv func(string) string // nil for the process's environment
	// Traffic is called after each write to the terminal, with how much was written so far;
	// nil for nobody. It must not block.
	Traffic func(terminal.Traffic)

	// Dial returns the client of a master. It must not do I/O. Nil makes real clients.
	Dial func(baseURL string) Master
	// DialAll returns the client for statements. It must not do I/O. Nil makes a real one.
	DialAll func(baseURLs []string) Statements
	// Now is the clock; nil for the real one.
	Now func() time.Time
}

// Appearance is how every command that opens the console shows it.
type Appearance struct {
	Theme string `env:"SHARDECK_THEME" enum:"${themes}" default:"auto" help:"Theme: ${themes_text}. With auto it is the one that was chosen last, else it follows the terminal."`
	ASCII bool   `name:"ascii" env:"SHARDECK_ASCII" help:"Draw with ASCII characters only."`

	Presenter bool `help:"Show it to an audience: large figures, the keys that are pressed, and no paths, tokens or names of users."`
}

// Keys are the preferences that are flags of every command that opens the console.
type Keys struct {
	Vim       bool `env:"SHARDECK_VIM" help:"Keys of vim in the editor."`
	YesWrites bool `env:"SHARDECK_YES_WRITES" help:"Run statements that write without showing first what they would do."`
}

// Action is a key that the embedding program adds, and what it does.
type Action struct {
	Key   string // in Bubble Tea's notation; must not be one of the console's own
	Label string // for the footer and the confirmation button, one or two words
	Help  string // for the help and the title of the confirmation, a few words
	// Confirm returns the question to confirm it with, Cancel focused, and the action's target in
	// the cluster's current state; nil runs it at once. It must not block.
	Confirm func(*cluster.State) (question, target string)
	// Status is shown in the footer instead of Label, such as "traffic:on". It must not
	// block; nil, or a result of "", shows Label.
	Status func() string
	// Urgent moves the action to the front of the footer while it returns true. It must
	// not block; nil is never urgent.
	Urgent func() bool
	// Refuse returns why the action is not possible in the cluster's current state, which
	// is logged instead of running it; "" if it is possible. It must not block; nil never
	// refuses.
	Refuse func(*cluster.State) string
	// Run carries it out on the target that Confirm returned, and on no other, and returns one
	// line for the event log. It runs in its own goroutine, at most once at a time, with a
	// deadline of [ActionTimeout].
	Run func(ctx context.Context, target string) (string, error)
}

// The timeouts of the console's requests.
const (
	PollTimeout     = 2 * time.Second
	CheckTimeout    = 8 * time.Second // of a dry run, which waits for probes of masters and workers that hang
	CountTimeout    = 30 * time.Second
	SecurityTimeout = 30 * time.Second
	FailoverTimeout = 20 * time.Second
	ActionTimeout   = 30 * time.Second
)

// user names the user in events, for whoever reads them later.
func (o *Options) user() string {
	for _, name := range []string{"USER", "LOGNAME", "USERNAME"} {
		if u := o.Getenv(name); u != "" {
			return u
		}
	}
	return "you"
}

// complete fills in the defaults and rejects invalid options.
func (o *Options) complete() error {
	if o.Replay != nil {
		o.fromRecording()
	}
	if len(o.Masters) == 0 {
		return errors.New("the console requires the address of at least one master")
	}
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	var opts []client.Option
	if o.APIToken != "" {
		opts = append(opts, client.WithAPIToken(o.APIToken))
	}
	if o.Dial == nil {
		o.Dial = func(baseURL string) Master { return client.NewMaster(baseURL, opts...) }
	}
	if o.DialAll == nil {
		o.DialAll = func(baseURLs []string) Statements { return client.NewCluster(baseURLs, opts...) }
	}
	if o.Profile.ReadOnly {
		dial, all := o.Dial, o.DialAll
		o.Dial = func(baseURL string) Master { return readOnly{dial(baseURL)} }
		o.DialAll = func(baseURLs []string) Statements { return readOnlyStatements{all(baseURLs)} }
	}
	return o.checkActions()
}

// checkActions rejects keys that are already in use: a key must do what the help says.
func (o *Options) checkActions() error {
	taken := map[string]bool{"enter": true, "esc": true}
	for _, c := range append((&screen.Dashboard{}).Commands(&screen.View{HasDrills: true}), programCommands()...) {
		for _, k := range c.Keys {
			taken[k] = true
		}
	}
	for _, a := range o.Actions {
		if a.Key == "" || a.Run == nil {
			return fmt.Errorf("action %q has no key or no Run", a.Label)
		}
		if taken[a.Key] {
			return fmt.Errorf("key %q of action %q is already in use", a.Key, a.Label)
		}
		taken[a.Key] = true
	}
	return nil
}
