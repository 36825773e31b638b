package api

import _ "embed" // the documents below

//go:embed openapi.yaml
var masterOpenAPI []byte

//go:embed worker-openapi.yaml
var workerOpenAPI []byte

// MasterOpenAPI returns the OpenAPI 3.1 document of the master's public API in YAML, as served by
// GET /openapi.yaml. The caller must not modify it.
func MasterOpenAPI() []byte { return masterOpenAPI }

// WorkerOpenAPI returns the OpenAPI 3.1 document of the worker contract in YAML. The caller must
// not modify it.
func WorkerOpenAPI() []byte { return workerOpenAPI }
