// Package client has the typed clients of a master's public API and of the worker
// contract. All errors are *api.Problem: the server's own where it sent one, and
// otherwise one that says what the failure means to the caller (a shard that is
// not there, one that is late, a write of which nobody knows whether it happened).
//
// It holds no user interface, retries nothing and keeps no state but open
// connections. Redirects are never followed, so that a token cannot be carried
// elsewhere.
package client
