// Package replica compares the copies of a reference table: it says whether copies have the same rows,
// which of several copies is the right one, and in which rows two differ.
//
// Rows come as streams and are never held, but for those with one key: [Table.Digest] adds up the
// hashes of rows, so that their order does not matter, and [Table.Compare] reads two streams that are
// sorted by the same key side by side. Rows are compared in canonical form, value by value, so that
// copies in different engines can be compared.
//
// It is pure: the streams are the caller's.
package replica
