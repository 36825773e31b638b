package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/answer"
	"shardeck/tui/statement"
)

// maxStatement is the longest statement that a master accepts, in bytes.
const maxStatement = 1 << 20

// reasonSlack is added to the statement's timeout on this side, so that the master's
// own timeout comes first and its reason arrives.
const reasonSlack = 5 * time.Second

// Query runs T-SQL statements over all shards.
type Query struct {
	Connection `kong:"set='timeout=0s',set='timeout_help=Timeout of the statement; 0 leaves it to the masters.'"`
	Confirmation
	SQL            string   `arg:"" optional:"" name:"sql" help:"The statement; if omitted or -, it is read from standard input."`
	File           string   `short:"f" type:"path" placeholder:"FILE" help:"Read the statement from this file."`
	DB             string   `name:"db" default:"SchoolDB" help:"Database."`
	Param          []string `sep:"none" placeholder:"NAME=VALUE" help:"Value of @NAME in the statement: a number, true, false, null, or otherwise a string; in double quotes a number is a string too. Repeatable."`
	MaxRows        *int64   `placeholder:"N" help:"Return at most N rows, and report if there are more."`
	AllShards      bool     `help:"Allow an UPDATE or DELETE without a shard key, on every shard."`
	AllowPartial   bool     `help:"Omit shards that do not answer; the exit code is then 1."`
	IdempotencyKey string   `placeholder:"KEY" help:"Idempotency-Key of an INSERT, UPDATE or DELETE, to repeat one whose outcome is unknown: nothing is applied twice. By default a random one for each run."`
	JSON           bool     `name:"json" xor:"form" help:"Print one JSON document."`
	CSV            bool     `name:"csv" xor:"form" help:"Print CSV. NULL is an empty field (the word NULL if there is one column), an empty string is quoted."`
	Explain        bool     `help:"Print the plan without running the statement: the route and why, the SQL for each shard, the master's steps."`
	Analyze        bool     `help:"Run a SELECT, discard its rows, and print the plan with rows and time for each shard and step."`
}

// Help adds to the command's help.
func (*Query) Help() string {
	return `T-SQL: SELECT with joins, subqueries, groups, windows and set operators; INSERT, UPDATE, DELETE, TRUNCATE TABLE, CREATE TABLE, DROP TABLE; DECLARE and SET. Several statements run one after another, up to the first that fails. The result is that of one unsharded database; what cannot be answered so is refused, with the reason.

  query "SELECT major, COUNT(*) AS n FROM Students GROUP BY major ORDER BY n DESC"
  query --explain "SELECT name FROM Students WHERE student_id = @id" --param id=42
  query --csv -f report.sql > report.csv

Rows go to standard output, everything else to standard error. Ctrl-C cancels the statement on the shards too.

An INSERT, UPDATE or DELETE is sent with an Idempotency-Key, and again with the same one if its outcome is unknown, through another of the masters if there is one; nothing is applied twice. If another master was used, a note on standard error says why.

` + ExitHelp
}

// Run sends the statement and prints the answer.
func (q *Query) Run(ctx context.Context, streams Streams) error {
	req, err := q.request(streams)
	if err != nil {
		return err
	}
	if !statement.OnlyReads(req.SQL) && (!req.Explain || req.Analyze) {
		if err := q.mayChange("this statement", q.Confirmation); err != nil {
			return err
		}
	}
	conn := q.Connection
	if conn.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, conn.Timeout+reasonSlack)
		defer cancel()
	} else {
		conn.Timeout = 1 // not used here, but Open requires it to be positive
	}
	began := time.Now()
	if req.IsSelect() && !req.Explain {
		var rows *client.RowStream
		rows, _, err = askCluster(ctx, &conn, streams, func(ctx context.Context, masters *client.Cluster) (*client.RowStream, error) {
			return masters.QueryStream(ctx, req)
		})
		if err == nil {
			defer rows.Close()
			err = q.printRows(ctx, streams, rows, began)
		}
	} else {
		var resp *api.SQLResponse
		resp, _, err = askCluster(ctx, &conn, streams, func(ctx context.Context, masters *client.Cluster) (*api.SQLResponse, error) {
			return masters.Query(ctx, req, client.IdempotencyKey(q.IdempotencyKey))
		})
		if err == nil || resp != nil && resp.Results != nil {
			if failed := q.printAnswer(streams, resp, began); err == nil {
				err = failed
			}
		}
	}
	return located(err, req.SQL)
}

