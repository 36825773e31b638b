package sqlite

import (
	"errors"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
)

// pending is a request on its way through the writer.
type pending struct {
	*contract.Exec
	deadline time.Time // to begin by

	// phase decides between the writer, which begins it, and its caller, who gives it up.
	phase atomic.Int32
	// done gets one token once resp and err are set.
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

// newPending checks a request and decodes its parameters. It runs on the caller's
// goroutine, so that the writer has nothing left to do but to write.
func newPending(req *api.ExecRequest, deadline time.Time) (*pending, error) {
	x, err := contract.DecodeExec(req)
	if err != nil {
		return nil, err
	}
	return &pending{Exec: x, deadline: deadline, done: make(chan struct{}, 1)}, nil
}

// at is [contract.Exec.At] for what SQLite refused too.
func (p *pending) at(err error, statement, row, value int) error {
	if _, ok := errors.AsType[*errLost](err); ok {
		return err // of the transaction, and no statement's
	}
	return p.At(statementProblem(err), statement, row, value)
}
