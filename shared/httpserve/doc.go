// Package httpserve is the HTTP layer of Shardeck's services: listening and shutdown, the checks
// that every request passes (host, origin, size, time), request ids, the access log, routes whose
// handlers return errors, problem documents, JSON responses in one write, and row streams in
// large blocks.
//
// It knows no endpoint and no SQL; the services provide their routes. It is deliberately lean: a
// request costs no goroutine beyond net/http's own, and is never copied.
package httpserve
