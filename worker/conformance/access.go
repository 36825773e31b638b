package conformance

import (
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

func health(e *env) {
	a := e.send(http.MethodGet, api.WorkerHealthPath, "", func(h http.Header) { h.Del(api.HeaderToken) })
	var got api.WorkerHealth
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != http.StatusOK {
		e.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	if got.Status != "ok" || got.Name == "" || got.Language == "" || got.Engine == "" || got.EngineVersion == "" || got.Version == "" {
		e.Errorf("got %s", a.body)
	}
	want := map[string]string{"sqlite": api.SQLiteDialect, "sqlserver": api.SQLServerDialect}[got.Engine]
	if got.Dialect != want {
		e.Errorf("the engine %s has the dialect %q, want %q", got.Engine, got.Dialect, want)
	}
	if got.Shard != "" {
		e.Errorf("a new worker has the shard %q", got.Shard)
	}
	if strings.Contains(string(a.body), e.f.Token) {
		e.Error("the health response leaks the token")
	}
}

// shardInHealth checks that /health shows the shard once the worker has been given one.
func shardInHealth(e *env) {
	const shard = "0/1"
	next := api.Fence{Term: e.fence().Term + 1, MapVersion: 1}
	if _, err := e.w.SetState(e.Context(), &api.StateUpdate{Fence: next, Leader: "http://127.0.0.1:1", Shard: shard}); err != nil {
		e.Fatal(err)
	}
	h, err := e.w.Health(e.Context())
	if err != nil {
		e.Fatal(err)
	}
	e.same("the shard", shard, h.Shard)
}

// physicalNames checks that the names of physical databases are made of the logical name as it was
// given first, and the configured suffix.
func physicalNames(e *env) {
	name := e.database()
	st, err := e.w.Stats(e.Context())
	if err != nil {
		e.Fatal(err)
	}
	found := false
	for _, db := range st.Databases {
		found = found || db.Name == name && db.Physical == name+e.f.Suffix
	}
	if !found {
		e.Errorf("the statistics lack %s%s: %+v", name, e.f.Suffix, st.Databases)
	}
	got, err := e.w.DropDB(e.Context(), &api.DBRequest{DB: strings.ToUpper(name), Fence: e.fence()})
	if err != nil {
		e.Fatal(err)
	}
	e.same("the physical name of the dropped database", name+e.f.Suffix, got.Physical)
}

// access tries every guarded endpoint with every invalid credential, and with the right one.
func access(e *env) {
	near := []byte(e.f.Token)
	near[len(near)-1] ^= 1
	set := func(values ...string) func(http.Header) {
		return func(h http.Header) {
			h.Del(api.HeaderToken)
			for _, v := range values {
				h.Add(api.HeaderToken, v)
			}
		}
	}
	bad := map[string]func(http.Header){
		"no token":              set(),
		"empty token":           set(""),
		"wrong token":           set("wrong"),
		"near miss":             set(string(near)),
		"token cut short":       set(e.f.Token[:len(e.f.Token)-1]),
		"token and more":        set(e.f.Token + "x"),
		"the right token twice": set(e.f.Token, e.f.Token),
		"as a bearer": func(h http.Header) {
			h.Del(api.HeaderToken)
			h.Set("Authorization", "Bearer "+e.f.Token)
		},
		"wrong token, and an otherwise invalid request": func(h http.Header) {
			h.Set(api.HeaderToken, "wrong")
			h.Set("Content-Type", "text/plain")
		},
	}
	for _, ep := range api.GuardedWorkerEndpoints() {
		for name, edit := range bad {
			a := e.refused(ep.Method, ep.Path, `{"db_name":"Intruder","fence":{"term":0,"map_version":0}}`, edit, api.CodeUnauthorized)
			if a.status != http.StatusUnauthorized {
				e.Errorf("%s %s, %s: %d", ep.Method, ep.Path, name, a.status)
			}
			if strings.Contains(string(a.body), e.f.Token) {
				e.Errorf("%s %s, %s: the response leaks the token", ep.Method, ep.Path, name)
			}
		}
		// The control: the right token is accepted, even if only to report that the request is
		// empty.
		if a := e.send(ep.Method, ep.Path, "{}", nil); a.status == http.StatusUnauthorized || a.status == http.StatusForbidden {
			e.Errorf("%s %s: the right token got %d", ep.Method, ep.Path, a.status)
		}
	}
	st, err := e.w.Stats(e.Context())
	if err != nil {
		e.Fatal(err)
	}
	for _, db := range st.Databases {
		if api.SameName(db.Name, "Intruder") {
			e.Error("a request without the token has created a database")
		}
	}
}

// problemDocuments checks aspects of error responses that the document's schema cannot express.
func problemDocuments(e *env) {
	a := e.refused(http.MethodPost, api.WorkerDropDBPath, `{"db_name":"NotThere","fence":{"term":0,"map_version":0}}`, func(h http.Header) {
		h.Set(api.HeaderRequestID, "conformance-1")
	}, api.CodeUnknownDatabase)
	if a.p.RequestID != "conformance-1" || a.header.Get(api.HeaderRequestID) != "conformance-1" {
		e.Errorf("the request's id came back as %q and %q", a.p.RequestID, a.header.Get(api.HeaderRequestID))
	}
	if a.p.Type != "urn:shardeck:problem:unknown_database" || a.p.Detail == "" || a.p.Hint == "" {
		e.Errorf("got %s", a.body)
	}
	for _, id := range []string{"", "a b", `"quoted"`, strings.Repeat("x", 500)} {
		a := e.refused(http.MethodPost, api.WorkerDropDBPath, `{"db_name":"NotThere","fence":{"term":0,"map_version":0}}`, func(h http.Header) {
			h.Set(api.HeaderRequestID, id)
		}, api.CodeUnknownDatabase)
		if a.p.RequestID == id || a.p.RequestID == "" {
			e.Errorf("the request id %q came back as %q: an invalid one must be replaced", id, a.p.RequestID)
		}
	}
}

func methodsAndPaths(e *env) {
	methods := map[string][]string{api.WorkerHealthPath: {http.MethodGet}}
	for _, ep := range api.GuardedWorkerEndpoints() {
		methods[ep.Path] = append(methods[ep.Path], ep.Method)
	}
	for path, allowed := range methods {
		for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if strings.Contains(strings.Join(allowed, " "), m) {
				continue
			}
			a := e.refused(m, path, "{}", nil, api.CodeMethodNotAllowed)
			for _, ok := range allowed {
				if !strings.Contains(a.header.Get("Allow"), ok) {
					e.Errorf("%s %s: Allow is %q, without %s", m, path, a.header.Get("Allow"), ok)
				}
			}
		}
	}
	for _, path := range []string{"/", "/nowhere", "/exec/", "/exec/more", "/%2e%2e/exec", "/EXEC", "/exec%00", "//exec", "/%2Fexec", "///exec"} {
		e.refused(http.MethodPost, path, "{}", nil, api.CodeNotFound)
	}
}

// origins sends what a browser sends for a page of another origin. An origin that cannot be parsed
// is another one.
func origins(e *env) {
	for name, value := range map[string][]string{
		"Origin":         {"http://evil.example", "null", "http://[", "http://[::1", "http://a]b", "://", "http://%zz"},
		"Sec-Fetch-Site": {"cross-site", "same-site", "?"},
	} {
		for _, v := range value {
			e.refused(http.MethodPost, api.WorkerDropDBPath, `{"db_name":"NotThere","fence":{"term":0,"map_version":0}}`, func(h http.Header) {
				h.Set(name, v)
			}, api.CodeForbidden)
		}
	}
	if a := e.send(http.MethodGet, api.WorkerStatePath, "", func(h http.Header) { h.Set("Origin", "http://[") }); a.status != http.StatusOK {
		e.Errorf("a safe request with an invalid origin got %d", a.status)
	}
}

func mediaTypes(e *env) {
	for _, ep := range api.GuardedWorkerEndpoints() {
		if ep.Method != http.MethodPost {
			continue
		}
		for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data; boundary=x"} {
			e.refused(ep.Method, ep.Path, "{}", func(h http.Header) {
				h.Del("Content-Type")
				if media != "" {
					h.Set("Content-Type", media)
				}
			}, api.CodeUnsupportedMedia)
		}
	}
	// A parameter is ignored.
	for _, media := range []string{"application/json; charset=utf-8", "Application/JSON;charset=utf-8", "application/json\t; charset=utf-8"} {
		e.refused(http.MethodPost, api.WorkerDropDBPath, `{"db_name":"NotThere","fence":{"term":0,"map_version":0}}`, func(h http.Header) {
			h.Set("Content-Type", media)
		}, api.CodeUnknownDatabase)
	}
}
