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
	if c.Timeout <= 0 {
		return nil, Usagef("--timeout is %s; it must be greater than 0", c.Timeout)
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
		return nil, Usagef("no master is specified; use --master http://HOST:PORT or SHARDECK_MASTERS")
	}
	return endpoints, nil
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
	return &ExitError{Code: ExitUnreachable, Err: noMasterProblem(causes)}
}

func noMasterProblem(causes []error) *api.Problem {
	p := api.NewProblem(api.CodeShardUnavailable, "no master answered").
		Hinted("start one (the demo command brings up a whole cluster), or specify its address with --master or SHARDECK_MASTERS")
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

// AskFirst calls the masters in turn until one answers, each within the timeout, and
// writes a note for each that did not. A problem from a master is an answer too.
func AskFirst[T any](ctx context.Context, c *Connection, streams Streams, ask func(context.Context, *client.Master) (T, error)) (answer T, from string, err error) {
	return askInTurn(ctx, c, streams, func(ctx context.Context, e Endpoint) (T, error) {
		return within(ctx, c.Timeout, e, ask)
	})
}

// askInTurn is AskFirst without the timeout, for calls that have their own.
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
				fmt.Fprintf(streams.Err, "note: %s; used %s instead\n", Clean(oneLine(causeProblem(cause))), e.URL)
			}
			return answer, e.URL, nil
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return answer, "", errUnreachable(append(causes, err))
		case ctx.Err() != nil:
			return answer, "", ctx.Err()
		case !Unreachable(err):
			return answer, e.URL, fmt.Errorf("%s: %w", e.URL, err)
		}
		causes = append(causes, err) // the client's error contains the address
	}
	return answer, "", errUnreachable(causes)
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
	Err      error
}

// Survey requests the metadata of all masters in parallel; the result is in the order given.
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
