// Package polyglot sets up the workers that are written in other languages, in a checkout of this
// repository: it builds the SQLite extension that they load, installs their packages next to
// their sources, and knows the commands that start them. The demo with --polyglot, the tests on
// mixed clusters and `make polyglot` share it.
//
// What is up to date is left alone, so that setting up again takes a second. What the machine
// lacks is reported all at once, with how to get it.
package polyglot
