package gather

import (
	"errors"
	"io"

	"shardeck/shared/api"
)

// Source is one shard's stream of rows.
type Source interface {
	// NextBlock returns one or more whole rows: JSON arrays, each ending in a
	// newline. The slice is valid until the next call, and the caller may modify it. It
	// returns io.EOF after the last row of a complete stream.
	NextBlock() ([]byte, error)
}

// Sink receives the answer's rows, a block of whole rows at a time. It may modify the
// slice during the call, and must not keep it. An error ends the gathering.
type Sink func(block []byte, rows int64) error

// Gathering is the combination of several sources into one answer.
type Gathering struct {
	Sources []Source
	// Failed is called when a source fails, at most once per source. It returns nil to
	// continue without the rest of that source, or the error to fail with. If Failed is
	// nil, any failure ends the gathering.
	Failed func(source int, err error) error
	// Cancel cancels all sources, so that a blocked NextBlock returns. It is called at
	// most once, if the gathering ends before the sources do; it must not block.
	Cancel func()
}

// errEnough ends a gathering that has reached its limit.
var errEnough = errors.New("gather: the limit is reached")

func (g *Gathering) failed(source int, err error) error {
	if g.Failed == nil {
		return err
	}
	return g.Failed(source, err)
}

// finish cancels the sources after an early end, and turns its reason into the result.
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

// errGarbage returns the problem for a row that is not a JSON array of the expected shape.
func errGarbage() *api.Problem {
	return api.NewProblem(api.CodeShardBadAnswer, "a row is not a JSON array of the expected columns").
		Hinted("check whether the worker runs another version; its log may have details")
}

// errOrder returns the problem for a row that is less than the row before it.
func errOrder() *api.Problem {
	return api.NewProblem(api.CodeShardBadAnswer, "a row is not in the order that was asked for").
		Hinted("check whether the worker runs another version; its log may have details")
}

// isEnd reports whether err is the regular end of a source.
func isEnd(err error) bool { return errors.Is(err, io.EOF) }
