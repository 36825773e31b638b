package api

import _ "embed" // the documents below

//go:embed openapi.yaml
var masterOpenAPI []byte

//go:embed worker-openapi.yaml
var workerOpenAPI []byte

// MasterOpenAPI returns the OpenAPI 3.1 document of the master's public API, in
// YAML, as GET /openapi.yaml serves it. The caller must not change it.
func MasterOpenAPI() []byte { return masterOpenAPI }

// WorkerOpenAPI returns the OpenAPI 3.1 document of the worker contract, in YAML:
// what a worker in any language has to answer. The caller must not change it.
func WorkerOpenAPI() []byte { return workerOpenAPI }