// request makes the request from the flags.
func (q *Query) request(streams Streams) (*api.SQLRequest, error) {
	switch {
	case q.Timeout < 0:
		return nil, Usagef("--timeout is %s; it cannot be negative", q.Timeout)
	case q.MaxRows != nil && *q.MaxRows < 0:
		return nil, Usagef("--max-rows is %d; it cannot be negative", *q.MaxRows)
	case q.CSV && (q.Explain || q.Analyze):
		return nil, Usagef("--csv and --explain are mutually exclusive: a plan is not a table")
	}
	params, err := parseParams(q.Param)
	if err != nil {
		return nil, err
	}
	text, err := q.text(streams)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, Usagef("the statement is empty; give one, such as \"SELECT COUNT(*) FROM Students\", or -f FILE")
	}
	return &api.SQLRequest{
		DB: q.DB, SQL: text, Params: params, Explain: q.Explain || q.Analyze, Analyze: q.Analyze,
		MaxRows: q.MaxRows, AllowPartial: q.AllowPartial, AllShards: q.AllShards, TimeoutMS: q.Timeout.Milliseconds(),
	}, nil
}

// text returns the statement, from the argument, the file or standard input.
func (q *Query) text(streams Streams) (string, error) {
	switch {
	case q.File != "" && q.SQL != "":
		return "", Usagef("the statement and --file are mutually exclusive")
	case q.File != "":
		f, err := os.Open(q.File)
		if err != nil {
			return "", Usagef("--file: %w", err)
		}
		defer f.Close()
		return readStatement(f, "--file "+q.File)
	case q.SQL != "" && q.SQL != "-":
		return decoded([]byte(q.SQL), "the argument")
	case streams.In == nil:
		return "", nil
	}
	if streams.Interactive {
		fmt.Fprintln(streams.Err, "Type a statement, then Ctrl-D on a line of its own to run it.")
	}
	return readStatement(streams.In, "standard input")
}

// readStatement reads a statement from what name says.
func readStatement(r io.Reader, name string) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxStatement+1))
	switch {
	case err != nil:
		return "", Usagef("reading the statement from %s: %w", name, err)
	case len(b) > maxStatement:
		return "", Usagef("the statement is longer than %d bytes, the most that a master accepts", maxStatement)
	}
	return decoded(b, name)
}

// decoded returns the text of a statement; name says where it is from.
func decoded(b []byte, name string) (string, error) {
	text, err := statement.Decode(b)
	if err != nil {
		return "", Usagef("the statement in %s cannot be read: %w", name, err)
	}
	return text, nil
}

// parseParams parses the values of --param.
func parseParams(texts []string) (api.Object[jsontext.Value], error) {
	var params api.Object[jsontext.Value]
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		name = strings.TrimPrefix(strings.TrimSpace(name), "@")
		if !ok || name == "" {
			return nil, Usagef("--param %q is not NAME=VALUE", text)
		}
		if slices.ContainsFunc(params, func(m api.Member[jsontext.Value]) bool { return strings.EqualFold(m.Name, name) }) {
			return nil, Usagef("--param %s is specified twice", name)
		}
		v := jsontext.Value(value)
		if kind := v.Kind(); !v.IsValid() || kind == '{' || kind == '[' {
			quoted, err := jsontext.AppendQuote(nil, value)
			if err != nil {
				return nil, Usagef("--param %s is not UTF-8", name)
			}
			v = quoted
		}
		params = append(params, api.Member[jsontext.Value]{Name: name, Value: v})
	}
	return params, nil
}

