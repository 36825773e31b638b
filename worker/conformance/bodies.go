package conformance

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"shardeck/shared/api"
)

// posts are the endpoints with a request body.
func posts() (paths []string) {
	for _, ep := range api.GuardedWorkerEndpoints() {
		if ep.Method == http.MethodPost {
			paths = append(paths, ep.Path)
		}
	}
	return paths
}

func malformedBodies(e *env) {
	bad := map[string]string{
		"nothing":             "",
		"blank":               "  \n",
		"text":                "hello",
		"cut":                 `{"db_name":"A`,
		"trailing comma":      `{"db_name":"A",}`,
		"single quotes":       `{'db_name':'A'}`,
		"comment":             `{/* no */"db_name":"A"}`,
		"two values":          `{} {}`,
		"NaN":                 `{"timeout_ms":NaN}`,
		"not UTF-8":           "{\"db_name\":\"\xff\xfe\"}",
		"raw newline":         "{\"db_name\":\"a\nb\"}",
		"lone surrogate":      `{"db_name":"\ud800"}`,
		"ten thousand levels": strings.Repeat(`[`, 10_000) + strings.Repeat(`]`, 10_000),
		"never closed":        strings.Repeat(`{"a":`, 50_000),
		"nine hundred levels after a surrogate pair": `["\ud83d\ude00",` + strings.Repeat(`[`, 900) + strings.Repeat(`]`, 901),
	}
	for _, path := range posts() {
		for name, body := range bad {
			a := e.refused(http.MethodPost, path, body, nil,
				api.CodeInvalidJSON, api.CodeInvalidField, api.CodeUnknownField, api.CodeTooComplex)
			if a.status != http.StatusBadRequest {
				e.Errorf("%s, %s: %d", path, name, a.status)
			}
		}
		e.refused(http.MethodPost, path, `{"db_name":"A","db_name":"B"}`, nil, api.CodeInvalidField, api.CodeUnknownField)
		for _, other := range []string{`[]`, `"x"`, `7`, `true`} {
			e.refused(http.MethodPost, path, other, nil, api.CodeInvalidField, api.CodeInvalidJSON)
		}
	}
}

// oversizedBodies declares and sends more than any worker accepts. The worker may respond at once
// and close the connection, so this does not use an HTTP client.
func oversizedBodies(e *env) {
	const size = 40 << 20 // a worker accepts 32 MiB
	for _, chunked := range []bool{false, true} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(e.f.URL, "http://"))
		if err != nil {
			e.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			e.Fatal(err)
		}
		length := fmt.Sprintf("Content-Length: %d", size)
		if chunked {
			length = "Transfer-Encoding: chunked"
		}
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s: %s\r\nContent-Type: %s\r\n%s\r\n\r\n",
			api.WorkerExecPath, api.HeaderToken, e.f.Token, api.MediaJSON, length)
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			start, piece := `{"db_name":"`, strings.Repeat("x", 64<<10)
			if chunked {
				start = fmt.Sprintf("%x\r\n%s\r\n", len(start), start)
				piece = fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece)
			}
			if _, err := conn.Write([]byte(start)); err != nil {
				return
			}
			for range size / (64 << 10) {
				if _, err := conn.Write([]byte(piece)); err != nil {
					return // refused midway, as it should be
				}
			}
		}()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		switch {
		case err != nil:
			e.Errorf("no response to an oversized body (chunked: %v): %v", chunked, err)
		case resp.StatusCode != http.StatusRequestEntityTooLarge:
			e.Errorf("an oversized body (chunked: %v) got %s", chunked, resp.Status)
		}
		if resp != nil {
			resp.Body.Close()
		}
		conn.Close()
		<-sent
	}
	if _, err := e.w.Health(e.Context()); err != nil {
		e.Errorf("the worker after the oversized bodies: %v", err)
	}
}

// expectations sends requests that expect 100 Continue before a body that never follows, because
// there is none or because it is too large. An HTTP client would not send either.
func expectations(e *env) {
	const size = 40 << 20 // a worker accepts 32 MiB
	for _, c := range []struct {
		method, path, length string
		status               int
	}{
		{http.MethodGet, api.WorkerHealthPath, "", http.StatusOK},
		{http.MethodPost, api.WorkerExecPath, "Content-Length: 0\r\n", http.StatusBadRequest},
		{http.MethodPost, api.WorkerExecPath, fmt.Sprintf("Content-Length: %d\r\n", size), http.StatusRequestEntityTooLarge},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(e.f.URL, "http://"))
		if err != nil {
			e.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			e.Fatal(err)
		}
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s: %s\r\nContent-Type: %s\r\nExpect: 100-continue\r\n%s\r\n",
			c.method, c.path, api.HeaderToken, e.f.Token, api.MediaJSON, c.length)
		r := bufio.NewReader(conn)
		resp, err := http.ReadResponse(r, nil)
		for err == nil && resp.StatusCode == http.StatusContinue {
			resp, err = http.ReadResponse(r, nil)
		}
		switch {
		case err != nil:
			e.Errorf("%s %s with %q: %v", c.method, c.path, c.length, err)
		case resp.StatusCode != c.status:
			e.Errorf("%s %s with %q: %s, want %d", c.method, c.path, c.length, resp.Status, c.status)
		}
		if resp != nil {
			resp.Body.Close()
		}
		conn.Close()
	}
}

