package foreign

import (
	"fmt"

	"shardeck/worker/engine/sqlserver/batch"
)

// report is what a driver reports instead of a response.
type report struct {
	// Phase is how far the request had got: "idle" if nothing was sent that changes anything,
	// "read" for a query, "write" for a write.
	Phase string `json:"phase"`
	// Errors are those of the server, in their order. One of severity 20 or more is a loss, too.
	Errors []serverError `json:"errors"`
	// Loss is how the response was lost, if the server reported nothing: "broken", "not_sent",
	// "timeout" or "canceled".
	Loss string `json:"loss"`
}

type serverError struct {
	Number   int32  `json:"number"`
	Severity int    `json:"severity"`
	Message  string `json:"message"`
}

var phases = map[string]batch.Phase{"idle": batch.PhaseIdle, "read": batch.PhaseRead, "write": batch.PhaseWrite}

var losses = map[string]batch.Loss{
	"": batch.Broken, "broken": batch.Broken, "not_sent": batch.NotSent, "timeout": batch.TimedOut, "canceled": batch.Canceled,
}

// failure is sd_mssql_error(report, request): the problem of a request without a response. request
// is that of a write, or NULL.
func failure(args []string) (any, error) {
	var r report
	if err := argument("the report", args[0], &r); err != nil {
		return nil, err
	}
	phase, ok := phases[r.Phase]
	if !ok {
		return nil, fmt.Errorf("the report has the phase %q", r.Phase)
	}
	loss, ok := losses[r.Loss]
	if !ok {
		return nil, fmt.Errorf("the report has the loss %q", r.Loss)
	}
	root := rootOf(r.Errors)
	if r.Loss != "" || root == nil || root.Severity >= batch.FatalClass {
		res := &result{Problem: batch.Lost(loss, phase)}
		if loss == batch.NotSent {
			res.Tries = batch.SchemaTries
		}
		return res, nil
	}
	told := batch.Numbered(root.Number, root.Message)
	res := &result{Problem: told}
	switch {
	case args[1] != "":
		w, err := decodeWrite(args[1], "")
		if err != nil {
			return nil, err
		}
		res = toResult(w.Refused(nil, root.Number, told))
	case phase == batch.PhaseRead && batch.IsContention(root.Number):
		res.Tries = batch.QueryTries
	case phase == batch.PhaseRead:
		res.Stale = batch.MayBeStale(told.Code)
	}
	res.Gone = batch.IsDatabaseGone(root.Number)
	return res, nil
}

// rootOf returns the root cause among the errors of a response; nil if there are none.
func rootOf(errs []serverError) *serverError {
	numbers := make([]int32, len(errs))
	for i, e := range errs {
		numbers[i] = e.Number
	}
	switch i := batch.Root(numbers); {
	case i >= 0:
		return &errs[i]
	case len(errs) > 0:
		return &errs[len(errs)-1]
	}
	return nil
}
