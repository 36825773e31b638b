package tour

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The actions, by their names in a file.
const (
	Type     = "type"
	Run      = "run"
	Count    = "count"
	Security = "security-check"
	Kill     = "kill"
	Restart  = "restart"
	Traffic  = "traffic"
	Table    = "table"
	Shard    = "shard"
	Wait     = "wait"
)

// Action is something that a step does.
type Action struct {
	Verb    string
	Text    string // the statement, the name of the process, "on" or "off", or the table
	DB      string // the table's
	Number  int    // the shard
	Partial bool   // a statement may do without the shards that fail
	Until   *Check // what is waited for
}

// actionKind is what is known about an action.
type actionKind struct {
	verb string
	// read takes the argument; nil if there is none.
	read func(a *Action, value any) error
	// say describes it for the audience.
	say func(a *Action) string
}

// actionKinds is the one list of actions.
var actionKinds = []actionKind{
	{Type, readStatement, func(*Action) string { return "write a statement" }},
	{Run, readStatement, func(a *Action) string { return "run " + strings.Join(strings.Fields(a.Text), " ") }},
	{Count, nil, func(*Action) string { return "count the rows by MapReduce" }},
	{Security, nil, func(*Action) string { return "check the security" }},
	{Kill, readProcess, func(a *Action) string { return "kill " + a.Text }},
	{Restart, nil, func(*Action) string { return "restart what was killed" }},
	{Traffic, readSwitch, func(a *Action) string { return "switch the traffic " + a.Text }},
	{Table, readTable, func(a *Action) string { return "choose " + a.DB + "." + a.Text }},
	{Shard, readShard, func(a *Action) string { return fmt.Sprintf("look at shard %d", a.Number) }},
	{Wait, readWait, func(a *Action) string { return "wait for " + a.Until.String() }},
}

// Verbs lists the names of the actions.
func Verbs() []string {
	all := make([]string, len(actionKinds))
	for i := range actionKinds {
		all[i] = actionKinds[i].verb
	}
	return all
}

// String describes the action in a few words.
func (a *Action) String() string {
	i := slices.IndexFunc(actionKinds, func(k actionKind) bool { return k.verb == a.Verb })
	return actionKinds[i].say(a)
}

func actionOf(item any) (Action, error) {
	verb, value, rest, err := entry(item, Verbs())
	if err != nil {
		return Action{}, err
	}
	a := Action{Verb: verb}
	if partial, ok := rest["partial"]; ok && verb == Run {
		delete(rest, "partial")
		if a.Partial, ok = partial.(bool); !ok {
			return a, errors.New("partial must be true or false")
		}
	}
	if err := onlyKeys(verb, rest); err != nil {
		return a, err
	}
	k := &actionKinds[slices.IndexFunc(actionKinds, func(k actionKind) bool { return k.verb == verb })]
	switch {
	case k.read == nil && value != nil:
		return a, fmt.Errorf("%s takes no value; write %q", verb, verb)
	case k.read == nil:
		return a, nil
	}
	if err := k.read(&a, value); err != nil {
		return a, fmt.Errorf("%s: %w", verb, err)
	}
	return a, nil
}

func readStatement(a *Action, value any) (err error) {
	a.Text, err = textOf(value, 10_000)
	return err
}

// Processes that a tour can kill, besides those with a number.
const (
	Primary      = "primary"
	workerPrefix = "worker "
	masterPrefix = "master "
)

// Worker returns the shard whose worker an action is about.
func (a *Action) Worker() (shard int, ok bool) { return numbered(a.Text, workerPrefix) }

// Master returns the number of the master that an action is about, from 1.
func (a *Action) Master() (n int, ok bool) { return numbered(a.Text, masterPrefix) }

func numbered(text, prefix string) (n int, ok bool) {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || len(rest) == 0 || len(rest) > 3 {
		return 0, false
	}
	for _, r := range rest {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = 10*n + int(r-'0')
	}
	return n, true
}

func readProcess(a *Action, value any) (err error) {
	if a.Text, err = textOf(value, 100); err != nil {
		return err
	}
	_, worker := a.Worker()
	n, master := a.Master()
	if a.Text != Primary && !worker && (!master || n == 0) {
		return fmt.Errorf("%q is not a process; write \"primary\", \"worker 0\" for the worker of shard 0, or \"master 2\"", a.Text)
	}
	return nil
}

func readSwitch(a *Action, value any) error {
	on, ok := value.(bool)
	if !ok {
		return errors.New("must be true or false")
	}
	a.Text = "off"
	if on {
		a.Text = "on"
	}
	return nil
}

func readTable(a *Action, value any) error {
	text, err := textOf(value, 300)
	if err != nil {
		return err
	}
	db, table, ok := strings.Cut(text, ".")
	if !ok || db == "" || table == "" {
		return errors.New("must be a database and a table, such as \"SchoolDB.Students\"")
	}
	a.DB, a.Text = db, table
	return nil
}

func readShard(a *Action, value any) (err error) {
	a.Number, err = smallNumber(value, 0)
	return err
}

func readWait(a *Action, value any) error {
	c, err := checkOf(value)
	if err == nil && !kindOf(c.Subject).state {
		err = fmt.Errorf("only the state of the cluster can be waited for, not %s: an action is waited for anyway", c.Subject)
	}
	a.Until = &c
	return err
}
