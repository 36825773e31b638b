// Package storage remembers what is currently wrong with the storage of a worker's databases, for
// /health and /stats, and which databases must therefore refuse requests.
//
// Engines report failures and successes as they see them; the package does no I/O itself.
package storage
