package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/answer"
)

// Connection holds the flags that select a cluster. Commands embed it.
type Connection struct {
	Master       []string      `name:"master" short:"m" sep:"," env:"SHARDECK_MASTERS" default:"http://127.0.0.1:8080,http://127.0.0.1:8084" help:"Base URLs of the masters, primary and backup in any order."`
	APITokenFile string        `name:"api-token-file" env:"SHARDECK_API_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File with the masters' API token, if they require one."`
	Profile      string        `name:"profile" short:"P" env:"SHARDECK_PROFILE" placeholder:"NAME" help:"Profile of the configuration file; see config init."`
	Production   bool          `name:"production" help:"Ask for the profile's name before anything is changed: the console has it typed, commands require --confirm NAME."`
	ReadOnly     bool          `name:"read-only" env:"SHARDECK_READ_ONLY" help:"Send nothing that changes the cluster or its data."`
	Timeout      time.Duration `name:"timeout" env:"SHARDECK_TIMEOUT" default:"${timeout}" help:"${timeout_help}"`
}

// Vars returns the values of the variables in the commands' tags. A command may
// override them.
func Vars() map[string]string {
	return map[string]string{
		"timeout":      "15s",
		"timeout_help": "Timeout of each request. Keep it above the masters' own timeout for a shard (10s), or their reason is lost.",
	}
}

// Streams are a command's input and outputs.
type Streams struct {
	In  io.Reader // input, such as the text of a statement; nil is empty
	Out io.Writer // results
	Err io.Writer // errors and notes
	// Columns is the width of the terminal behind Out; 0 if Out is not a terminal.
	Columns int
	// Interactive reports that In is a terminal, so that the user must be prompted.
	Interactive bool
}

// Endpoint is a master that a command can call.
type Endpoint struct {
	URL    string
	Client *client.Master
}

// Open checks the flags and makes a client for each master. It sends nothing.
func (c *Connection) Open() ([]Endpoint, error) {
	urls, opts, err := c.check()
	if err != nil {
		return nil, err
	}
	endpoints := make([]Endpoint, len(urls))
	for i, base := range urls {
		endpoints[i] = Endpoint{URL: base, Client: client.NewMaster(base, opts...)}
	}
	return endpoints, nil
}

// Cluster checks the flags and makes one client of all masters. It sends nothing.
func (c *Connection) Cluster() (*client.Cluster, error) {
	urls, opts, err := c.check()
	if err != nil {
		return nil, err
	}
	return client.NewCluster(urls, opts...), nil
}

// Confirmation is the flag of commands that change a cluster.
type Confirmation struct {
	Confirm string `name:"confirm" placeholder:"NAME" help:"Name of the profile, required to change a cluster whose profile is production."`
}

// mayChange refuses what would change the cluster, if nothing may, or if it is production's and not
// confirmed.
func (c *Connection) mayChange(what string, by Confirmation) error {
	if c.Production && (c.Profile == "" || by.Confirm != c.Profile) {
		name := c.Profile
		if name == "" {
			name = "NAME"
		}
		return Usagef("this is production: %s requires --confirm %s, the name of the profile", what, name)
	}
	if c.ReadOnly {
		return Usagef("--read-only: %s would change the cluster; leave out --read-only, or read-only in the profile", what)
	}
	return nil
}

// check checks the flags and returns the masters' base URLs and the options of their clients.
func (c *Connection) check() (urls []string, opts []client.Option, err error) {
	if c.Timeout <= 0 {
		return nil, nil, Usagef("--timeout is %s; it must be greater than 0", c.Timeout)
	}
	token, err := c.Token()
	if err != nil {
		return nil, nil, err
	}
	if token != "" {
		opts = append(opts, client.WithAPIToken(token))
	}
	for _, raw := range c.Master {
		base, err := baseURL(raw)
		if err != nil {
			return nil, nil, err
		}
		if base != "" {
			urls = append(urls, base)
		}
	}
	if len(urls) == 0 {
		return nil, nil, Usagef("no master is specified; use --master http://HOST:PORT or SHARDECK_MASTERS")
	}
	return urls, opts, nil
}

// Token reads the token file; "" if none is specified. No error contains the token itself.
func (c *Connection) Token() (string, error) {
	if c.APITokenFile == "" {
		return "", nil
	}
	b, err := os.ReadFile(c.APITokenFile)
	if err != nil {
		return "", Usagef("--api-token-file: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if token == "" {
		return "", Usagef("--api-token-file: %s is empty", c.APITokenFile)
	}
	return token, nil
}

func baseURL(raw string) (string, error) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return "", nil
	}
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", Usagef("--master: not a base URL such as http://127.0.0.1:8080 (host and port only, no user, path or query)")
	}
	return u.Scheme + "://" + u.Host, nil
}

// Unreachable reports whether err means that the master did not answer, or that another
// program answered at its address, so that another master may be called instead. A write
// that may have happened does not count as unreachable.
func Unreachable(err error) bool {
	p, ok := errors.AsType[*api.Problem](err)
	return ok && answer.NoMaster(p)
}

