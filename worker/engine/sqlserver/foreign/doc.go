// Package foreign hands package batch to workers in other languages as functions of JSON: each
// takes and returns text, which package main of worker/sqliteext registers as SQL functions.
// docs/sql-server.md describes them for those who write such a worker.
//
// A result is an object with either what was asked for or a member "problem", the body of the
// error response. An error of a function itself, instead, is a fault of the calling program, such
// as an argument of the wrong form.
package foreign
