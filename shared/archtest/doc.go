// Package archtest states, as ordinary tests, how Shardeck's packages may depend
// on each other and what each of them owes its reader, every rule with its reason.
//
// It reads source files and asks the go command for dependencies; it holds no code
// that runs in a service.
package archtest
