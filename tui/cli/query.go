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
)

// maxStatement is the longest text that a master takes, in bytes.
const maxStatement = 1 << 20

// reasonSlack is how much longer than the statement may take its answer is waited
// for, so that the master's own reason is heard.
const reasonSlack = 5 * time.Second

// Query runs one T-SQL statement over all shards.
type Query struct {
	Connection   `kong:"set='timeout=0s',set='timeout_help=How long the statement may take; 0 is as long as the masters allow.'"`
	SQL          string   `arg:"" optional:"" name:"sql" help:"The statement; read from standard input where there is none, or -."`
	File         string   `short:"f" type:"path" placeholder:"FILE" help:"Read the statement from this file."`
	DB           string   `name:"db" default:"SchoolDB" help:"Database."`
	Param        []string `sep:"none" placeholder:"NAME=VALUE" help:"Value of @NAME in the statement. Numbers, true, false and null are taken as such, all else as a string; in double quotes a number is a string too. Can be repeated."`
	MaxRows      *int64   `placeholder:"N" help:"Show no more rows than this, and say so when there are more."`
	AllShards    bool     `help:"Let an UPDATE or DELETE without a shard key go to every shard."`
	AllowPartial bool     `help:"Leave out shards that do not answer, and end with 1 when there were any."`
	JSON         bool     `name:"json" xor:"form" help:"Print one JSON document."`
	CSV          bool     `name:"csv" xor:"form" help:"Print CSV; NULL is an empty field, an empty string is in quotes."`
	Explain      bool     `help:"Print the plan instead of running the statement: the route and why, what each shard is sent, the master's steps."`
	Analyze      bool     `help:"Run a SELECT, drop its rows, and print the plan with rows and time for each shard and step."`
}

// Help adds to the command's help.
func (*Query) Help() string {
	return `One T-SQL statement: SELECT with joins on the shard key, GROUP BY, HAVING, DISTINCT, TOP, OFFSET and FETCH;
INSERT, UPDATE, DELETE, CREATE TABLE, DROP TABLE. The answer is that of one unsharded database, or a refusal that says why.

  query "SELECT major, COUNT(*) AS n FROM Students GROUP BY major ORDER BY n DESC"
  query --explain "SELECT name FROM Students WHERE student_id = @id" --param id=42
  query --csv -f report.sql > report.csv

Rows go to standard output, all else to standard error. Ctrl-C ends the statement at the shards too.

` + ExitHelp
}

// Run asks and prints.
func (q *Query) Run(ctx context.Context, streams Streams) error {
	req, err := q.request(streams)
	if err != nil {
		return err
	}
	conn := q.Connection
	if conn.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, conn.Timeout+reasonSlack)
		defer cancel()
	} else {
		conn.Timeout = 1 // of no meaning here, but checked
	}
	began := time.Now()
	if req.IsSelect() && !req.Explain {
		var rows *client.RowStream
		rows, _, err = askInTurn(ctx, &conn, streams, func(ctx context.Context, e Endpoint) (*client.RowStream, error) {
			return e.Client.QueryStream(ctx, req)
		})
		if err == nil {
			defer rows.Close()
			err = q.printRows(ctx, streams, rows, began)
		}
	} else {
		var resp *api.SQLResponse
		resp, _, err = askInTurn(ctx, &conn, streams, func(ctx context.Context, e Endpoint) (*api.SQLResponse, error) {
			return e.Client.Query(ctx, req)
		})
		if err == nil {
			err = q.printAnswer(streams, resp, began)
		}
	}
	return q.told(err, req.SQL)
}

// request makes the request of the flags.
func (q *Query) request(streams Streams) (*api.SQLRequest, error) {
	switch {
	case q.Timeout < 0:
		return nil, Usagef("--timeout is %s; it cannot be negative", q.Timeout)
	case q.MaxRows != nil && *q.MaxRows < 0:
		return nil, Usagef("--max-rows is %d; it cannot be negative", *q.MaxRows)
	case q.CSV && (q.Explain || q.Analyze):
		return nil, Usagef("a plan is no table: --csv and --explain do not go together")
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
		return nil, Usagef("there is no statement; give one, as \"SELECT COUNT(*) FROM Students\", or -f FILE")
	}
	return &api.SQLRequest{
		DB: q.DB, SQL: text, Params: params, Explain: q.Explain || q.Analyze, Analyze: q.Analyze,
		MaxRows: q.MaxRows, AllowPartial: q.AllowPartial, AllShards: q.AllShards, TimeoutMS: q.Timeout.Milliseconds(),
	}, nil
}

