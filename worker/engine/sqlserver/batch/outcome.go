package batch

import (
	"fmt"
	"strconv"
	"strings"

	"shardeck/shared/api"
)

// Outcome is the row returned by a batch of a write.
type Outcome struct {
	Kind                 string
	Statement, Execution int
	State                api.WorkerState
	Version              string // of the table; empty if it does not exist
	Hash                 string // of the request that first used the key
	Affected             string // ",n" per statement
	Number               int32
	Message              string
}

// OutcomeColumns is the number of columns of an outcome.
const OutcomeColumns = 12

// ReadOutcome reads the row of an outcome, given a column's text and number.
func ReadOutcome(text func(i int) string, number func(i int) int64) *Outcome {
	o := &Outcome{}
	o.Kind, o.Statement, o.Execution = text(0), int(number(1)), int(number(2))
	o.State.Term, o.State.MapVersion = uint64(number(3)), uint64(number(4))
	o.State.Leader, o.State.Shard = text(5), text(6)
	o.Version, o.Hash, o.Affected = text(7), text(8), text(9)
	o.Number, o.Message = int32(number(10)), text(11)
	return o
}

// RowsAffected parses the rows affected by each statement.
func (o *Outcome) RowsAffected() ([]int64, error) {
	counts := []int64{}
	for rest := o.Affected; rest != ""; {
		var field string
		field, rest, _ = strings.Cut(rest[1:], ",")
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the stored response of a request: %w", err)
		}
		if rest != "" {
			rest = "," + rest
		}
		counts = append(counts, n)
	}
	return counts, nil
}
