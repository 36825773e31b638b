package sqlite

import (
	"errors"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
)

// pending is a request queued for or run by the writer.
type pending struct {
	*contract.Exec
	deadline time.Time // deadline to begin

	// phase decides the race between the writer, which begins it, and its caller, who gives up.
	phase atomic.Int32
	// done receives one token once resp and err are set.
	done chan struct{}
	resp *api.ExecResponse
	err  error
}

// The phases of a pending request.
const (
	phaseQueued int32 = iota
	phaseBegun
	phaseGivenUp
)

// newPending validates a request and decodes its parameters. It runs on the caller's goroutine,
// to keep that work off the writer.
func newPending(req *api.ExecRequest, deadline time.Time) (*pending, error) {
	x, err := contract.DecodeExec(req)
	if err != nil {
		return nil, err
	}
	return &pending{Exec: x, deadline: deadline, done: make(chan struct{}, 1)}, nil
}

// at is [contract.Exec.At] that also maps SQLite's errors.
func (p *pending) at(err error, statement, row, value int) error {
	if _, ok := errors.AsType[*errLost](err); ok {
		return err // about the transaction, not a statement
	}
	return p.At(statementProblem(err), statement, row, value)
}
