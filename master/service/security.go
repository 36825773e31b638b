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
	perWorker := make([][]api.SecurityProbe, len(s.workers))
	var wg sync.WaitGroup
	for shard := range s.workers {
		wg.Go(func() { perWorker[shard] = s.probeWorker(r.Context(), shard) })
	}
	wg.Wait()
	if err := r.Context().Err(); err != nil {
		return err
	}
	resp := &api.SecurityCheckResponse{OK: true, Probes: []api.SecurityProbe{}}
	passed, silent, total := 0, 0, 0
	for shard, probes := range perWorker {
		sum := s.workerSummary(shard, probes)
		resp.OK = resp.OK && sum.OK
		resp.Probes = append(resp.Probes, probes...)
		resp.Workers = append(resp.Workers, sum)
		passed, silent, total = passed+sum.Passed, silent+unanswered(probes), total+sum.Total
	}
	level, text := api.LevelGood, fmt.Sprintf("security check: %d of %d probes passed", passed, total)
	if silent > 0 {
		level, text = api.LevelWarn, fmt.Sprintf("%s, %d got no response", text, silent)
	}
	if passed+silent < total {
		level = api.LevelError
	}
	s.events.publish(api.EventSecurity, level, nil, text)
	return httpserve.WriteJSON(w, http.StatusOK, resp)
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
// hanging each would take the full timeout. Skipped probes are reported as unanswered.
func (s *Service) probeWorker(ctx context.Context, shard int) []api.SecurityProbe {
	creds := credentials(s.cfg.token)
	endpoints := api.GuardedWorkerEndpoints()
	probes := make([]api.SecurityProbe, len(endpoints)*len(creds))
	slots := make(chan struct{}, securityConcurrency)
	var silent atomic.Bool
	var wg sync.WaitGroup
	for i, ep := range endpoints {
		for j, cred := range creds {
			slots <- struct{}{}
			p := &probes[i*len(creds)+j]
			*p = s.newProbe(shard, ep, cred)
			if silent.Load() {
				p.Detail = "not tried: the worker did not respond to another probe"
				<-slots
				continue
			}
			wg.Go(func() {
				defer func() { <-slots }()
				if s.probe(ctx, p, cred); p.Status == 0 {
					silent.Store(true)
				}
			})
		}
	}
	wg.Wait()
	return probes
}

func (s *Service) newProbe(shard int, ep api.Endpoint, cred credential) api.SecurityProbe {
	p := api.SecurityProbe{Shard: shard, Worker: s.workerName(shard), Endpoint: ep, Credential: cred.name, Expected: "401"}
	if cred.name == api.CredentialRight {
		p.Expected = "let in"
	}
	return p
}

// probe runs a probe and records its result.
func (s *Service) probe(ctx context.Context, p *api.SecurityProbe, cred credential) {
	ctx, cancel := context.WithTimeout(ctx, securityTimeout)
	defer cancel()
	start := time.Now()
	status, err := s.workers[p.Shard].Probe(ctx, p.Endpoint, cred.header)
	p.MS = health.Milliseconds(time.Since(start))
	if err != nil {
		p.Detail = api.AsProblem(err).Detail
		return
	}
	p.Status = status
	p.OK, p.Detail = judge(p.Endpoint, cred.name, status)
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

func (s *Service) workerSummary(shard int, probes []api.SecurityProbe) api.SecurityWorker {
	sum := api.SecurityWorker{Shard: shard, Worker: s.workerName(shard), URL: s.cfg.Workers[shard], Total: len(probes)}
	for i := range probes {
		if probes[i].OK {
			sum.Passed++
		}
		// A response means that the connection was proven before the probe was sent.
		sum.Proven = sum.Proven || probes[i].Status != 0
		if probes[i].Status == 0 && sum.Problem == nil {
			// The first unanswered probe was tried: probes are skipped only after one failed.
			sum.Problem = api.NewProblem(api.CodeShardUnavailable, "%s", probes[i].Detail).On(shard, sum.Worker).
				Hinted("check whether the worker is running, and try again")
		}
	}
	if silent := unanswered(probes); silent > 0 && silent < len(probes) {
		sum.Problem.Detail = fmt.Sprintf("%d of %d probes were not answered: %s", silent, len(probes), sum.Problem.Detail)
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