// errUnreachable returns the error for when no master answered.
func errUnreachable(causes []error) error {
	var problems []api.Problem
	for _, err := range causes {
		problems = append(problems, *causeProblem(err))
	}
	return unreachable(problems)
}

func unreachable(causes []api.Problem) error {
	p := api.NewProblem(api.CodeShardUnavailable, "no master answered").
		Hinted("start one (the demo command brings up a whole cluster), or specify its address with --master or SHARDECK_MASTERS")
	p.Title = "No master can be reached"
	p.Causes = causes
	return &ExitError{Code: ExitUnreachable, Err: p}
}

func causeProblem(err error) *api.Problem {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	return api.NewProblem(api.CodeShardUnavailable, "%v", err)
}

// Ask sends a request to the cluster within the timeout. If a master failed and another answered,
// or the same one at the next attempt, it writes a note. from is the base URL of the master that
// answered; a problem from a master is an answer too.
func Ask[T any](ctx context.Context, c *Connection, streams Streams, ask func(context.Context, *client.Cluster) (T, error)) (answer T, from string, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	return askCluster(ctx, c, streams, ask)
}

// askCluster is Ask without the timeout, for requests that have their own.
func askCluster[T any](ctx context.Context, c *Connection, streams Streams, ask func(context.Context, *client.Cluster) (T, error)) (got T, from string, err error) {
	masters, err := c.Cluster()
	if err != nil {
		return got, "", err
	}
	var failed []client.Attempt
	got, err = ask(client.WithAttempts(ctx, func(a client.Attempt) { failed = append(failed, a) }), masters)
	if err == nil {
		noteAttempts(streams.Err, failed, masters.Current())
		return got, masters.Current(), nil
	}
	if len(failed) > 0 {
		from = failed[len(failed)-1].Master
	}
	p := causeProblem(err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		if p.Code == api.CodeOutcomeUnknown {
			fmt.Fprintf(streams.Err, "interrupted, and the outcome is unknown: %s\n", Clean(answer.Hint(p.Hint, answer.Shell)))
		}
		return got, from, ctx.Err()
	case answer.NoMaster(p) && len(p.Causes) > 0:
		return got, "", unreachable(p.Causes)
	case answer.NoMaster(p):
		return got, "", unreachable([]api.Problem{*p})
	}
	return got, from, fmt.Errorf("%s: %w", from, err)
}

// noteAttempts says which attempts failed before a master answered.
func noteAttempts(w io.Writer, failed []client.Attempt, from string) {
	last := ""
	for _, a := range failed {
		end := "; used " + from + " instead"
		if a.Master == from {
			end = "; repeated it"
		}
		p := causeProblem(a.Err)
		if note := Clean(at(a.Master, oneLine(p)) + end); note != last {
			fmt.Fprintln(w, "note: "+note)
			last = note
		}
	}
}

// at begins a text with a master's base URL unless the text has it already.
func at(master, text string) string {
	if strings.Contains(text, master) {
		return text
	}
	return master + ": " + text
}

func within[T any](ctx context.Context, timeout time.Duration, e Endpoint, ask func(context.Context, *client.Master) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return ask(ctx, e.Client)
}

// Sighting is one master's metadata, or why there is none.
type Sighting struct {
	Endpoint Endpoint
	Metadata *api.Metadata
	Health   *api.Health // nil if that could not be had
	Err      error
}

// surveyTimeout bounds the wait for a master's metadata, which it answers from memory: one that
// hangs must not hold up what is to be known of the others.
const surveyTimeout = 3 * time.Second

// Survey requests the metadata and health of all masters in parallel; the result is in the order given.
func Survey(ctx context.Context, endpoints []Endpoint, timeout time.Duration) []Sighting {
	timeout = min(timeout, surveyTimeout)
	seen := make([]Sighting, len(endpoints))
	var wg sync.WaitGroup
	for i, e := range endpoints {
		wg.Go(func() {
			md, err := within(ctx, timeout, e, func(ctx context.Context, m *client.Master) (*api.Metadata, error) {
				return m.Metadata(ctx)
			})
			if err != nil {
				md = nil
			}
			seen[i] = Sighting{Endpoint: e, Metadata: md, Err: err}
			if err != nil {
				return
			}
			h, err := within(ctx, timeout, e, func(ctx context.Context, m *client.Master) (*api.Health, error) { return m.Health(ctx) })
			if err == nil { // the metadata has most of it
				seen[i].Health = h
			}
		})
	}
	wg.Wait()
	return seen
}

// best returns the most trustworthy sighting: the newest term wins, and within it the
// primary. A primary with an older term has been replaced without knowing it yet. The
// result is nil if no master answered.
func best(seen []Sighting) *Sighting {
	var found *Sighting
	for i := range seen {
		s := &seen[i]
		if s.Metadata == nil {
			continue
		}
		if found == nil || rank(s).beats(rank(found)) {
			found = s
		}
	}
	return found
}

type standing struct {
	term    uint64
	primary bool
}

func rank(s *Sighting) standing {
	return standing{term: s.Metadata.Master.Term, primary: s.Metadata.Master.Role == api.RolePrimary}
}

func (a standing) beats(b standing) bool {
	if a.term != b.term {
		return a.term > b.term
	}
	return a.primary && !b.primary
}
