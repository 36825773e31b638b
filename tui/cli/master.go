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
)

// Connection are the flags that say which cluster to talk to and how. Commands embed it.
type Connection struct {
	Master       []string      `name:"master" short:"m" sep:"," env:"SHARDECK_MASTERS" default:"http://127.0.0.1:8080,http://127.0.0.1:8084" help:"Base URLs of the masters, primary and backup in any order."`
	APITokenFile string        `name:"api-token-file" env:"SHARDECK_API_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File with the token of the master's public API, where it has one."`
	Timeout      time.Duration `name:"timeout" env:"SHARDECK_TIMEOUT" default:"${timeout}" help:"${timeout_help}"`
}

// Vars are what the commands' tags leave to be filled in. A command that means
// something else by them sets its own.
func Vars() map[string]string {
	return map[string]string{
		"timeout":      "15s",
		"timeout_help": "How long to wait for each answer; longer than the masters wait for a shard, 10s, or their reason is not heard.",
	}
}

// Streams are where a command reads and writes.
type Streams struct {
	In  io.Reader // what a command is to read, as the text of a statement; nil is empty
	Out io.Writer // results
	Err io.Writer // problems and remarks
	// Columns is the width of the terminal that Out is; 0 where it is none.
	Columns int
	// Typed says that In is a terminal, on which somebody has to type.
	Typed bool
}

// Endpoint is one master that a command can ask.
type Endpoint struct {
	URL    string
	Client *client.Master
}

// Open checks the flags and makes a client for each master. It sends nothing.
func (c *Connection) Open() ([]Endpoint, error) {
	if c.Timeout <= 0 {
		return nil, Usagef("--timeout is %s; it must be more than 0", c.Timeout)
	}
	token, err := c.Token()
	if err != nil {
		return nil, err
	}
	var endpoints []Endpoint
	for _, raw := range c.Master {
		base, err := baseURL(raw)
		if err != nil {
			return nil, err
		}
		if base == "" {
			continue
		}
		var opts []client.Option
		if token != "" {
			opts = append(opts, client.WithAPIToken(token))
		}
		endpoints = append(endpoints, Endpoint{URL: base, Client: client.NewMaster(base, opts...)})
	}
	if len(endpoints) == 0 {
		return nil, Usagef("no master is named; use --master http://HOST:PORT or SHARDECK_MASTERS")
	}
	return endpoints, nil
}

// Token reads the token file; "" where none is named. The token itself is in no error.
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
		return "", Usagef("--master: an address is not a base URL such as http://127.0.0.1:8080 (host and port only, no user, path or query)")
	}
	return u.Scheme + "://" + u.Host, nil
}

// Unreachable says whether err means that the master asked did not answer, or
// another program in its place, so that another master may be asked instead. A
// master's own problems all carry the id of the request; one without an id was
// made by the client here. A write that may have happened is not such a case.
func Unreachable(err error) bool {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok || p.RequestID != "" {
		return false
	}
	switch p.Code {
	case api.CodeShardUnavailable, api.CodeShardTimeout, api.CodeShardBadAnswer:
		return true
	}
	return false
}

// errUnreachable is the error when no master answered.
func errUnreachable(causes []error) error {
	return &ExitError{Code: ExitUnreachable, Err: noMasterProblem(causes)}
}

func noMasterProblem(causes []error) *api.Problem {
	p := api.NewProblem(api.CodeShardUnavailable, "no master answered").
		Hinted("start one (the demo command brings up a whole cluster), or name the right ones with --master or SHARDECK_MASTERS")
	p.Title = "No master can be reached"
	for _, err := range causes {
		p.Causes = append(p.Causes, *causeProblem(err))
	}
	return p
}

func causeProblem(err error) *api.Problem {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	return api.NewProblem(api.CodeShardUnavailable, "%v", err)
}

// AskFirst asks the masters in turn until one answers, each within the timeout. It
// remarks on those it had to pass over. An answer that is a problem is an answer.
func AskFirst[T any](ctx context.Context, c *Connection, streams Streams, ask func(context.Context, *client.Master) (T, error)) (answer T, from string, err error) {
	return askInTurn(ctx, c, streams, func(ctx context.Context, e Endpoint) (T, error) {
		return within(ctx, c.Timeout, e, ask)
	})
}

// askInTurn is AskFirst where what is asked knows its own bound.
func askInTurn[T any](ctx context.Context, c *Connection, streams Streams, ask func(context.Context, Endpoint) (T, error)) (answer T, from string, err error) {
	endpoints, err := c.Open()
	if err != nil {
		return answer, "", err
	}
	var causes []error
	for _, e := range endpoints {
		answer, err = ask(ctx, e)
		switch {
		case err == nil:
			for _, cause := range causes {
				fmt.Fprintf(streams.Err, "note: %s; asked %s instead\n", Clean(cause.Error()), e.URL)
			}
			return answer, e.URL, nil
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return answer, "", errUnreachable(append(causes, err))
		case ctx.Err() != nil:
			return answer, "", ctx.Err()
		case !Unreachable(err):
			return answer, e.URL, fmt.Errorf("%s: %w", e.URL, err)
		}
		causes = append(causes, err) // the client's error names the address
	}
	return answer, "", errUnreachable(causes)
}

func within[T any](ctx context.Context, timeout time.Duration, e Endpoint, ask func(context.Context, *client.Master) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return ask(ctx, e.Client)
}

// Sighting is what one master says of itself and of the cluster, or why it says nothing.
type Sighting struct {
	Endpoint Endpoint
	Metadata *api.Metadata
	Err      error
}

// Survey asks all masters at once for their metadata, in the order given.
func Survey(ctx context.Context, endpoints []Endpoint, timeout time.Duration) []Sighting {
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
		})
	}
	wg.Wait()
	return seen
}

// best returns the sighting to believe: that of the newest term, and of its masters
// the primary. A primary of an older term has been replaced and does not know it
// yet. It is nil when no master answered.
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
