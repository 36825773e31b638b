// Package regular opens files that a user has named, and refuses what is not a regular file:
// reading a terminal takes the keys that are meant for the console, reading a pipe without a writer
// never ends, and a device may have no end at all.
package regular
