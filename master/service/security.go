package service

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"shardeck/master/health"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

const (
	// securityConcurrency is the maximum number of probes in flight per worker.
	securityConcurrency = 4
	// securityTimeout is the timeout of one probe.
	securityTimeout = 3 * time.Second
)

// securityCheck probes each guarded endpoint of each worker with no token, an empty one,
// wrong ones, near misses and, as a control, the right one. The requests are empty objects,
// which have no effect on any endpoint, even if it accepts the token.
func (s *Service) securityCheck(w http.ResponseWriter, r *http.Request) error {
	if err := readEmpty(w, r); err != nil {
		return err
	}
	if !s.checking.TryLock() {
		return api.NewProblem(api.CodeOverloaded, "a security check is already running").Hinted("try again when it has finished")
	}
	defer s.checking.Unlock()
	perWorker := make([]workerProbes, len(s.workers))
	var wg sync.WaitGroup
	for shard := range s.workers {
		wg.Go(func() { perWorker[shard] = s.probeWorker(r.Context(), shard) })
	}
	wg.Wait()
	if err := r.Context().Err(); err != nil {
		return err
	}
	resp := &api.SecurityCheckResponse{OK: true, Probes: []api.SecurityProbe{}}
	for shard := range perWorker {
		sum := s.workerSummary(shard, &perWorker[shard])
		resp.OK = resp.OK && sum.OK
		resp.Probes = append(resp.Probes, perWorker[shard].probes...)
		resp.Workers = append(resp.Workers, sum)
	}
	level, text := securityVerdict(resp)
	s.events.publish(api.EventSecurity, level, nil, text)
	return httpserve.WriteJSON(w, http.StatusOK, resp)
}

// securityVerdict sums up a check in one line. A worker that does not respond may only be
// down, but another program that listens at its address is as bad as a failed probe.
func securityVerdict(resp *api.SecurityCheckResponse) (api.Level, string) {
	passed, silent, total := 0, unanswered(resp.Probes), len(resp.Probes)
	var unproven []string
	for i := range resp.Workers {
		w := &resp.Workers[i]
		passed += w.Passed
		if w.Problem != nil && w.Problem.Code == api.CodeWorkerUnproven {
			unproven = append(unproven, w.Worker)
		}
	}
	level, text := api.LevelGood, fmt.Sprintf("security check: %d of %d probes passed", passed, total)
	if silent > 0 {
		level, text = api.LevelWarn, fmt.Sprintf("%s, %d got no response", text, silent)
	}
	if len(unproven) > 0 {
		text += ", not proven to be the worker: " + strings.Join(unproven, ", ")
	}
	if passed+silent < total || len(unproven) > 0 {
		level = api.LevelError
	}
	return level, text
}

// workerProbes are the probes of one worker. problems has, by probe, why it got no response; nil
// if it did or was skipped.
type workerProbes struct {
	probes   []api.SecurityProbe
	problems []*api.Problem
}

// problem returns the worst problem, or nil.
func (w *workerProbes) problem() *api.Problem {
	var worst *api.Problem
	for _, p := range w.problems {
		if p != nil && (worst == nil || p.Code == api.CodeWorkerUnproven && worst.Code != p.Code) {
			worst = p
		}
	}
	return worst
}

// credential is a credential and the headers that carry it.
type credential struct {
	name   api.Credential
	header http.Header
}

