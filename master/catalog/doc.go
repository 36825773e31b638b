// Package catalog knows which databases and tables there are, from what the
// workers report in their stats: the definitions that plans are made by, the rows
// of each table by shard, and where shards that should be alike differ.
//
// It is pure: everything is computed from the workers' stats, which master/health
// keeps. It never asks a worker and stores nothing on disk; the workers' databases
// are the only record.
package catalog
