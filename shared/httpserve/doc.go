// Package httpserve is how a Shardeck service speaks HTTP: listening and
// stopping, the guards that every request passes (host, origin, size, time),
// request ids, the access log, routes whose handlers return errors, problem
// documents, JSON answers in one write, and streams of rows in large blocks.
//
// It knows no endpoint and no SQL; the services bring their routes. It is lean by
// intent: a request costs no goroutine beyond net/http's own, and no copy of
// itself.
package httpserve
