// Package conformance is the black-box suite that every worker must pass, in any language.
//
// [EngineSuite] runs the suite of the engines, worker/engine/enginetest, over HTTP: values, SQL,
// the fence, idempotency, transactions, queries. [Run] tests what is about HTTP itself: access
// control, malformed requests, problem documents, streams and their cancellation. [Proofs] tests
// how a worker proves itself, [Shutdown] that it stops while it is in use, [Durability] that an
// acknowledged write survives a kill of the process, and [Storage] that a worker whose files are
// taken away acknowledges nothing.
//
// The tests of this package run all of it for the Go worker, or for any program with
//
//	go test ./worker/conformance -worker-cmd 'python3 -m some_worker'
//
// Every exchange is also checked against worker-openapi.yaml. The suite makes no assertions about
// speed.
package conformance
