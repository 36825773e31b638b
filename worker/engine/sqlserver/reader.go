package sqlserver

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"runtime"
	"strings"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
)

// queryOnce runs q on one connection. Unless all of the answer was read, the
// connection is closed and not used again: a cancelled one may still have rows on
// it (of Babelfish it always does), and making another costs less than finding out.
func (p *pool) queryOnce(ctx context.Context, q *query, row func([]byte) error) error {
	c, err := p.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	err = driver.ErrBadConn // when the function is not called
	rawErr := c.Raw(func(dc any) error {
		if err = dc.(*conn).read(ctx, q, row); err != nil && !intact(err) {
			return driver.ErrBadConn
		}
		return nil
	})
	if rawErr != nil && !errors.Is(rawErr, driver.ErrBadConn) {
		return errors.Join(err, rawErr)
	}
	return err
}

// intact says whether an error leaves its connection fit for use: the server, or a
// check, has refused the query, and with that the answer is over.
func intact(err error) bool {
	if _, ok := errors.AsType[refusal](err); ok {
		return true
	}
	e, ok := errors.AsType[mssql.Error](err)
	_, fatal := errors.AsType[mssql.ServerError](err)
	return ok && !fatal && e.Class < fatalClass
}

// read sends q and reads its answer. An error other than one that is intact
// leaves the connection in the middle of the answer.
func (c *conn) read(ctx context.Context, q *query, row func([]byte) error) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	// When the context ends, the driver asks the server to cancel the query, once
	// it is called next, and waits for the answer. A caller who is stuck does not
	// call, and a server that is stuck does not answer: then the line is cut.
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(c.owner.server.options.CancelWait, c.line.cut) })
	stmt, err := c.PrepareContext(ctx, spExecuteSQL)
	if err != nil {
		cancel()
		return err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, q.args)
	if err == nil {
		if err = c.readRows(ctx, rows, q.req, row); err == nil || intact(err) {
			stop() // before the connection is used by others
		}
		cancel()
		closeErr := rows.Close()
		if err != nil && !intact(err) {
			c.abandon(rows)
			return err
		}
		return errors.Join(err, closeErr)
	}
	if intact(err) {
		stop()
	}
	cancel()
	return err
}

// abandon cuts the line of a query that was not read to its end. The driver has a
// goroutine that reads ahead; when the line is cut under it, it still hands over
// what it has read, for ever if nobody takes it. Closing the rows takes what is
// there, and succeeds once that goroutine has come to the cut.
func (c *conn) abandon(rows driver.Rows) {
	c.line.cut()
	for rows.Close() != nil {
		runtime.Gosched()
	}
}

// readRows reads the answer to its end.
func (c *conn) readRows(ctx context.Context, rows driver.Rows, req *api.QueryRequest, row func([]byte) error) error {
	names := rows.Columns()
	if len(names) > 0 && names[0] == refusedTable {
		return readRefusal(rows, req)
	}
	types, err := contract.ResultTypes(req.ResultTypes, len(names))
	if err != nil {
		return err
	}
	values := make([]driver.Value, len(names))
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			if more, ok := rows.(driver.RowsNextResultSet); ok && more.HasNextResultSet() {
				return api.NewProblem(api.CodeSyntax, "the statement has more than one result").At("sql")
			}
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if c.buf, err = appendRow(c.buf[:0], types, values); err != nil {
			return err
		}
		if err := row(c.buf); err != nil {
			return &rowError{err}
		}
		if cap(c.buf) > keepLine {
			c.buf = nil
		}
	}
}

// keepLine is the size in bytes beyond which a connection gives its row buffer back.
const keepLine = 1 << 20

// readRefusal reads the row of a check that failed, the table and the version it
// has, and the end of the answer.
func readRefusal(rows driver.Rows, req *api.QueryRequest) error {
	values := make([]driver.Value, 2)
	if err := rows.Next(values); err != nil {
		return err
	}
	key, _ := values[0].(string)
	have, _ := values[1].(string)
	if err := rows.Next(values); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("the check of a table's version answered more than one row"), err)
	}
	for name, want := range req.Schemas {
		if p := compareVersions(name, strings.TrimRight(have, " "), want); strings.ToLower(name) == key && p != nil {
			return refusal{p}
		}
	}
	return refusal{contract.UnknownTable(key)} // it was there again a moment later
}
