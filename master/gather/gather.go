package gather

import (
	"errors"
	"io"

	"shardeck/shared/api"
)

// Source is one shard's stream of rows.
type Source interface {
	// NextBlock returns one or more whole rows: JSON arrays, each ending in a
	// newline. The slice is valid, and the caller's to write to, until the next
	// call. It returns io.EOF after the last row of a whole stream.
	NextBlock() ([]byte, error)
}

// Sink takes the answer's rows, a block of whole rows at a time. The slice is the
// sink's to write to during the call and invalid after it. An error ends the gathering.
type Sink func(block []byte, rows int64) error

// Gathering is what one answer is made of.
type Gathering struct {
	Sources []Source
	// Failed is told that a source broke, and returns nil to go on without the
	// rest of it or the error to end with. Nil: every failure ends the gathering.
	Failed func(source int, err error) error
	// Cancel ends all sources, so that a NextBlock that waits returns. It is
	// called at most once, when the gathering ends before they have; it must not block.
	Cancel func()
}

// errEnough ends a gathering that has all the rows it may have.
var errEnough = errors.New("gather: the limit is reached")

func (g *Gathering) failed(source int, err error) error {
	if g.Failed == nil {
		return err
	}
	return g.Failed(source, err)
}

// finish cancels what still goes on and turns the reason for ending into the result.
func (g *Gathering) finish(err error) error {
	if err != nil && g.Cancel != nil {
		g.Cancel()
	}
	return result(err)
}

func result(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// errGarbage is the problem of a row that is no JSON array of the right shape.
func errGarbage() *api.Problem {
	return api.NewProblem(api.CodeShardBadAnswer, "a row is not the JSON array expected").
		Hinted("look whether the worker is of another version; its log may say more")
}

// isEnd says whether err is a source's proper end.
func isEnd(err error) bool { return errors.Is(err, io.EOF) }
