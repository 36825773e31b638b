// Package contract is what engines do alike before and around their SQL: it checks
// and decodes the requests of the worker contract, says where in a request a
// refusal belongs, words the refusals that do not come from a database, and holds
// the rules of the fence.
//
// It computes only. It knows no database, and how an engine stores what is
// decided here is the engine's.
package contract
