// Package conformance is the one black-box suite that every worker passes,
// whatever its language: who is let in, what malformed requests are told, the form
// of problem documents, values on the wire, the fence, idempotency, atomic
// transactions, streams and their cancelling, and that an acknowledged write
// survives the process being killed.
//
// A worker's own test starts it on an empty data directory and calls [Run] (and
// [Durability], where it can be killed). All of it goes over HTTP; whatever passes
// is checked against worker-openapi.yaml too. The suite asserts nothing on speed.
package conformance
