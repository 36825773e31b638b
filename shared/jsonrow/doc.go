// Package jsonrow takes rows apart that stand on the wire as JSON arrays, without
// decoding their values: a row's elements are views of its bytes. Whoever needs a
// value decodes it, and so checks it; what passes through is not looked at twice.
//
// Any bytes are taken. Elements of valid JSON are found exactly; of other bytes, some
// elements are found or none, always inside the row and in order. The package is pure.
package jsonrow
