// Package archtest states, as ordinary tests, how Shardeck's packages may depend
// on each other and what each of them owes its reader, every rule with its reason.
//
// It reads import clauses and package comments only; it holds no code that runs
// in a service.
package archtest
