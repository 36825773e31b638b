package scatter

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/master/gather"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/sqltypes"
)

// script is a worker's answer, in the time of a bubble: when its header arrives, and when the texts do
// that follow, since the request and whether anybody reads them or not.
type script struct {
	header time.Duration
	body   []timedText
}

type timedText struct {
	at   time.Duration
	text string
}

func (s script) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := time.Now()
	time.Sleep(s.header)
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{"Content-Type": {api.MediaNDJSON}}, Body: &scriptBody{asked, s.body}, Request: r,
	}, nil
}

type scriptBody struct {
	asked time.Time
	left  []timedText
}

func (b *scriptBody) Read(p []byte) (int, error) {
	if len(b.left) == 0 {
		return 0, io.EOF
	}
	time.Sleep(time.Until(b.asked.Add(b.left[0].at)))
	n := copy(p, b.left[0].text)
	b.left = b.left[1:]
	return n, nil
}

func (*scriptBody) Close() error { return nil }

const ms = time.Millisecond

// TestEachShardsTimeIsItsOwn: however the streams are combined, the fast shards' times are theirs, and
// those of two slow ones do not hide each other.
func TestEachShardsTimeIsItsOwn(t *testing.T) {
	keys := []plan.MergeKey{{Column: 0, Type: sqltypes.BigIntType}}
	drop := func([]byte, int64) error { return nil }
	const end1, end2 = `{"end":{"rows":1}}` + "\n", `{"end":{"rows":2}}` + "\n"
	rows := func(a, b string) []timedText { return []timedText{{0, a + "\n" + b + "\n" + end2}} }
	// The second shard is slow to begin, and again before its second row. The third sends its header at
	// once, and is slow after that: until then, the second one's rows are not read, and not awaited.
	scattered := []script{
		{10 * ms, rows("[1]", "[4]")},
		{100 * ms, []timedText{{0, "[2]\n"}, {400 * ms, "[5]\n" + end2}}},
		{0, []timedText{{150 * ms, "[3]\n[6]\n" + end2}}},
		{20 * ms, rows("[7]", "[8]")},
	}
	counts := []script{
		{10 * ms, []timedText{{0, "[4]\n" + end1}}},
		{0, []timedText{{100 * ms, "[4]\n" + end1}}},
		{0, []timedText{{150 * ms, "[4]\n" + end1}}},
	}
	groups := []script{
		{10 * ms, rows("[1,4]", "[2,4]")},
		{0, []timedText{{100 * ms, "[1,4]\n[3,1]\n" + end2}}},
		{0, []timedText{{150 * ms, "[2,4]\n[3,1]\n" + end2}}},
	}
	for _, tt := range []struct {
		name    string
		columns int
		scripts []script
		gather  func(g *gather.Gathering) error
		want    [][2]float64 // by shard: until its first byte, and its last
	}{
		{"order by", 1, scattered, func(g *gather.Gathering) error { return g.Merge(gather.Order{Keys: keys, Columns: 1}, drop) },
			[][2]float64{{10, 10}, {100, 350}, {150, 150}, {20, 20}}},
		{"no order", 1, scattered, func(g *gather.Gathering) error { return g.Concat(nil, 0, drop) },
			[][2]float64{{10, 10}, {100, 350}, {150, 150}, {20, 20}}},
		{"a slow client", 1, scattered, func(g *gather.Gathering) error {
			return g.Merge(gather.Order{Keys: keys, Columns: 1}, func([]byte, int64) error { time.Sleep(time.Hour); return nil })
		}, [][2]float64{{10, 10}, {100, 350}, {150, 150}, {20, 20}}},
		{"count", 1, counts, func(g *gather.Gathering) error {
			_, err := g.Count(nil, 3, func(i int) int { return i })
			return err
		}, [][2]float64{{10, 10}, {100, 100}, {150, 150}}},
		{"group by", 2, groups, func(g *gather.Gathering) error {
			_, err := g.Count(keys, 3, func(i int) int { return i })
			return err
		}, [][2]float64{{10, 10}, {100, 100}, {150, 150}}},
		{"point read", 1, scattered[1:2], func(g *gather.Gathering) error { return g.Concat(nil, 0, drop) }, [][2]float64{{100, 400}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, parts := times(t, tt.columns, tt.scripts, tt.gather)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("times (-right, +said): %s", diff)
				}
				if diff := cmp.Diff(tt.want, parts); diff != "" {
					t.Errorf("times of the progress (-right, +said): %s", diff)
				}
			})
		})
	}
}

// times runs a read and returns what it says of each shard, at the end and as progress.
func times(t *testing.T, columns int, scripts []script, combine func(*gather.Gathering) error) (results, parts [][2]float64) {
	cfg := Config{Name: func(int) string { return "w" }, Timeout: time.Hour}
	for _, sc := range scripts {
		cfg.Workers = append(cfg.Workers, client.NewWorker("http://worker", "token", client.WithTransport(sc)))
	}
	s := New(cfg)
	var p Progress
	calls := make([]QueryCall, len(scripts))
	for i := range calls {
		calls[i] = QueryCall{Shard: i, Part: p.Part(i, "w"), Request: &api.QueryRequest{DB: "S", ResultTypes: make([]string, columns)}}
	}
	streams, problems := s.Query(t.Context(), "id", Streaming, calls, false)
	g := &gather.Gathering{}
	for i := range streams {
		if problems[i] != nil {
			t.Fatal(problems[i])
		}
		defer streams[i].Close()
		g.Sources = append(g.Sources, streams[i])
	}
	if err := combine(g); err != nil {
		t.Fatal(err)
	}
	for i, r := range p.At(time.Now()) {
		parts = append(parts, [2]float64{r.FirstMS, r.MS})
		end := streams[i].Result()
		results = append(results, [2]float64{end.FirstMS, end.MS})
	}
	return results, parts
}
