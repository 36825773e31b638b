package service

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"shardeck/master/catalog"
	"shardeck/master/failover"
	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/httpserve"
)

// relayTimeout bounds a failover to another master, which has bounds of its own unless it hangs.
const relayTimeout = 20 * time.Second

// maxReason bounds the reason of a failover, in bytes.
const maxReason = 500

// failover makes this master, or the one that the request names, the primary.
func (s *Service) failover(w http.ResponseWriter, r *http.Request) error {
	var req api.FailoverRequest
	if err := readOptional(w, r, &req); err != nil {
		return err
	}
	if len(req.Reason) > maxReason {
		return api.NewProblem(api.CodeInvalidField, "reason is %d bytes long; at most %d are allowed", len(req.Reason), maxReason).At("reason")
	}
	to := strings.TrimRight(req.To, "/")
	if to != "" && to != s.self {
		i := slices.IndexFunc(s.peers, func(p *client.Master) bool { return p.URL() == to })
		if i < 0 {
			return api.NewProblem(api.CodeInvalidField, "to is not a master of this cluster").At("to").
				Hinted("choose from %s", strings.Join(append([]string{s.self}, s.cfg.Peers...), ", "))
		}
		ctx, cancel := context.WithTimeout(r.Context(), relayTimeout)
		defer cancel()
		resp, err := s.peers[i].Failover(ctx, &req, client.RequestID(httpserve.RequestID(r)))
		if err != nil {
			return err
		}
		return httpserve.WriteJSON(w, http.StatusOK, resp)
	}
	resp, err := s.coord.Promote(r.Context(), &req)
	if err != nil {
		return err
	}
	return httpserve.WriteJSON(w, http.StatusOK, resp)
}

// failovers lists the failovers that this master has carried out.
func (s *Service) failovers(w http.ResponseWriter, _ *http.Request) error {
	return httpserve.WriteJSON(w, http.StatusOK, &api.FailoversResponse{Failovers: s.coord.History()})
}

// stepDown is called by a master that has acquired a newer term, or is about to.
func (s *Service) stepDown(w http.ResponseWriter, r *http.Request) error {
	var req api.StepDownRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if req.Term == 0 && !req.Drain {
		return api.NewProblem(api.CodeMissingField, "term is missing or 0").At("term").Hinted("send the term that was acquired")
	}
	if req.Term > api.MaxTerm {
		return api.NewProblem(api.CodeInvalidField, "term is greater than %d", uint64(api.MaxTerm)).At("term")
	}
	leader, err := baseURLs("leader", []string{req.Leader})
	if err != nil {
		return api.NewProblem(api.CodeInvalidField, "leader is not a base URL").At("leader").Hinted("send it as http://host:port")
	}
	req.Leader = leader[0]
	s.prober.ProbePeer(r.Context(), req.Leader) // it is back, or leads, since the last probe
	if err := s.coord.StepDown(r.Context(), &req); err != nil {
		return err
	}
	return httpserve.WriteJSON(w, http.StatusOK, s.describeHealth(time.Now()))
}

// mastersSeen returns what was last heard of the other masters.
func (s *Service) mastersSeen() []failover.PeerSeen {
	snap := s.prober.Snapshot()
	list := make([]failover.PeerSeen, len(snap.Peers))
	for i := range snap.Peers {
		p := &snap.Peers[i]
		list[i] = failover.PeerSeen{
			PeerView: failover.PeerView{URL: p.URL, Reachable: p.Reachable, Role: p.Health.Role, Term: p.Health.Term},
			Led:      p.LedAt,
		}
	}
	return list
}

// failoverChecks are the checks of a preflight that concern shards and schema. A failover
// works without them, so they can be forced.
func (s *Service) failoverChecks() []api.FailoverCheck {
	snap := s.prober.Snapshot()
	shards := api.FailoverCheck{Name: "every shard is up", Required: true, Forceable: true, OK: true,
		Detail: fmt.Sprintf("%d of %d", len(snap.Shards), len(snap.Shards))}
	var down []string
	for i := range snap.Shards {
		if sh := &snap.Shards[i]; !ready(sh) {
			down = append(down, fmt.Sprintf("shard %d (%s) is %s", i, sh.Name(), sh.State))
		}
	}
	if len(down) > 0 {
		shards.OK, shards.Detail = false, strings.Join(down, ", ")
	}
	drift := api.FailoverCheck{Name: "the shards agree on the schema", OK: true, Detail: "no drift"}
	if _, found := catalog.Describe(statsOf(snap)); len(found) > 0 {
		drift.OK, drift.Detail = false, found[0].Detail
	}
	return []api.FailoverCheck{shards, drift}
}

// verifyShard makes a durable write on a shard under the term: it stores an Idempotency-Key of
// this failover in a database or, if there is none, the term once more.
func (s *Service) verifyShard(ctx context.Context, shard int, term uint64) error {
	fence := api.Fence{Term: term, MapVersion: s.slots.Version()}
	sh := &s.prober.Snapshot().Shards[shard]
	if p := sh.Refusal(); p != nil {
		return p
	}
	stats := sh.Stats
	if stats == nil || len(stats.Databases) == 0 {
		_, err := s.workers[shard].SetState(ctx, &api.StateUpdate{Fence: fence, Leader: s.self, Shard: s.labels[shard]})
		return err
	}
	key := fmt.Sprintf("failover to term %d", term)
	_, err := s.workers[shard].Exec(ctx, &api.ExecRequest{
		DB: stats.Databases[0].Name, Fence: fence, Statements: []api.Statement{},
		Idempotency: &api.Idempotency{Key: key, Hash: hashOf(key)},
	})
	return err
}
