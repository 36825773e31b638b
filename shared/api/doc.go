// Package api is the contract between Shardeck's processes: the wire types of the master's public
// API and of the worker API, the problem documents both use for errors, the framing of row
// streams, and the strict JSON decoder for every request body. openapi.yaml and
// worker-openapi.yaml describe the same contract for other languages, and the samples in
// testdata/golden pin it.
//
// The package only encodes and decodes: no routing, no network, no SQL. SQL types and values are
// in shared/sqltypes; the HTTP clients are in shared/client.
package api
