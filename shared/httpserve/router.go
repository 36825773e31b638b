package httpserve

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"shardeck/shared/api"
)

// Handler serves a request, or returns an error before it has written anything; the router
// responds with the error's problem document.
type Handler func(w http.ResponseWriter, r *http.Request) error

// idSegment ends the path of a route that accepts any single last segment, which the handler gets
// by r.PathValue("id").
const idSegment = "/{id}"

// Route is one endpoint: a method and an exact path, or one that ends in /{id}.
// GET serves HEAD too.
type Route struct {
	Method  string
	Path    string
	Handler Handler
}

type endpoint struct {
	methods map[string]Handler
	allow   string
}

type router map[string]*endpoint

// NewRouter returns a handler for the routes. An unknown path is answered with not_found, an
// unknown method with method_not_allowed and an Allow header, both as problem documents. Paths
// match exactly except for a final {id}: no other patterns, no redirects.
func NewRouter(routes ...Route) http.Handler {
	rt := router{}
	for _, r := range routes {
		e := rt[r.Path]
		if e == nil {
			e = &endpoint{methods: map[string]Handler{}}
			rt[r.Path] = e
		}
		e.methods[r.Method] = r.Handler
		if r.Method == http.MethodGet {
			e.methods[http.MethodHead] = r.Handler
		}
	}
	for _, e := range rt {
		var names []string
		for m := range e.methods {
			names = append(names, m)
		}
		slices.Sort(names)
		e.allow = strings.Join(names, ", ")
	}
	return rt
}

// list says where to find the list of endpoints: in the served document, if there is one.
func (rt router) list() string {
	if rt[api.PathOpenAPI] != nil {
		return "the README and " + api.PathOpenAPI + " list the endpoints"
	}
	return "the endpoints are " + strings.Join(slices.Sorted(maps.Keys(rt)), ", ")
}

// ServeHTTP finds the handler and turns its error into a response.
func (rt router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := rt.find(r)
	if e == nil {
		WriteProblem(w, r, api.NewProblem(api.CodeNotFound, "this path does not exist").Hinted("%s", rt.list()))
		return
	}
	h := e.methods[r.Method]
	if h == nil {
		w.Header().Set("Allow", e.allow)
		WriteProblem(w, r, api.NewProblem(api.CodeMethodNotAllowed, "%s does not allow this method", r.URL.Path).
			Hinted("use %s", e.allow))
		return
	}
	if err := h(w, r); err != nil {
		WriteProblem(w, r, err)
	}
}

// find returns the endpoint for a request's path, or nil.
func (rt router) find(r *http.Request) *endpoint {
	if e := rt[r.URL.Path]; e != nil {
		return e
	}
	i := strings.LastIndexByte(r.URL.Path, '/')
	if i < 0 || i+1 == len(r.URL.Path) {
		return nil
	}
	e := rt[r.URL.Path[:i]+idSegment]
	if e != nil {
		r.SetPathValue("id", r.URL.Path[i+1:])
	}
	return e
}
