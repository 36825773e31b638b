package sqlserver

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"runtime"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlserver/batch"
)

// queryOnce runs q on one connection. Unless the complete response was read, the connection is
// closed and not reused: after a cancellation there may still be rows on it (with Babelfish there
// always are), and opening another costs less than finding out.
func (p *pool) queryOnce(ctx context.Context, q *query, row func([]byte) error) error {
	c, err := p.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	err = driver.ErrBadConn // if the function is not called
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

// intact reports whether an error leaves its connection usable: the server, or a check, has
// refused the query, and with that the response is complete.
func intact(err error) bool {
	if _, ok := errors.AsType[refusal](err); ok {
		return true
	}
	e, ok := errors.AsType[mssql.Error](err)
	_, fatal := errors.AsType[mssql.ServerError](err)
	return ok && !fatal && e.Class < batch.FatalClass
}

// read sends q and reads its response. After an error that is not intact, the connection is in
// the middle of the response.
func (c *conn) read(ctx context.Context, q *query, row func([]byte) error) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	// If the context ends, the driver asks the server to cancel the query the next time it is
	// called, and waits for the acknowledgement. A stuck caller does not call, and a stuck server
	// does not respond: then the line is cut.
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(c.owner.server.options.CancelWait, c.line.cut) })
	stmt, err := c.PrepareContext(ctx, spExecuteSQL)
	if err != nil {
		cancel()
		return err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, q.args)
	if err == nil {
		if err = c.readRows(ctx, rows, q.req, row); err == nil || intact(err) {
			stop() // before the connection is reused
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

// abandon cuts the line of a query that was not read to its end. The driver has a goroutine that
// reads ahead; when the line is cut under it, it still hands over what it has read, blocking
// forever if nobody receives it. Closing the rows receives the rest, and succeeds once that
// goroutine reaches the cut.
func (c *conn) abandon(rows driver.Rows) {
	c.line.cut()
	for rows.Close() != nil {
		runtime.Gosched()
	}
}

// readRows reads the response to its end.
func (c *conn) readRows(ctx context.Context, rows driver.Rows, req *api.QueryRequest, row func([]byte) error) error {
	names := rows.Columns()
	if len(names) > 0 && names[0] == batch.RefusedColumn {
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

// keepLine is the size in bytes above which a connection frees its row buffer.
const keepLine = 1 << 20

// readRefusal reads the row of a failed check, the table and its version, and the end of the
// response.
func readRefusal(rows driver.Rows, req *api.QueryRequest) error {
	values := make([]driver.Value, 2)
	if err := rows.Next(values); err != nil {
		return err
	}
	key, _ := values[0].(string)
	have, _ := values[1].(string)
	if err := rows.Next(values); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("the check of a table's version returned more than one row"), err)
	}
	return refusal{batch.QueryRefused(req, key, have)}
}
