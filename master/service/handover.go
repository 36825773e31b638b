package service

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/httpserve"
)

// held are the requests that waited for a change of primary instead of failing: row writes that
// a worker refused because of a newer term, and schema changes that arrived at a primary which
// was handing over. Their number and durations are metrics.
type held struct{ writes, changes *metrics.Histogram }

func newHeld(set *metrics.Set) held {
	return held{
		writes:  set.NewHistogram(`shardeck_master_held_seconds{kind="write"}`),
		changes: set.NewHistogram(`shardeck_master_held_seconds{kind="schema change"}`),
	}
}

type heldKey struct{}

// awaitDDL waits for this master's turn to change the schema. If it is handing over, that is
// until the other master leads, and the request is marked as held.
func (s *Service) awaitDDL(ctx context.Context) (done func(), err error) {
	began, draining := time.Now(), s.draining.Load()
	select {
	case <-s.ddl:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if mark, ok := ctx.Value(heldKey{}).(*bool); draining && ok {
		*mark = true
		s.metrics.held.changes.UpdateDuration(began)
	}
	return func() { s.ddl <- struct{}{} }, nil
}

// drainDDL makes schema changes wait, and returns once none is in progress.
func (s *Service) drainDDL(ctx context.Context) (resume func(), err error) {
	s.draining.Store(true)
	select {
	case <-s.ddl:
		return func() {
			s.draining.Store(false)
			s.ddl <- struct{}{}
		}, nil
	case <-ctx.Done():
		s.draining.Store(false)
		return nil, api.NewProblem(api.CodeOverloaded, "a schema change is in progress")
	}
}

// handOn passes a schema change that was held during a hand-over on to the new primary: its client
// did nothing wrong, and need not notice.
func (s *Service) handOn(path string, next httpserve.Handler) httpserve.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var body bytes.Buffer // as far as it was read, which is bounded
		wasHeld := new(bool)
		r = r.WithContext(context.WithValue(r.Context(), heldKey{}, wasHeld))
		r.Body = hashedBody{io.TeeReader(r.Body, &body), r.Body}
		err := next(w, r)
		if !*wasHeld || api.CodeOf(err) != api.CodeNotPrimary {
			return err
		}
		i := slices.IndexFunc(s.peers, func(p *client.Master) bool { return p.URL() == api.AsProblem(err).Primary })
		if i < 0 {
			return err
		}
		for try := 0; ; try++ {
			resp, err := s.peers[i].ForwardDDL(r.Context(), path, body.Bytes(), client.RequestID(httpserve.RequestID(r)))
			if api.CodeOf(err) != api.CodeNotPrimary || try == handOnTries {
				return answer(w, resp, err)
			}
			select {
			case <-time.After(handOnPause): // the workers have the term, and the master is about to know
			case <-r.Context().Done():
				return err
			}
		}
	}
}

const (
	handOnTries = 40
	handOnPause = 25 * time.Millisecond
)
