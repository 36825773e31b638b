// Package contract is the part common to all engines around their SQL: it validates and decodes
// the requests of the worker contract, locates errors within a request, words the errors that do
// not come from a database, and implements the rules of the fence.
//
// It only computes: it uses no database, and how an engine stores the results is up to the
// engine.
package contract
