// Package client has the typed clients of a master's public API and of the worker contract. All
// errors are *api.Problem: the server's own if it sent one, otherwise one that says what the
// failure means to the caller (a shard that is unreachable, one that is late, a write whose
// outcome is unknown).
//
// Master and Worker each talk to one server and retry nothing. Cluster uses several masters as one:
// it retries what is safe to send again, and gives writes an Idempotency-Key for that.
//
// The package contains no user interface and keeps no state except open connections and which master
// worked last. Redirects are never followed and only configured addresses are called, so that a token
// cannot be sent elsewhere.
package client
