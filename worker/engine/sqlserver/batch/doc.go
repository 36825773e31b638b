// Package batch has the SQL that a worker sends to SQL Server, and what the results mean: the
// batches of a write and of a query with their parameters, the outcome of a batch as a response, a
// problem or a reason to retry, SQL Server's error numbers as problems, and the statements on the
// worker's own tables.
//
// It has no driver and does no I/O, so that workers in every language share it: package sqlserver
// sends its calls with Go's driver.
package batch
