package foreign

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlserver/batch"
)

// context is what a write depends on besides its request.
type context struct {
	Suffix string `json:"suffix"` // of the worker's databases
	Now    int64  `json:"now_ms"`
	Ran    int64  `json:"ran_ms"` // the running time
	TTL    int64  `json:"ttl_ms"` // of stored responses
}

func decodeWrite(body, ctx string) (*batch.Write, error) {
	req, err := request[api.ExecRequest](body)
	if err != nil {
		return nil, err
	}
	w, err := batch.DecodeWrite(req)
	if err != nil || ctx == "" {
		return w, err
	}
	var c context
	if err := argument("the context", ctx, &c); err != nil {
		return nil, err
	}
	w.Own, w.Age = batch.OwnDatabase(c.Suffix), age(c.Now, c.Ran, c.TTL)
	return w, nil
}

// age is an Age given in milliseconds.
func age(now, ran, ttl int64) batch.Age {
	return batch.Age{Now: time.UnixMilli(now), Ran: time.Duration(ran) * time.Millisecond, TTL: time.Duration(ttl) * time.Millisecond}
}

// plan is how a write is sent.
type plan struct {
	// Transaction is set if the calls, and the one of sd_mssql_finish, are parts of one transaction.
	Transaction bool    `json:"transaction"`
	Calls       []*call `json:"calls"`
}

// write is sd_mssql_write(request, context): how to send an ExecRequest.
func write(args []string) (any, error) {
	if args[1] == "" {
		return nil, errors.New("the context is missing")
	}
	w, err := decodeWrite(args[0], args[1])
	if err != nil {
		return nil, err
	}
	if !w.InParts() {
		whole, err := w.Whole()
		if err != nil {
			return nil, err
		}
		return &plan{Calls: []*call{toCall(whole)}}, nil
	}
	p := &plan{Transaction: true, Calls: []*call{toCall(w.Head())}}
	for i := range w.Decoded {
		n := w.Decoded[i].Executions
		for first, step := 0, w.Step(i); first < n; first += step {
			part, err := w.Part(i, first, min(first+step, n))
			if err != nil {
				return nil, err
			}
			p.Calls = append(p.Calls, toCall(part))
		}
	}
	return p, nil
}

// finish is sd_mssql_finish(request, context, outcomes): the last call of a transaction, given the
// outcomes of all others, which were done.
func finish(args []string) (any, error) {
	w, err := decodeWrite(args[0], args[1])
	if err != nil {
		return nil, err
	}
	var rows []outcomeRow
	if err := argument("the outcomes", args[2], &rows); err != nil {
		return nil, err
	}
	affected := make([]int64, len(w.Decoded))
	for _, row := range rows {
		out, err := row.outcome(w)
		if err != nil {
			return nil, err
		}
		counts, err := out.RowsAffected()
		if err != nil {
			return nil, err
		}
		for _, n := range counts {
			affected[out.Statement] += n
		}
	}
	return map[string]any{"call": toCall(w.Finish(affected))}, nil
}

// result is what a request came to: the response to a write, or a problem.
type result struct {
	Response *api.ExecResponse `json:"response,omitempty"`
	Problem  *api.Problem      `json:"problem,omitempty"`
	// Tries is set if nothing was done, and the request can be retried until it was tried that often.
	Tries int `json:"tries,omitzero"`
	// Raise is set if the request's fence has to be stored before it is retried.
	Raise bool `json:"raise,omitzero"`
	// Stale is set if a table of the query may have changed.
	Stale bool `json:"stale,omitzero"`
	// Gone is set if the database may have been dropped by another process.
	Gone bool `json:"gone,omitzero"`
}

func toResult(a batch.Answer) *result {
	return &result{Response: a.Response, Problem: api.AsProblem(a.Err), Tries: a.Tries, Raise: a.Raise}
}

// answer is sd_mssql_answer(request, outcome): what the outcome of a write means.
func answer(args []string) (any, error) {
	w, err := decodeWrite(args[0], "")
	if err != nil {
		return nil, err
	}
	var row outcomeRow
	if err := argument("the outcome", args[1], &row); err != nil {
		return nil, err
	}
	out, err := row.outcome(w)
	if err != nil {
		return nil, err
	}
	if out.Kind == batch.KindReplay && w.Idempotency == nil {
		return nil, errors.New("the outcome is not of this request")
	}
	return toResult(w.Answer(out)), nil
}

// outcomeRow is the row of an outcome: an array of numbers, also as text, texts and nulls.
type outcomeRow []jsontext.Value

func (r outcomeRow) outcome(w *batch.Write) (*batch.Outcome, error) {
	if len(r) != batch.OutcomeColumns {
		return nil, fmt.Errorf("an outcome has %d columns, not %d", batch.OutcomeColumns, len(r))
	}
	var err error
	text := func(i int) string {
		switch r[i].Kind() {
		case 'n':
			return ""
		case '"':
			s, e := jsontext.AppendUnquote(nil, r[i])
			err = errors.Join(err, e)
			return string(s)
		case '0':
			return string(r[i])
		}
		err = fmt.Errorf("column %d of an outcome is neither text nor a number", i)
		return ""
	}
	out := batch.ReadOutcome(text, func(i int) int64 {
		s := text(i)
		if s == "" {
			return 0
		}
		n, e := strconv.ParseInt(s, 10, 64)
		if e != nil {
			err = fmt.Errorf("column %d of an outcome is not an integer", i)
		}
		return n
	})
	if err == nil && (out.Statement < 0 || out.Statement >= max(1, len(w.Decoded))) {
		err = errors.New("the outcome is not of this request")
	}
	return out, err
}
