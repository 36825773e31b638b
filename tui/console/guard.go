package console

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/cluster"
	"shardeck/tui/screen"
	"shardeck/tui/statement"
)

// confirmed is an intent that may change the cluster although it is production's.
type confirmed struct{ screen.Intent }

// guarded says what an intent would change in the cluster, in a sentence; "" if it changes nothing.
// Every intent that reaches a cluster with more than a question has a case here; [readOnly] refuses
// what would be forgotten.
func guarded(in screen.Intent) string {
	switch in := in.(type) {
	case screen.RunQueries:
		for _, p := range in.Pieces {
			if p.Kind != statement.Read && !in.Explain {
				return "A statement that writes would be run."
			}
		}
	case screen.OpenStatement:
		if in.Run && !statement.OnlyReads(in.SQL) {
			return "A statement that writes would be run."
		}
	case screen.StartFailover:
		return "A failover to " + cluster.Host(in.Target) + " would be started."
	case screen.CancelRunning:
		return "A running statement would be cancelled."
	case screen.RunDrill:
		return "A drill would be run."
	case screen.RunAction, screen.ActOnProcess:
		return "A process of the demo would be changed."
	}
	return ""
}

// guard stops an intent that the profile does not allow, or not yet. done is true if it must not be
// carried out now.
func (m *model) guard(in screen.Intent) (cmd tea.Cmd, done bool) {
	if m.replay != nil {
		return m.actOnReplay(in)
	}
	p := &m.opts.Profile
	if !p.ReadOnly && !p.Production {
		return nil, false
	}
	what := guarded(in)
	if what == "" {
		return nil, false
	}
	if p.ReadOnly {
		m.say("read-only: nothing can be changed here (--read-only, or the profile)")
		return nil, true
	}
	if q, ok := in.(screen.RunQueries); ok && q.Ask {
		return nil, false // the statements are shown first
	}
	if _, ok := in.(screen.OpenStatement); ok {
		return nil, false // as above
	}
	m.push(screen.NewTypeName(m.now, what, p.Name, confirmed{in}))
	return nil, true
}

// readOnlyProblem is the answer to a request that a read-only console must not send.
func readOnlyProblem(what string) error {
	return api.NewProblem(api.CodeForbidden, "this console is read-only and does not send %s", what).Hinted("leave out --read-only, or read-only in the profile")
}

// readOnly is a master to which nothing is sent that would change anything.
type readOnly struct{ Master }

// Failover sends dry runs only.
func (r readOnly) Failover(ctx context.Context, req *api.FailoverRequest, opts ...client.CallOption) (*api.FailoverResponse, error) {
	if !req.DryRun {
		return nil, readOnlyProblem("a failover")
	}
	return r.Master.Failover(ctx, req, opts...)
}

// CancelQuery sends nothing.
func (r readOnly) CancelQuery(context.Context, string) error {
	return readOnlyProblem("the cancellation of a statement")
}

// readOnlyStatements sends only statements that read.
type readOnlyStatements struct{ Statements }

func (r readOnlyStatements) check(req *api.SQLRequest) error {
	if req.Explain && !req.Analyze || statement.OnlyReads(req.SQL) {
		return nil
	}
	return readOnlyProblem(fmt.Sprintf("%.40q, which does more than read", req.SQL))
}

// Query runs a statement that reads.
func (r readOnlyStatements) Query(ctx context.Context, req *api.SQLRequest, opts ...client.CallOption) (*api.SQLResponse, error) {
	if err := r.check(req); err != nil {
		return nil, err
	}
	return r.Statements.Query(ctx, req, opts...)
}

// QueryStream runs a statement that reads.
func (r readOnlyStatements) QueryStream(ctx context.Context, req *api.SQLRequest, opts ...client.CallOption) (*client.RowStream, error) {
	if err := r.check(req); err != nil {
		return nil, err
	}
	return r.Statements.QueryStream(ctx, req, opts...)
}
