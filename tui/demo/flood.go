package demo

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// flood is many clients that read by key, each as fast as it is answered.
type flood struct {
	cancel       context.CancelFunc
	ended        sync.WaitGroup
	sent, failed atomic.Int64
}

// startFlood starts that many clients, which read the keys.
func startFlood(masters []*client.Master, clients int, keys []int64) *flood {
	ctx, cancel := context.WithCancel(context.Background())
	f := &flood{cancel: cancel}
	for i := range clients {
		m := masters[i%len(masters)]
		f.ended.Go(func() {
			for ctx.Err() == nil {
				key := jsontext.Value(strconv.FormatInt(keys[rand.IntN(len(keys))], 10)) //nolint:gosec // sample traffic
				err := bounded(ctx, func(ctx context.Context) error {
					_, err := m.Select(ctx, &api.SelectRequest{DB: demoDB, Table: demoTable, ShardKey: key})
					return err
				})
				f.sent.Add(1)
				if err != nil {
					f.failed.Add(1)
				}
			}
		})
	}
	return f
}

func (f *flood) end() {
	f.cancel()
	f.ended.Wait()
}
