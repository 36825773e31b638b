package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/tui/answer"
)

// The exit codes of every subcommand. [ExitHelp] documents them for users.
const (
	ExitOK          = 0   // success
	ExitFailed      = 1   // a master answered, but the cluster is degraded, a probe failed or a step went wrong
	ExitUsage       = 2   // the command line is invalid, or a required --yes is missing
	ExitUnreachable = 3   // no master answered
	ExitRefused     = 4   // a master answered with a problem: unknown table, wrong token, shard down ...
	ExitInternal    = 5   // an error of this program or this machine
	ExitInterrupted = 130 // stopped by Ctrl-C or a signal; shells use the same code
)

// ExitHelp explains the exit codes in --help.
const ExitHelp = `Exit codes: 0 success · 1 the cluster is degraded or a check failed ·
2 invalid usage · 3 no master could be reached · 4 a master refused the request ·
5 an internal error of the command · 130 interrupted.`

// ExitError is an error with an exit code. Err is nil if the output has already
// reported the failure.
type ExitError struct {
	Code int
	Err  error
}

// Error returns the text of Err, or the code if Err is nil.
func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns Err.
func (e *ExitError) Unwrap() error { return e.Err }

// errFailed returns the error of a command whose output has already reported the failure.
func errFailed() error { return &ExitError{Code: ExitFailed} }

// Usagef returns an error with the exit code for invalid usage.
func Usagef(format string, args ...any) error {
	return &ExitError{Code: ExitUsage, Err: fmt.Errorf(format, args...)}
}

// ExitCode returns the exit code for the error that a command returned.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	if e, ok := errors.AsType[*ExitError](err); ok {
		return e.Code
	}
	if errors.Is(err, context.Canceled) || api.CodeOf(err) == api.CodeCanceled {
		return ExitInterrupted
	}
	if _, ok := errors.AsType[*api.Problem](err); ok {
		return ExitRefused
	}
	return ExitInternal
}

// Report writes err to w: what happened, where, and what to do next; as a
// problem document if asJSON is set. It writes nothing for nil and for errors
// that the output has already reported.
func Report(w io.Writer, err error, asJSON bool) {
	if err == nil {
		return
	}
	if e, ok := errors.AsType[*ExitError](err); ok && e.Err == nil {
		return
	}
	p, isProblem := errors.AsType[*api.Problem](err)
	if isProblem {
		p = p.Hinted("%s", answer.Hint(p.Hint, answer.Shell))
	}
	if asJSON {
		if !isProblem {
			p = api.NewProblem(api.CodeInternal, "%v", err)
		}
		writeJSON(w, p) //nolint:errcheck // there is nowhere left to report a failure of stderr
		return
	}
	if !isProblem {
		for i, line := range strings.Split(err.Error(), "\n") {
			prefix := "error: "
			if i > 0 {
				prefix = "       "
			}
			fmt.Fprintln(w, prefix+Clean(line))
		}
		return
	}
	writeProblem(w, err, p)
}

func writeProblem(w io.Writer, err error, p *api.Problem) {
	// The context wrapped around the problem, such as the master's URL, says where it happened.
	prefix, _ := strings.CutSuffix(err.Error(), p.Error())
	if prefix == err.Error() {
		prefix = ""
	}
	fmt.Fprintf(w, "error: %s\n", Clean(prefix+oneLine(p)))
	if in, ok := errors.AsType[*statementError](err); ok {
		writeLocation(w, in.sql, p)
	}
	if len(p.Applied) > 0 {
		fmt.Fprintf(w, "  done:  %s\n", Clean(answer.Applied(p.Applied)))
	}
	causes := answer.Causes(p)
	for i := range causes {
		fmt.Fprintf(w, "  cause: %s\n", Clean(oneLine(&causes[i])))
	}
	if p.Hint != "" {
		fmt.Fprintf(w, "  next:  %s\n", Clean(p.Hint))
	}
	if p.RequestID != "" {
		fmt.Fprintf(w, "  id:    %s (the services' logs have it)\n", Clean(p.RequestID))
	}
}

// writeLocation shows the line of a statement in which a fault is, with a caret under it.
func writeLocation(w io.Writer, sql string, p *api.Problem) {
	if p.Offset == nil || p.Field != "sql" {
		return
	}
	const most = 60 // cells on each side of the error
	f := answer.Locate(sql, *p.Offset)
	tidy := strings.NewReplacer("\t", " ")
	before, after := Clean(tidy.Replace(f.Before)), ansi.Truncate(Clean(tidy.Replace(f.After)), most, "…")
	if over := ansi.StringWidth(before) - most; over > 0 {
		before = ansi.TruncateLeft(before, over+1, "…")
	}
	label := fmt.Sprintf("  line %d: ", f.Line)
	fmt.Fprintf(w, "%s%s%s\n%s^\n", label, before, after, strings.Repeat(" ", len(label)+ansi.StringWidth(before)))
}

// oneLine returns the problem as one line. Codes speak of shards and requests, which
// would mislead for a problem made by this client because no server answered.
func oneLine(p *api.Problem) string {
	if p.RequestID == "" && p.Shard == nil {
		return p.Detail
	}
	return p.Error()
}

// writeJSON writes v as one indented JSON document.
func writeJSON(w io.Writer, v any) error {
	if err := json.MarshalWrite(w, v, jsontext.WithIndent("  "), json.Deterministic(true)); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}
