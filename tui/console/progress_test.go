package console

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

// listed answers polls one after the other; the last answer repeats.
type listed struct {
	answers []func(ctx context.Context) (*api.RunningQuery, error)
	polls   atomic.Int32
}

func (l *listed) Running(ctx context.Context, requestID string) (*api.RunningQuery, error) {
	if requestID != "mine" {
		return nil, errors.New("another's statement was asked for")
	}
	return l.answers[min(int(l.polls.Add(1)), len(l.answers))-1](ctx)
}

func found(id string) func(context.Context) (*api.RunningQuery, error) {
	return func(context.Context) (*api.RunningQuery, error) { return &api.RunningQuery{ID: id}, nil }
}

func TestProgressIsPolledUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listed{answers: []func(context.Context) (*api.RunningQuery, error){
			func(context.Context) (*api.RunningQuery, error) { return nil, nil }, // not there yet
			found("a"),
			func(context.Context) (*api.RunningQuery, error) { return nil, errors.New("connection refused") },
			func(ctx context.Context) (*api.RunningQuery, error) { // a master that hangs
				<-ctx.Done()
				return nil, ctx.Err()
			},
			found("b"),
		}}
		var seen []string
		began := time.Now()
		stop := followProgress(t.Context(), l, "mine", func(p *api.RunningQuery) { seen = append(seen, p.ID) })
		time.Sleep(progressEvery - 1)
		synctest.Wait()
		if l.polls.Load() != 0 {
			t.Error("a statement that ends at once is polled")
		}
		time.Sleep(4*progressEvery + progressTimeout)
		synctest.Wait()
		stop()
		if diff := cmp.Diff([]string{"a", "b"}, seen[:min(2, len(seen))]); diff != "" {
			t.Errorf("after %s: %s", time.Since(began), diff)
		}
		before := len(seen)
		time.Sleep(time.Minute)
		if len(seen) != before {
			t.Error("it was polled after the end")
		}
	})
}

func TestStoppingDoesNotWaitForAMasterThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listed{answers: []func(context.Context) (*api.RunningQuery, error){func(ctx context.Context) (*api.RunningQuery, error) {
			<-ctx.Done()
			return &api.RunningQuery{}, nil // too late
		}}}
		stop := followProgress(t.Context(), l, "mine", func(*api.RunningQuery) { t.Error("an answer after the end is passed on") })
		time.Sleep(progressEvery + 1)
		began := time.Now()
		stop()
		if d := time.Since(began); d != 0 || l.polls.Load() != 1 {
			t.Errorf("it took %s after %d polls", d, l.polls.Load())
		}
	})
}
