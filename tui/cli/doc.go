// Package cli holds Shardeck's subcommands for shells and scripts: status, watch, query,
// queries, count, security-check and failover. Each calls a master through shared/client,
// prints aligned text (or one JSON document with --json) on stdout, and returns
// an error; [ExitCode] maps it to the command's exit code.
//
// It draws no screen (tui/console does), starts no process (tui/demo does) and keeps no
// state between calls.
package cli
