// Package service is the worker's HTTP layer: it validates requests, passes them to an engine and
// encodes the engine's results. Its contract is shared/api/worker-openapi.yaml.
//
// It knows nothing of routing or of other shards, and writes no SQL.
package service
