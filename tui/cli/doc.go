// Package cli holds Shardeck's subcommands for shells and scripts: status, query,
// queries, count, security-check and failover. Each asks a master through shared/client,
// prints aligned text (or one JSON document with --json) on stdout, and returns
// an error whose [ExitCode] tells a script what happened.
//
// It draws no screen (that is tui/console), starts no process (tui/demo) and
// keeps nothing between calls.
package cli
