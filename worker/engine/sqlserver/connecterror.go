package sqlserver

import (
	"context"
	"errors"
	"io"
	"net"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
)

// connectProblem returns what a caller is told of a connection that could not be
// made: to which host and port, why, and what to look at; never with which user
// or password.
func (s *server) connectProblem(err error) *api.Problem {
	if e, ok := errors.AsType[mssql.Error](err); ok {
		e = lead(e)
		p := numbered(e.Number, "")
		switch p.Code {
		case api.CodeUnknownDatabase: // as Babelfish says it; SQL Server has 4060 for it
			p = numbered(mssqlerr.CannotOpenDatabase, "")
		case api.CodeSyntax: // no number that has a code of its own
			p = unreachable("SQL Server did not let the worker in, with its error %d", e.Number).Hinted("%s", loginHint)
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
			Hinted("check that it runs and that host and port are right")
	case lookup:
		return unreachable("the host of SQL Server at %s is not known", s.address()).
			Hinted("check the host in WORKER_DSN")
	case dialling && dialled.Op == "dial":
		// The operating system's own words, as "connection refused".
		return unreachable("SQL Server at %s cannot be reached: %s", s.address(), dialled.Err).
			Hinted("check that it runs, listens on TCP, and that host and port are right")
	case isNetwork(err):
		return unreachable("what listens at %s broke off before a login was possible", s.address()).
			Hinted("check that it is SQL Server, and that it takes the encryption that WORKER_DSN asks for")
	}
	return unreachable("no login to SQL Server at %s was possible: %s", s.address(), s.redact(err.Error())).
		Hinted("check encrypt and the certificate options in WORKER_DSN, and what authentication needs; see docs/sql-server.md")
}

func unreachable(format string, args ...any) *api.Problem {
	return api.NewProblem(api.CodeShardUnavailable, format, args...)
}

// isNetwork says whether an error is of the network connection.
func isNetwork(err error) bool {
	_, is := errors.AsType[net.Error](err)
	return is || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
