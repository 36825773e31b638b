package client_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// collect reads a stream to its end.
func collect(s *client.RowStream) (rows []string, end *api.EndInfo, err error) {
	defer s.Close()
	for {
		block, err := s.NextBlock()
		if err == io.EOF {
			return rows, s.End(), nil
		}
		if err != nil {
			return rows, nil, err
		}
		if len(block) == 0 || block[len(block)-1] != '\n' {
			return rows, nil, fmt.Errorf("a block does not end in a newline: %q", block)
		}
		lines := strings.Split(strings.TrimSuffix(string(block), "\n"), "\n")
		rows = append(rows, lines...)
		if int64(len(rows)) != s.Rows() {
			return rows, nil, fmt.Errorf("%d lines of %d rows", len(rows), s.Rows())
		}
	}
}

const head = `{"columns":[{"name":"a","type":"INT"}]}` + "\n"

func TestInvalidStreams(t *testing.T) {
	long := `["` + strings.Repeat("x", client.MaxLine) + `"]` + "\n"
	cases := []struct {
		name, body string
		want       api.Code
		rows       int
	}{
		{"cut off after a row", "[1]\n", api.CodeShardBadAnswer, 1},
		{"cut off within a row", "[1]\n[2", api.CodeShardBadAnswer, 1},
		{"end within a line", "[1]\n{\"end\":{\"rows\":1}}", api.CodeShardBadAnswer, 1},
		{"rows missing", "[1]\n{\"end\":{\"rows\":2}}\n", api.CodeShardBadAnswer, 1},
		{"rows after the end", "{\"end\":{\"rows\":0}}\n[1]\n", api.CodeShardBadAnswer, 0},
		{"error record", "[1]\n{\"error\":{\"code\":\"out_of_range\"}}\n", api.CodeOutOfRange, 1},
		{"empty error", "{\"error\":{}}\n", api.CodeShardBadAnswer, 0},
		{"both records in one", "{\"end\":{\"rows\":0},\"error\":{\"code\":\"x\"}}\n", api.CodeShardBadAnswer, 0},
		{"text among the rows", "[1]\nhello\n[2]\n", api.CodeShardBadAnswer, 1},
		{"a second head", head + "[1]\n", api.CodeShardBadAnswer, 0},
		{"empty line", "[1]\n\n[2]\n", api.CodeShardBadAnswer, 1},
		{"unterminated row", "[1\n", api.CodeShardBadAnswer, 0},
		{"endless line", long, api.CodeShardBadAnswer, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			check := func(s *client.RowStream, err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
				rows, _, err := collect(s)
				if api.CodeOf(err) != c.want || len(rows) != c.rows {
					t.Errorf("got %d rows and %v, want %d and %s", len(rows), err, c.rows, c.want)
				}
			}
			// A master's stream has a head, a worker's has none.
			check(worker(t, answering(200, api.MediaNDJSON, c.body)).Query(t.Context(), &api.QueryRequest{}))
			check(master(t, answering(200, api.MediaNDJSON, head+c.body)).SelectStream(t.Context(), &api.SelectRequest{}))
		})
	}
}

// Rows are passed on as they are, so a row that is not one of the query's ends the stream, after
// the rows before it.
func TestRowsOfAnotherShapeAreABadAnswer(t *testing.T) {
	for _, row := range []string{`[1]`, `[1,2,3]`, `[]`, `[1,]`, `[1,"a` + "\x01" + `b"]`, `[1,"a` + "\t" + `b"]`, `[1,"a` + "\xff" + `"]`, `[1,[2]]`, `[1 2,3]`, `[1,"a]`} {
		body := `[1,"a,b"]` + "\n" + row + "\n" + `[3,null]` + "\n" + `{"end":{"rows":3}}` + "\n"
		s, err := worker(t, answering(200, api.MediaNDJSON, body)).Query(t.Context(), &api.QueryRequest{ResultTypes: []string{"INT", "NVARCHAR(9)"}})
		if err != nil {
			t.Fatal(err)
		}
		rows, _, err := collect(s)
		if p := api.AsProblem(err); err == nil || p.Code != api.CodeShardBadAnswer || !strings.Contains(p.Detail, "2 values") || len(rows) != 1 {
			t.Errorf("%q: %d rows and %v; want one, and a bad answer", row, len(rows), err)
		}
		_ = s.Close()
	}
}

func TestStreamCutOffByTheServer(t *testing.T) {
	w := worker(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "[1]\n")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	s, err := w.Query(t.Context(), &api.QueryRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := collect(s); api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("got %v", err)
	}
}

func TestClosingAStreamEndsItAtTheServer(t *testing.T) {
	ended := make(chan struct{})
	w := worker(t, func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		_, _ = io.Copy(io.Discard, r.Body)
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat([]byte("[1]\n"), 1000)); err != nil {
				return
			}
		}
	})
	s, err := w.Query(t.Context(), &api.QueryRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.NextBlock(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s.Close()
	<-ended
	if _, err := s.NextBlock(); api.CodeOf(err) != api.CodeCanceled {
		t.Errorf("after Close: %v", err)
	}
}

// slowly is a transport whose response arrives in pieces of chosen sizes.
type slowly struct {
	body  string
	sizes func() int
}

func (s *slowly) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	r.Body.Close()
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(s)}, nil
}

func (s *slowly) Read(b []byte) (int, error) {
	if s.body == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), max(1, s.sizes()))], s.body)
	s.body = s.body[n:]
	return n, nil
}

func TestStreamsAreCompleteWhateverTheChunking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lens := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 200_000)), 0, 20).Draw(t, "lengths")
		var want []string
		for i, n := range lens {
			want = append(want, fmt.Sprintf(`[%d,"%s"]`, i, strings.Repeat("y", n)))
		}
		body := head + strings.Join(want, "\n")
		if len(want) > 0 {
			body += "\n"
		}
		body += fmt.Sprintf(`{"end":{"rows":%d}}`, len(want)) + "\n"
		sizes := rapid.SliceOfN(rapid.IntRange(1, 70_000), 1, 10).Draw(t, "pieces")
		i := 0
		w := client.NewMaster("http://x", client.WithTransport(&slowly{body, func() int { i++; return sizes[i%len(sizes)] }}))
		s, err := w.SelectStream(context.Background(), &api.SelectRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]api.Column{{Name: "a", Type: "INT"}}, s.Head().Columns); diff != "" {
			t.Fatal(diff)
		}
		got, end, err := collect(s)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || end.Rows != int64(len(want)) {
			t.Fatalf("%d rows: %s", end.Rows, diff)
		}
	})
}

func FuzzRowStream(f *testing.F) {
	f.Add([]byte(head + "[1]\n{\"end\":{\"rows\":1}}\n"))
	f.Add([]byte(head + "[1]\n{\"error\":{\"code\":\"internal\"}}\n"))
	f.Add([]byte("\n\n[\n]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := client.NewMaster("http://x", client.WithTransport(&slowly{string(b), func() int { return 7 }}))
		s, err := w.SelectStream(context.Background(), &api.SelectRequest{})
		if err != nil {
			return
		}
		if _, end, err := collect(s); (err == nil) != (end != nil) {
			t.Errorf("end %v with error %v", end, err)
		}
	})
}
