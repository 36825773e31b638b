// Package conformance is the black-box suite that every worker must pass, in any language: access
// control, malformed requests, problem documents, values on the wire, the fence, idempotency,
// atomic transactions, streams and their cancellation, and that an acknowledged write survives a
// kill of the process.
//
// A worker's own test starts it on an empty data directory and calls [Run] (and [Durability], if
// it can be killed). Everything goes over HTTP and is also checked against worker-openapi.yaml.
// The suite makes no assertions about speed.
package conformance
