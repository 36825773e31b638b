// Package api is the contract between Shardeck's processes: the wire types of
// the master's public API and of the worker's, the problem documents both
// answer errors with, the framing of streamed rows, and the strict JSON decoder
// that every request body goes through. The same contract is written down for
// other languages in openapi.yaml beside this file and pinned by the samples in
// testdata/golden.
//
// It holds no behaviour beyond encoding and decoding: it routes nothing, speaks
// to no network and knows no SQL. SQL types and values are in
// shared/sqltypes; the HTTP clients that use these types are in shared/client.
package api