// fieldsAtFault checks that an error names the field.
func fieldsAtFault(e *env) {
	const (
		fence = `"fence":{"term":0,"map_version":0}`
		st    = `"sql":"SELECT 1","table":"T","effect":"insert"`
		cols  = `"result_types":["INT"]`
	)
	exec := func(statement string) string {
		return `{"db_name":"A",` + fence + `,"statements":[{` + statement + `}]}`
	}
	cases := []struct {
		path, body string
		code       api.Code
		field      string
	}{
		{"/create-db", `{` + fence + `}`, api.CodeMissingField, "db_name"},
		{"/create-db", `{"db_name":"A"}`, api.CodeMissingField, "fence"},
		{"/create-db", `{"db_name":7,` + fence + `}`, api.CodeInvalidField, "db_name"},
		{"/create-db", `{"db_name":"A","fence":{"term":"x","map_version":0}}`, api.CodeInvalidField, "fence.term"},
		{"/create-db", `{"db_name":"A","fence":{"term":-1,"map_version":0}}`, api.CodeInvalidField, "fence.term"},
		{"/create-db", `{"db_name":"A","fence":{"term":1.5,"map_version":0}}`, api.CodeInvalidField, "fence.term"},
		{"/create-db", `{"db_name":"A","fence":{"term":1e40,"map_version":0}}`, api.CodeInvalidField, "fence.term"},
		{"/create-db", `{"db_name":"A","fence":{"term":9007199254740992,"map_version":0}}`, api.CodeInvalidField, "fence.term"},
		{"/drop-db", `{"db_name":"A","fence":{"term":9007199254740992,"map_version":0}}`, api.CodeInvalidField, "fence.term"},
		{"/exec", `{"db_name":"A","fence":{"term":18446744073709551615,"map_version":0},"statements":[{` + st + `}]}`, api.CodeInvalidField, "fence.term"},
		{"/state", `{"term":9007199254740992,"map_version":1,"leader":"http://127.0.0.1:1","shard":"0/1"}`, api.CodeInvalidField, "term"},
		{"/create-db", `{"db_name":"A",` + fence + `,"more":1}`, api.CodeUnknownField, "more"},
		{"/create-db", `{"db_name":"A","fence":{"term":0,"map_version":0,"x":1}}`, api.CodeUnknownField, "fence.x"},
		{"/drop-db", `{` + fence + `}`, api.CodeMissingField, "db_name"},
		{"/drop-db", `{"db_name":"A"}`, api.CodeMissingField, "fence"},
		{"/exec", `{` + fence + `,"statements":[{` + st + `}]}`, api.CodeMissingField, "db_name"},
		{"/exec", `{"db_name":"A","statements":[{` + st + `}]}`, api.CodeMissingField, "fence"},
		{"/exec", `{"db_name":"A",` + fence + `}`, api.CodeMissingField, "statements"},
		{"/exec", `{"db_name":"A",` + fence + `,"statements":[]}`, api.CodeMissingField, "statements"},
		{"/exec", `{"db_name":"A",` + fence + `,"statements":{}}`, api.CodeInvalidField, "statements"},
		{"/exec", exec(`"table":"T","effect":"insert"`), api.CodeMissingField, "statements[0].sql"},
		{"/exec", exec(`"sql":"SELECT 1","effect":"insert"`), api.CodeMissingField, "statements[0].table"},
		{"/exec", exec(`"sql":"SELECT 1","table":"T"`), api.CodeMissingField, "statements[0].effect"},
		{"/exec", exec(`"sql":"SELECT 1","table":"T","effect":"truncate"`), api.CodeInvalidField, "statements[0].effect"},
		{"/exec", exec(`"sql":"SELECT 1","table":"T","effect":"create_table"`), api.CodeMissingField, "statements[0].definition"},
		{"/exec", exec(st + `,"types":"INT"`), api.CodeInvalidField, "statements[0].types"},
		{"/exec", exec(st + `,"types":["INT"],"rows":[[1]]`), api.CodeInvalidField, "statements[0].columns"},
		{"/exec", exec(`"sql":"SELECT 1","table":"T","effect":"delete","columns":["a"]`), api.CodeInvalidField, "statements[0].columns"},
		{"/exec", exec(st + `,"more":1`), api.CodeUnknownField, "statements[0].more"},
		{"/exec", `{"db_name":"A",` + fence + `,"statements":[{` + st + `}],"timeout_ms":-1}`, api.CodeInvalidField, "timeout_ms"},
		{"/exec", `{"db_name":"A",` + fence + `,"statements":[{` + st + `}],"idempotency":{"key":"","hash":"` + hash("") + `"}}`, api.CodeInvalidField, "idempotency.key"},
		{"/exec", `{"db_name":"A",` + fence + `,"statements":[{` + st + `}],"idempotency":{"key":"k","hash":"abc"}}`, api.CodeInvalidField, "idempotency.hash"},
		{"/query", `{"sql":"SELECT 1",` + cols + `}`, api.CodeMissingField, "db_name"},
		{"/query", `{"db_name":"A",` + cols + `}`, api.CodeMissingField, "sql"},
		{"/query", `{"db_name":"A","sql":"SELECT 1"}`, api.CodeMissingField, "result_types"},
		{"/query", `{"db_name":"A","sql":"SELECT 1",` + cols + `,"timeout_ms":"soon"}`, api.CodeInvalidField, "timeout_ms"},
		{"/query", `{"db_name":"A","sql":"SELECT 1",` + cols + `,"limit":1}`, api.CodeUnknownField, "limit"},
		{"/state", `{"term":1,"map_version":1,"shard":"0/1"}`, api.CodeMissingField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://127.0.0.1:1"}`, api.CodeMissingField, "shard"},
		{"/state", `{"map_version":1,"leader":"http://127.0.0.1:1","shard":"0/1"}`, api.CodeInvalidField, "term"},
		{"/state", `{"term":1,"map_version":1,"leader":"here","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http:localhost","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http:///localhost","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http:\\\\localhost","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":" http://localhost","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://local host","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://localhost\n","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://local\thost","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://localhost\u0000","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://localhost:port","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://%zz","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://@","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://[::1","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://localhost/` + strings.Repeat("é", 500) + `","shard":"0/1"}`, api.CodeInvalidField, "leader"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://127.0.0.1:1","shard":"3/3"}`, api.CodeInvalidField, "shard"},
		{"/state", `{"term":1,"map_version":1,"leader":"http://127.0.0.1:1","shard":"first"}`, api.CodeInvalidField, "shard"},
	}
	for _, c := range cases {
		a := e.refused(http.MethodPost, c.path, c.body, nil, c.code)
		if a.p.Field != c.field {
			e.Errorf("POST %s with %s: the field at fault is %q, want %q", c.path, c.body, a.p.Field, c.field)
		}
	}
	if st := e.fence(); st.Term != 0 {
		e.Errorf("a refused request has changed the fence to %+v", st)
	}
}

func identifiers(e *env) {
	long := strings.Repeat("a", api.MaxIdentifier+1)
	for _, name := range []string{
		"1st", "_own", "a b", "a-b", "a.b", "a/b", `a\\b`, `a\"b`, "a'b", "a]b", "[a]", "a;b", "a--", `a\u0000b`, `a\nb`,
		"ä", "аdmin", "ａ", "a\u200bb", "..", "../x", "a%", "%61", long,
	} {
		for _, path := range []string{api.WorkerCreateDBPath, api.WorkerDropDBPath} {
			a := e.refused(http.MethodPost, path, `{"db_name":"`+name+`","fence":{"term":0,"map_version":0}}`, nil, api.CodeInvalidIdentifier)
			if a.p.Field != "db_name" {
				e.Errorf("%q: the field at fault is %q", name, a.p.Field)
			}
		}
		e.refused(http.MethodPost, api.WorkerExecPath,
			`{"db_name":"A","fence":{"term":0,"map_version":0},"statements":[{"sql":"SELECT 1","table":"`+name+`","effect":"delete"}]}`, nil,
			api.CodeInvalidIdentifier)
		e.refused(http.MethodPost, api.WorkerQueryPath,
			`{"db_name":"`+name+`","sql":"SELECT 1","result_types":["INT"]}`, nil, api.CodeInvalidIdentifier)
	}
}

// cleanupContext is for cleanup after a test's own context has ended.
func cleanupContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Minute)
}
