// Package rowstore keeps the rows of a result in bounded memory: the first ones as they are,
// the others in a private temporary file, from which they are read back in blocks.
//
// A [Store] is written by one goroutine, as rows arrive, and read by any number at the same
// time. It knows nothing of what is in a row.
package rowstore
