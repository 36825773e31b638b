// Package service is the worker's HTTP side: it checks requests, hands them to an
// engine and puts the engine's answers on the wire. The contract it serves is
// shared/api/worker-openapi.yaml.
//
// It knows nothing of routing or of other shards, and writes no SQL.
package service
