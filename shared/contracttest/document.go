// Package contracttest checks the traffic between Shardeck's processes against the OpenAPI
// documents in shared/api: samples, and live requests and responses of running services, so that
// documents and services cannot drift apart.
//
// It is for tests only; no service imports it. It checks form, not meaning: the content of
// responses is tested by the package that produces them.
package contracttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

// Document is a parsed OpenAPI document. It is safe for concurrent use.
type Document struct {
	spec *openapi3.T
}

// Load parses a document and validates it, including its examples.
func Load(yaml []byte) (*Document, error) {
	loader := openapi3.NewLoader()
	spec, err := loader.LoadFromData(yaml)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	if err := spec.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		return nil, fmt.Errorf("validate: %w", err)
	}
	return &Document{spec: spec}, nil
}

// Endpoints lists the document's methods and paths, by path and then method.
func (d *Document) Endpoints() []api.Endpoint {
	var all []api.Endpoint
	for path, item := range d.spec.Paths.Map() {
		for method := range item.Operations() {
			all = append(all, api.Endpoint{Method: method, Path: path})
		}
	}
	slices.SortFunc(all, func(a, b api.Endpoint) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return all
}

// Schemas lists the names of the document's component schemas, sorted.
func (d *Document) Schemas() []string {
	names := make([]string, 0, len(d.spec.Components.Schemas))
	for name := range d.spec.Components.Schemas {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Schema returns a component schema, or nil.
func (d *Document) Schema(name string) *openapi3.Schema {
	ref := d.spec.Components.Schemas[name]
	if ref == nil {
		return nil
	}
	return ref.Value
}

// Check validates JSON text against a component schema.
func (d *Document) Check(schema string, text []byte) error {
	s := d.Schema(schema)
	if s == nil {
		return fmt.Errorf("schema %s does not exist", schema)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	return s.VisitJSON(v, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors())
}

// CheckRequest validates a request, sent or hypothetical, with its body. An endpoint that is not
// in the document is an error.
func (d *Document) CheckRequest(req *http.Request, body []byte) error {
	in, err := d.input(req)
	if err != nil {
		return err
	}
	again := req.Clone(req.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	again.ContentLength = int64(len(body))
	in.Request = again
	return openapi3filter.ValidateRequest(req.Context(), in)
}

// CheckResponse validates a response's status, media type and body. An error response must be a
// problem document with the status and title of its code.
func (d *Document) CheckResponse(req *http.Request, resp *http.Response, body []byte) error {
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("Content-Type %q: %w", resp.Header.Get("Content-Type"), err)
	}
	if resp.Header.Get(api.HeaderRequestID) == "" {
		return errors.New("the response has no " + api.HeaderRequestID)
	}
	if resp.StatusCode >= 400 {
		if err := d.checkProblem(resp.StatusCode, media, body); err != nil {
			return err
		}
	}
	in, err := d.input(req)
	if err != nil {
		if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusMethodNotAllowed {
			return nil // not an endpoint, as the service reports
		}
		return err
	}
	if err := declares(in.Route.Operation, resp.StatusCode, media); err != nil {
		return err
	}
	if media == api.MediaNDJSON {
		return d.CheckStream(body)
	}
	if media == "text/event-stream" {
		return d.checkEvents(body)
	}
	return openapi3filter.ValidateResponse(req.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in,
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                in.Options,
	})
}

// CheckStream validates a complete NDJSON row stream. It has a head if the document describes
// one.
func (d *Document) CheckStream(body []byte) error {
	text, ok := strings.CutSuffix(string(body), "\n")
	if !ok {
		return errors.New("the stream's last line does not end in a newline")
	}
	lines := strings.Split(text, "\n")
	first := 0
	if d.Schema("StreamHead") != nil {
		if len(lines) < 2 {
			return fmt.Errorf("a stream has at least two lines, this one has %d", len(lines))
		}
		if err := d.Check("StreamHead", []byte(lines[0])); err != nil {
			return fmt.Errorf("line 1: %w", err)
		}
		first = 1
	}
	for i, line := range lines[first : len(lines)-1] {
		if err := d.Check("Row", []byte(line)); err != nil {
			return fmt.Errorf("line %d: %w", first+i+1, err)
		}
	}
	last := []byte(lines[len(lines)-1])
	if d.Check("StreamError", last) == nil {
		return nil
	}
	if err := d.Check("StreamEnd", last); err != nil {
		return fmt.Errorf("line %d: %w", len(lines), err)
	}
	return nil
}

// checkEvents validates the data of the server-sent events in body, the last of which may be
// truncated.
func (d *Document) checkEvents(body []byte) error {
	blocks := strings.Split(string(body), "\n\n")
	for _, block := range blocks[:len(blocks)-1] {
		for line := range strings.Lines(block) {
			data, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "data:")
			if !ok {
				continue
			}
			if err := d.Check("Event", []byte(strings.TrimSpace(data))); err != nil {
				return fmt.Errorf("event %q: %w", data, err)
			}
		}
	}
	return nil
}

func (d *Document) checkProblem(status int, media string, body []byte) error {
	if media != api.MediaProblem {
		return fmt.Errorf("the response %d is %s, not %s", status, media, api.MediaProblem)
	}
	if err := d.Check("Problem", body); err != nil {
		return err
	}
	var p api.Problem
	if err := json.Unmarshal(body, &p); err != nil {
		return err
	}
	switch {
	case p.Status != status:
		return fmt.Errorf("the problem has status %d, the response %d", p.Status, status)
	case p.Code.Status() != status:
		return fmt.Errorf("code %s has status %d, the response %d", p.Code, p.Code.Status(), status)
	case p.Title != p.Code.Title():
		return fmt.Errorf("title %q is not the title of code %s", p.Title, p.Code)
	case p.RequestID == "":
		return errors.New("the problem has no request_id")
	}
	return nil
}

// declares reports whether the operation has the media type under the status (or default).
func declares(op *openapi3.Operation, status int, media string) error {
	ref := op.Responses.Status(status)
	if ref == nil {
		ref = op.Responses.Default()
	}
	if ref == nil || ref.Value == nil {
		return fmt.Errorf("status %d is not in the document", status)
	}
	if _, ok := ref.Value.Content[media]; !ok {
		return fmt.Errorf("media type %q is not in the document for status %d", media, status)
	}
	return nil
}

// Path returns the document's path for a requested one: itself, or the one that has {id} as the
// last segment, and the value of that.
func (d *Document) Path(asked string) (path string, params map[string]string) {
	if d.spec.Paths.Value(asked) != nil {
		return asked, nil
	}
	i := strings.LastIndexByte(asked, '/')
	if path = asked[:i+1] + "{id}"; d.spec.Paths.Value(path) == nil {
		return asked, nil
	}
	return path, map[string]string{"id": asked[i+1:]}
}

// input finds the request's operation.
func (d *Document) input(req *http.Request) (*openapi3filter.RequestValidationInput, error) {
	path, params := d.Path(req.URL.Path)
	item := d.spec.Paths.Value(path)
	if item == nil {
		return nil, fmt.Errorf("path %s is not in the document", req.URL.Path)
	}
	op := item.GetOperation(req.Method)
	if op == nil {
		return nil, fmt.Errorf("%s %s is not in the document", req.Method, req.URL.Path)
	}
	return &openapi3filter.RequestValidationInput{
		Request:     req,
		QueryParams: req.URL.Query(),
		PathParams:  params,
		Route: &routers.Route{
			Spec: d.spec, Path: path, PathItem: item, Method: req.Method, Operation: op,
		},
		Options: &openapi3filter.Options{
			MultiError:            true,
			IncludeResponseStatus: true,
			SkipSettingDefaults:   true,
			AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
		},
	}, nil
}
