package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// The echo baseline is the cost of a bare two-hop JSON service in Go: plain net/http and
// encoding/json, with connections kept open. The first hop decodes the client's JSON,
// picks a second hop by hash, sends it a request and passes on its answer; the second
// decodes the request and encodes an answer as large as that of a point select. Neither
// parses SQL, uses a database, logs, checks a token or validates: the ratio measures the
// cost of what Shardeck does in addition.

type echoRequest struct {
	DB        string         `json:"db_name"`
	Table     string         `json:"table"`
	Condition string         `json:"condition,omitempty"`
	Data      map[string]any `json:"data,omitempty"`
	SQL       string         `json:"sql,omitempty"`
}

type echoColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type echoAnswer struct {
	Columns []echoColumn `json:"columns"`
	Rows    [][]any      `json:"rows"`
	Count   int          `json:"row_count"`
}

// EchoWorker is the hidden command of the baseline's second hop.
type EchoWorker struct{}

// Run serves until the context ends.
func (*EchoWorker) Run(ctx context.Context) error {
	columns := make([]echoColumn, len(studentColumns))
	row := []any{1234567, "Ada Lovelace 1234567", "ada.1234567@example.edu", "3.50", "2024-09-01"}
	for i, c := range studentColumns {
		columns[i] = echoColumn{Name: c.name, Type: c.kind}
	}
	return serveEcho(ctx, func(w http.ResponseWriter, r *http.Request) {
		var req echoRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// The status is already sent, so a failure cannot be reported.
		_ = json.NewEncoder(w).Encode(echoAnswer{Columns: columns, Rows: [][]any{row}, Count: 1})
	})
}

// EchoMaster is the hidden command of the baseline's first hop.
type EchoMaster struct {
	Workers []string `help:"Base URLs of the second hops." required:""`
}

// Run serves until the context ends.
func (m *EchoMaster) Run(ctx context.Context) error {
	hc := newLoadClient()
	return serveEcho(ctx, func(w http.ResponseWriter, r *http.Request) {
		var req echoRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		req.SQL = "SELECT a, b, c, d, e FROM t WHERE a = @p1"
		body, err := json.Marshal(&req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		h := fnv.New32a()
		_, _ = io.WriteString(h, req.Condition)
		url := m.Workers[int(h.Sum32()%uint32(len(m.Workers)))]
		out, err := http.NewRequestWithContext(r.Context(), http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		out.Header.Set("Content-Type", "application/json")
		resp, err := hc.Do(out)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		var answer echoAnswer
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(&answer)
	})
}

// serveEcho listens on a free loopback port and announces it as Shardeck's own services
// do. It exits when its standard input closes, and so with its parent.
func serveEcho(ctx context.Context, h http.HandlerFunc) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		srv.Close()
	}()
	context.AfterFunc(ctx, func() { srv.Close() })
	fmt.Printf("listening on http://%s\n", ln.Addr())
	if err := srv.Serve(ln); err != http.ErrServerClosed {
		return err
	}
	return nil
}
