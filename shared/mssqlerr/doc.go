// Package mssqlerr names the numbers of SQL Server's errors that Shardeck gives,
// reads or acts on, whichever engine refuses: a client that knows SQL Server's
// numbers finds the same number for the same refusal.
//
// The source is Microsoft's "Database Engine events and errors"
// (https://learn.microsoft.com/sql/relational-databases/errors-events/), which
// lists each number with its message; the comments here say in other words when it
// is raised. The numbers of Azure SQL are from "Troubleshoot connectivity issues
// and other errors" of its documentation.
//
// This is the only place outside tests where such a number is written as digits; a
// test in shared/archtest holds the module to that. The constants are untyped, as the driver has int32 and the
// wire has int.
package mssqlerr