// printRows prints the rows as they arrive, and a summary line.
func (q *Query) printRows(ctx context.Context, streams Streams, rows *client.RowStream, began time.Time) error {
	to, err := q.printer(streams)
	if err != nil {
		return err
	}
	err = to.head(rows.Head().Columns)
	for err == nil {
		var block []byte
		if block, err = rows.NextBlock(); err == nil {
			err = to.block(block)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if failed := to.end(rows.End(), err); err == nil {
		err = failed
	}
	switch {
	case err != nil && ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		fmt.Fprintf(streams.Err, "interrupted after %s\n", answer.Rows(rows.Rows()))
		return ctx.Err()
	case err != nil && rows.Rows() > 0:
		fmt.Fprintf(streams.Err, "The %d rows above are incomplete.\n", rows.Rows())
		return err
	case err != nil:
		return err
	}
	if s, ok := to.(*sheet); ok && s.cut {
		fmt.Fprintf(streams.Err, "Cut to %d columns; use a pipe, --csv or --json for the whole values.\n", streams.Columns)
	}
	return printSummary(streams.Err, rows.End(), began)
}

// printSummary writes how many rows came, how long they took, from which shards and why.
func printSummary(w io.Writer, end *api.EndInfo, began time.Time) error {
	ms := float64(time.Since(began).Microseconds()) / 1000
	truncated := false
	if end.Query != nil {
		truncated = end.Query.Truncated
		if end.Query.MS > 0 {
			ms = end.Query.MS
		}
	}
	line := answer.Rows(end.Rows) + " in " + millis(ms)
	if end.Route != nil {
		line += " from " + answer.Answered(end.Route, end.Partial)
	}
	fmt.Fprintln(w, Clean(line))
	if truncated {
		fmt.Fprintf(w, "! truncated: there are more than %s; raise --max-rows to see more\n", answer.Rows(end.Rows))
	}
	printNotes(w, end.Query)
	return reportPartial(w, end.Partial)
}

// reportPartial lists the omitted shards, and returns an error if there are any.
func reportPartial(w io.Writer, omitted []api.Problem) error {
	for i := range omitted {
		fmt.Fprintf(w, "! PARTIAL, omitted: %s\n", Clean(omitted[i].Error()))
	}
	if len(omitted) > 0 {
		return errFailed()
	}
	return nil
}

// printAnswer prints a plan, the effect of a statement other than SELECT, or the results of several.
func (q *Query) printAnswer(streams Streams, resp *api.SQLResponse, began time.Time) error {
	if q.JSON {
		if err := writeJSON(streams.Out, resp); err != nil || len(resp.Partial) == 0 {
			return err
		}
		return errFailed()
	}
	switch {
	case resp.Results != nil:
		if n := tables(resp.Results); q.CSV && n > 1 {
			return Usagef("--csv prints one table, and %d of the statements, which have run, return rows", n)
		}
		for i := range resp.Results {
			if i > 0 && resp.Results[i].Columns != nil && !q.CSV {
				fmt.Fprintln(streams.Out)
			}
			if err := q.printResult(streams, &resp.Results[i], began); err != nil {
				return err
			}
		}
		return nil
	case resp.Explain != nil:
		printPlan(streams.Out, resp.Explain)
		return reportPartial(streams.Err, resp.Partial)
	case resp.Columns != nil:
		return q.printResult(streams, resp, began)
	}
	if def := resp.Definition; def != nil {
		t := &Table{}
		for _, c := range def.Columns {
			null := "NOT NULL"
			if c.Nullable {
				null = "NULL"
			}
			t.Row(c.Name, c.Type, null, c.Default)
		}
		t.Fprint(streams.Out)
	}
	line := "done"
	if resp.RowsAffected != nil {
		line = answer.Rows(*resp.RowsAffected) + " affected"
	}
	if resp.Replayed {
		line += ", by an earlier request"
	}
	ms := float64(time.Since(began).Microseconds()) / 1000
	if resp.Query != nil && resp.Query.MS > 0 {
		ms = resp.Query.MS
	}
	fmt.Fprintln(streams.Err, Clean(line+" in "+millis(ms)+" on "+answer.Route(&resp.Route)))
	printNotes(streams.Err, resp.Query)
	return reportPartial(streams.Err, resp.Partial)
}

// printResult prints the response to one statement of several.
func (q *Query) printResult(streams Streams, resp *api.SQLResponse, began time.Time) error {
	if resp.Columns == nil {
		return q.printAnswer(streams, resp, began)
	}
	to, err := q.printer(streams)
	if err != nil {
		return err
	}
	if err := to.head(resp.Columns); err != nil {
		return err
	}
	for _, row := range resp.Rows {
		if err := to.block(append(row, '\n')); err != nil {
			return err
		}
	}
	end := &api.EndInfo{Rows: int64(len(resp.Rows)), Route: &resp.Route, Shards: resp.Shards, Partial: resp.Partial, Query: resp.Query}
	if err := to.end(end, nil); err != nil {
		return err
	}
	return printSummary(streams.Err, end, began)
}

// printer returns what prints rows in the form that the flags ask for.
func (q *Query) printer(streams Streams) (rowPrinter, error) {
	switch {
	case q.JSON:
		return newJSONPrinter(streams.Out), nil
	case q.CSV:
		return newCSVPrinter(streams.Out, streams.Columns > 0)
	}
	return newSheet(streams.Out, streams.Columns), nil
}

// tables counts the results that have rows.
func tables(results []api.SQLResponse) (n int) {
	for i := range results {
		if results[i].Columns != nil {
			n++
		}
	}
	return n
}

// printNotes prints what of a statement has no effect.
func printNotes(w io.Writer, info *api.StatementInfo) {
	if info == nil {
		return
	}
	for _, n := range info.Notes {
		fmt.Fprintln(w, Clean("note: "+n))
	}
}

func printPlan(w io.Writer, e *api.Explain) {
	for _, l := range answer.Plan(e) {
		fmt.Fprintln(w, strings.TrimRight(strings.Repeat("  ", l.Depth)+Clean(l.Text), " "))
	}
}

// located adds to a refusal the statement's text, so that the report can show where the
// error is.
func located(err error, sql string) error {
	if _, ok := errors.AsType[*api.Problem](err); !ok {
		return err
	}
	if e, ok := errors.AsType[*ExitError](err); ok && e.Code == ExitUnreachable {
		return err
	}
	return &statementError{error: err, sql: sql}
}

// statementError is the error of a statement, with the statement's text.
type statementError struct {
	error
	sql string
}

// Unwrap returns the error without the text.
func (e *statementError) Unwrap() error { return e.error }