// credentials returns what each endpoint is probed with. Apart from the last, none is the token.
func credentials(token string) []credential {
	var list []credential
	seen := map[string]bool{token: true}
	add := func(name api.Credential, headerName, value string) {
		if !seen[value] { // a token without letters, for example, has no other case
			list = append(list, credential{name, http.Header{headerName: {value}}})
		}
		seen[value] = true
	}
	start, last := token[:len(token)-1], token[len(token)-1:]
	other := "x"
	if last == other {
		other = "y"
	}
	list = append(list, credential{api.CredentialNone, nil})
	add(api.CredentialEmpty, api.HeaderToken, "")
	add(api.CredentialWrong, api.HeaderToken, "wrong-"+strconv.Itoa(len(token)))
	add(api.CredentialBearer, "Authorization", "Bearer wrong-"+strconv.Itoa(len(token)))
	add(api.CredentialNearMiss, api.HeaderToken, start+other)
	add(api.CredentialOtherCase, api.HeaderToken, swapCase(token))
	add(api.CredentialPrefix, api.HeaderToken, start)
	add(api.CredentialSuffix, api.HeaderToken, token+other)
	return append(list, credential{api.CredentialRight, http.Header{api.HeaderToken: {token}}})
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

// probeWorker runs all probes of one worker, in the order of endpoints and credentials.
// After one that got no response it starts no more, because with a worker that is down or
// hanging each would take the full timeout; if the worker is known to hang, it starts none.
// Skipped probes are reported as unanswered.
func (s *Service) probeWorker(ctx context.Context, shard int) workerProbes {
	creds := credentials(s.cfg.token)
	endpoints := api.GuardedWorkerEndpoints()
	probes := make([]api.SecurityProbe, len(endpoints)*len(creds))
	problems := make([]*api.Problem, len(probes))
	slots := make(chan struct{}, securityConcurrency)
	var silent atomic.Bool
	skipped := "not tried: the worker did not respond to another probe"
	if sh := &s.prober.Snapshot().Shards[shard]; sh.Silent() {
		problems[0] = sh.Refusal()
		skipped = "not tried: " + problems[0].Detail
		silent.Store(true)
	}
	var wg sync.WaitGroup
	for i, ep := range endpoints {
		for j, cred := range creds {
			slots <- struct{}{}
			at := i*len(creds) + j
			p := &probes[at]
			*p = s.newProbe(shard, ep, cred)
			if silent.Load() {
				p.Detail = skipped
				<-slots
				continue
			}
			wg.Go(func() {
				defer func() { <-slots }()
				if problems[at] = s.probe(ctx, p, cred); problems[at] != nil {
					silent.Store(true)
				}
			})
		}
	}
	wg.Wait()
	return workerProbes{probes, problems}
}

func (s *Service) newProbe(shard int, ep api.Endpoint, cred credential) api.SecurityProbe {
	p := api.SecurityProbe{Shard: shard, Worker: s.workerName(shard), Endpoint: ep, Credential: cred.name, Expected: "401"}
	if cred.name == api.CredentialRight {
		p.Expected = "let in"
	}
	return p
}

// probe runs a probe and records its result. It returns why there was no response, or nil.
func (s *Service) probe(ctx context.Context, p *api.SecurityProbe, cred credential) *api.Problem {
	ctx, cancel := context.WithTimeout(ctx, securityTimeout)
	defer cancel()
	start := time.Now()
	status, err := s.workers[p.Shard].Probe(ctx, p.Endpoint, cred.header)
	p.MS = health.Milliseconds(time.Since(start))
	if err != nil {
		problem := api.AsProblem(err)
		p.Detail = problem.Detail
		return problem
	}
	p.Status = status
	p.OK, p.Detail = judge(p.Endpoint, cred.name, status)
	return nil
}

// judge reports whether a probe had the expected result. A request that gets past the
// guard is let in: a reading endpoint answers 200, a writing one rejects the empty request.
func judge(ep api.Endpoint, cred api.Credential, status int) (ok bool, detail string) {
	switch {
	case cred != api.CredentialRight && status == http.StatusUnauthorized:
		return true, ""
	case cred != api.CredentialRight:
		return false, fmt.Sprintf("answered %d without the right token", status)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return false, "rejected the right token"
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status >= 500:
		return false, fmt.Sprintf("answered %d to %s %s with the right token", status, ep.Method, ep.Path)
	}
	return true, ""
}

func (s *Service) workerSummary(shard int, w *workerProbes) api.SecurityWorker {
	probes := w.probes
	sum := api.SecurityWorker{Shard: shard, Worker: s.workerName(shard), URL: s.cfg.Workers[shard], Total: len(probes)}
	for i := range probes {
		if probes[i].OK {
			sum.Passed++
		}
		// A response means that the connection was proven before the probe was sent.
		sum.Proven = sum.Proven || probes[i].Status != 0
	}
	if p := w.problem(); p != nil {
		sum.Problem = p.On(shard, sum.Worker)
		if silent := unanswered(probes); silent < len(probes) {
			sum.Problem.Detail = fmt.Sprintf("%d of %d probes were not answered: %s", silent, len(probes), p.Detail)
		}
	}
	sum.OK = sum.Passed == sum.Total
	return sum
}

func unanswered(probes []api.SecurityProbe) int {
	n := 0
	for i := range probes {
		if probes[i].Status == 0 {
			n++
		}
	}
	return n
}
