// Package client has the typed clients of a master's public API and of the worker contract. All
// errors are *api.Problem: the server's own if it sent one, otherwise one that says what the
// failure means to the caller (a shard that is unreachable, one that is late, a write whose
// outcome is unknown).
//
// It contains no user interface, retries nothing and keeps no state except open connections.
// Redirects are never followed, so that a token cannot be sent elsewhere.
package client
