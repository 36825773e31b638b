// Package catalog derives the databases and tables from what the workers report in
// their stats: the definitions that statements are planned with, the row count of
// each table by shard, and the drift between shards that should be identical.
//
// It is pure: everything is computed from the workers' stats, which master/health
// keeps. It never queries a worker and stores nothing on disk; the workers'
// databases are the only record.
package catalog