// text is the statement, from wherever it is to come.
func (q *Query) text(streams Streams) (string, error) {
	switch {
	case q.File != "" && q.SQL != "":
		return "", Usagef("the statement is given twice: on the command line and with --file")
	case q.File != "":
		f, err := os.Open(q.File)
		if err != nil {
			return "", Usagef("--file: %w", err)
		}
		defer f.Close()
		return readStatement(f)
	case q.SQL != "" && q.SQL != "-":
		return q.SQL, nil
	case streams.In == nil:
		return "", nil
	}
	if streams.Typed {
		fmt.Fprintln(streams.Err, "Type a statement; Ctrl-D on a line of its own runs it.")
	}
	return readStatement(streams.In)
}

func readStatement(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxStatement+1))
	switch {
	case err != nil:
		return "", Usagef("reading the statement: %w", err)
	case len(b) > maxStatement:
		return "", Usagef("the statement is longer than %d bytes, which is the most that a master takes", maxStatement)
	}
	return string(b), nil
}

// parseParams makes values of --param.
func parseParams(texts []string) (api.Object[jsontext.Value], error) {
	var params api.Object[jsontext.Value]
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		name = strings.TrimPrefix(strings.TrimSpace(name), "@")
		if !ok || name == "" {
			return nil, Usagef("--param %q is not NAME=VALUE", text)
		}
		if slices.ContainsFunc(params, func(m api.Member[jsontext.Value]) bool { return strings.EqualFold(m.Name, name) }) {
			return nil, Usagef("--param %s is given twice", name)
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

// printRows prints the rows as they come, and a last line on what they are.
func (q *Query) printRows(ctx context.Context, streams Streams, rows *client.RowStream, began time.Time) error {
	var to rowPrinter = newSheet(streams.Out, streams.Columns)
	switch {
	case q.JSON:
		to = newJSONPrinter(streams.Out)
	case q.CSV:
		to = newCSVPrinter(streams.Out, streams.Columns > 0)
	}
	err := to.head(rows.Head().Columns)
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
		fmt.Fprintf(streams.Err, "The rows above, %d of them, are not the whole answer.\n", rows.Rows())
		return err
	case err != nil:
		return err
	}
	if s, ok := to.(*sheet); ok && s.cut {
		fmt.Fprintf(streams.Err, "Cut to %d columns; a pipe, --csv or --json shows all.\n", streams.Columns)
	}
	return lastLine(streams.Err, rows.End(), began)
}

// lastLine writes the last line: how many rows, how long, from where and why.
func lastLine(w io.Writer, end *api.EndInfo, began time.Time) error {
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
		line += " from " + answer.Route(end.Route)
	}
	fmt.Fprintln(w, Clean(line))
	if truncated {
		fmt.Fprintf(w, "! truncated: there are more than these %s; allow more with --max-rows\n", answer.Rows(end.Rows))
	}
	return partial(w, end.Partial)
}

// partial tells of the shards left out, and is an error when there are any.
func partial(w io.Writer, left []api.Problem) error {
	for i := range left {
		fmt.Fprintf(w, "! PARTIAL, left out: %s\n", Clean(left[i].Error()))
	}
	if len(left) > 0 {
		return errFailed()
	}
	return nil
}

// printAnswer prints a plan, or what a statement that is no SELECT did.
func (q *Query) printAnswer(streams Streams, resp *api.SQLResponse, began time.Time) error {
	if q.JSON {
		if err := writeJSON(streams.Out, resp); err != nil || len(resp.Partial) == 0 {
			return err
		}
		return errFailed()
	}
	if resp.Explain != nil {
		printPlan(streams.Out, resp.Explain)
		return partial(streams.Err, resp.Partial)
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
	return partial(streams.Err, resp.Partial)
}

func printPlan(w io.Writer, e *api.Explain) {
	for _, l := range answer.Plan(e) {
		fmt.Fprintln(w, strings.TrimRight(strings.Repeat("  ", l.Depth)+Clean(l.Text), " "))
	}
}

// told adds to a refusal what this command can do about it, and the statement's
// text, so that the report can show the place.
func (q *Query) told(err error, sql string) error {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok || err == nil {
		return err
	}
	if e, ok := errors.AsType[*ExitError](err); ok && e.Code == ExitUnreachable {
		return err
	}
	switch {
	case p.Code == api.CodeShardKeyRequired && !q.AllShards:
		p.Hint = "name the shard key in the condition, or let it go to every shard with --all-shards"
	case p.Shard != nil && !q.AllowPartial && gaveNone(p.Code):
		p.Hint = strings.TrimPrefix(p.Hint+"; or ask the other shards with --allow-partial", "; ")
	}
	return &inStatement{error: err, sql: sql}
}

// inStatement is an error of a statement, with its text.
type inStatement struct {
	error
	sql string
}

// Unwrap returns the error itself.
func (e *inStatement) Unwrap() error { return e.error }
