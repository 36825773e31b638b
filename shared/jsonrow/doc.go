// Package jsonrow splits rows encoded as JSON arrays without decoding their values: a row's
// elements are views of its bytes. Whoever needs a value decodes, and so validates it;
// pass-through values are not parsed again.
// [Valid] checks the structure of such a row, so that nothing that is not a row is passed on.
//
// Any input is accepted. Elements of valid JSON are found exactly; of invalid input, some
// elements or none are found, always inside the row and in order. The package is pure.
package jsonrow
