package sqlserver

import (
	"context"
	"errors"
	"io"
	"net"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/worker/engine/sqlserver/batch"
)

// connectProblem is the problem for a failed connection: which host and port, the cause, and what
// to check; it never contains the user or password.
func (s *server) connectProblem(err error) *api.Problem {
	if e, ok := errors.AsType[mssql.Error](err); ok {
		e = rootError(e)
		p := batch.Numbered(e.Number, "")
		switch p.Code {
		case api.CodeUnknownDatabase: // Babelfish's number; SQL Server has 4060
			p = batch.Numbered(mssqlerr.CannotOpenDatabase, "")
		case api.CodeSyntax: // a number without a code of its own
			p = unreachable("SQL Server refused the worker's connection with error %d", e.Number).Hinted("%s", batch.LoginHint)
		}
		p.SQLNumber = int(e.Number)
		p.Detail += " (at " + s.address() + ")"
		return p
	}
	dialled, dialling := errors.AsType[*net.OpError](err)
	_, lookup := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return unreachable("SQL Server at %s did not answer within %s", s.address(), s.options.ConnectTimeout).
			Hinted("check that it is running and that host and port are right")
	case lookup:
		return unreachable("the host of SQL Server at %s is unknown", s.address()).
			Hinted("check the host in WORKER_DSN")
	case dialling && dialled.Op == "dial":
		// The operating system's own words, as "connection refused".
		return unreachable("SQL Server at %s cannot be reached: %s", s.address(), dialled.Err).
			Hinted("check that it is running and listens on TCP, and that host and port are right")
	case isNetwork(err):
		return unreachable("the server at %s closed the connection before login", s.address()).
			Hinted("check that it is SQL Server, and that it supports the encryption required by WORKER_DSN")
	}
	return unreachable("login to SQL Server at %s failed: %s", s.address(), s.redact(err.Error())).
		Hinted("check encrypt, the certificate options and the authentication settings in WORKER_DSN; see docs/sql-server.md")
}

func unreachable(format string, args ...any) *api.Problem {
	return api.NewProblem(api.CodeShardUnavailable, format, args...)
}

// isNetwork reports whether an error is a network error.
func isNetwork(err error) bool {
	_, is := errors.AsType[net.Error](err)
	return is || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
