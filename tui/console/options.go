// Package console is the terminal console: the one Bubble Tea model, its keys, its
// dialogs and the commands that talk to the masters. It is the only caller of the
// client; what is known of the cluster is package cluster's, what is drawn is
// package screen's.
//
// All I/O happens in commands with deadlines. Update never waits, and View only
// draws what Update left.
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
)

// Master is what the console needs of a master; [client.Master] has it.
type Master interface {
	Metadata(ctx context.Context) (*api.Metadata, error)
	Count(ctx context.Context, req *api.MapReduceCountRequest, opts ...client.CallOption) (*api.MapReduceCountResponse, error)
	SecurityCheck(ctx context.Context, opts ...client.CallOption) (*api.SecurityCheckResponse, error)
	Failover(ctx context.Context, opts ...client.CallOption) (*api.FailoverResponse, error)
	Query(ctx context.Context, req *api.SQLRequest, opts ...client.CallOption) (*api.SQLResponse, error)
	QueryStream(ctx context.Context, req *api.SQLRequest, opts ...client.CallOption) (*client.RowStream, error)
}

// Options say what to look at and how.
type Options struct {
	Masters   []string // base URLs, at least one; others are learned from them
	APIToken  string   // for masters that protect their public API; "" for none
	Theme     string   // a name of [theme.Names], or "auto" or "" to choose by terminal
	DB, Table string   // the table to show first; "" for the one with most rows

	// Interval is the time between polls, 1 s when zero.
	Interval time.Duration
	// Actions are keys of the embedding program's own, as the demo's.
	Actions []Action
	// Events are what the event log begins with.
	Events []string

	// Statements are what the Query screen's history begins with; the last of them is
	// written there already.
	Statements []string
	// HistoryFile is where statements are kept from one session to the next; "" keeps
	// them for this one alone. See [HistoryFile].
	HistoryFile string

	In     io.Reader           // nil for the terminal
	Out    io.Writer           // nil for standard output
	Getenv func(string) string // nil for the process's

	// Dial returns the client of a master. It must not do I/O. Nil dials for real.
	Dial func(baseURL string) Master
	// Now is the clock; nil for the real one.
	Now func() time.Time
}

// Action is a key that the embedding program adds, with what it does.
type Action struct {
	Key   string // as Bubble Tea names it; must not be one of the console's own
	Label string // for the footer and the button that confirms, one or two words
	Help  string // for the help and the title of the confirmation, a few words
	// Confirm is asked before it runs, with Cancel focused; "" runs it at once.
	Confirm string
	// Status is shown in the footer instead of Label, as "traffic:on". It must return
	// at once; nil, or a result of "", for none.
	Status func() string
	// Urgent says that it is what one needs now, which gives it a place at the front
	// of the footer. It must return at once; nil is never.
	Urgent func() bool
	// Refuse says why it cannot be done, given what is known of the cluster, which is
	// told instead of asking or running; "" when it can. It must return at once; nil
	// refuses nothing.
	Refuse func(*cluster.State) string
	// Run does it and says in one line what happened, for the event log. It runs in
	// its own goroutine, never twice at a time, with a deadline of [ActionTimeout].
	Run func(ctx context.Context) (string, error)
}

// The deadlines of what the console asks for.
const (
	PollTimeout     = 2 * time.Second
	CountTimeout    = 30 * time.Second
	SecurityTimeout = 30 * time.Second
	FailoverTimeout = 20 * time.Second
	ActionTimeout   = 30 * time.Second
)

// complete fills what was left to us and refuses what cannot work.
func (o *Options) complete() error {
	if len(o.Masters) == 0 {
		return errors.New("the console needs the address of at least one master")
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
	if o.Dial == nil {
		token := o.APIToken
		o.Dial = func(baseURL string) Master {
			var opts []client.Option
			if token != "" {
				opts = append(opts, client.WithAPIToken(token))
			}
			return client.NewMaster(baseURL, opts...)
		}
	}
	return o.checkActions()
}

// checkActions refuses keys that are taken: a key must do what the help says.
func (o *Options) checkActions() error {
	taken := newKeyMap(nil).taken()
	for _, a := range o.Actions {
		if a.Key == "" || a.Run == nil {
			return fmt.Errorf("the action %q has no key or does nothing", a.Label)
		}
		if taken[a.Key] {
			return fmt.Errorf("the key %q of the action %q is taken", a.Key, a.Label)
		}
		taken[a.Key] = true
	}
	return nil
}
