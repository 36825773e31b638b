package failover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"shardeck/shared/api"
)

func TestPromoteTellsTheOthersAndGoesOnWithoutThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl := &cluster{fences: []Worker{held(4, b), held(4, b), held(4, b)}}
		var told []api.StepDownRequest
		c := cl.coordinator(api.RoleBackup,
			Peer{b, func(_ context.Context, req *api.StepDownRequest) error { told = append(told, *req); return nil }},
			Peer{"http://c", func(ctx context.Context, _ *api.StepDownRequest) error { <-ctx.Done(); return errors.New("paused") }})
		c.decide(t.Context())
		expect(t, c, api.RoleBackup, 4, b)
		cl.peers = []PeerSeen{{PeerView: PeerView{URL: b, Reachable: true, Role: api.RolePrimary, Term: 4}}}
		start := time.Now()
		resp, err := c.Promote(t.Context(), &api.FailoverRequest{Reason: "a test"})
		if err != nil {
			t.Fatal(err)
		}
		if time.Since(start) > stepDownTimeout {
			t.Errorf("a paused master held the failover up for %s", time.Since(start))
		}
		expect(t, c, api.RolePrimary, 5, a)
		if want := []api.StepDownRequest{{Term: 4, Leader: a, Drain: true}, {Term: 5, Leader: a}}; !slices.Equal(told, want) {
			t.Errorf("the old primary was told %+v", told)
		}
		if resp.Term != 5 || resp.Previous != b || resp.Primary != a || resp.Kind != api.FailoverPlanned || resp.Unavailable == nil {
			t.Errorf("%+v", resp)
		}
		var names []string
		for _, s := range resp.Steps {
			names = append(names, fmt.Sprintf("%s %t", s.Name, s.OK))
		}
		want := slices.Concat([]string{"drain the old primary true"}, slices.Repeat([]string{"read the term true"}, 3),
			slices.Repeat([]string{"take the term true"}, 3), []string{"become primary true"},
			slices.Repeat([]string{"verify with a write true"}, 3), []string{"tell the old primary true", "tell the other master false"})
		if !slices.Equal(names, want) {
			t.Errorf("steps %q", names)
		}
		if h := c.History(); len(h) != 1 || h[0].Reason != "a test" {
			t.Errorf("history %+v", h)
		}
	})
}

// TestADryRunAndAFailedPreflightChangeNothing also holds with force.
func TestADryRunAndAFailedPreflightChangeNothing(t *testing.T) {
	cl := &cluster{fences: []Worker{held(4, b), held(4, b), held(4, b)}}
	c := cl.coordinator(api.RoleBackup)
	c.decide(t.Context())
	before := cl.workers()
	resp, err := c.Promote(t.Context(), &api.FailoverRequest{DryRun: true})
	if err != nil || resp.Kind != api.FailoverDryRun || resp.Problem != nil || len(resp.Checks) < 3 {
		t.Errorf("%+v, %v", resp, err)
	}
	cl.set(held(4, b), lost(), lost())
	if _, err := c.Promote(t.Context(), &api.FailoverRequest{Force: true}); api.CodeOf(err) != api.CodeFailoverFailed {
		t.Errorf("%v", err)
	}
	if resp, err := c.Promote(t.Context(), &api.FailoverRequest{DryRun: true}); err != nil || resp.Problem == nil {
		t.Errorf("a dry run that would fail: %+v, %v", resp, err)
	}
	cl.set(before...)
	expect(t, c, api.RoleBackup, 4, b)
	if len(c.History()) != 0 {
		t.Errorf("history %+v", c.History())
	}
}

// TestStepDown: what another master says is worth a look, and the workers decide.
func TestStepDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl := &cluster{fences: []Worker{fresh(), fresh(), fresh()}}
		c := cl.coordinator(api.RolePrimary)
		if _, err := c.EnsurePrimary(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			fence Worker
			req   api.StepDownRequest
			code  api.Code
			want  State
		}{
			{held(1, a), api.StepDownRequest{Term: 9, Leader: "http://stranger"}, api.CodeForbidden, State{api.RolePrimary, 1, a}},
			{held(1, a), api.StepDownRequest{Term: 1, Leader: b}, api.CodeStaleTerm, State{api.RolePrimary, 1, a}},
			{held(1, a), api.StepDownRequest{Term: 2, Leader: b}, api.CodeStaleTerm, State{api.RolePrimary, 1, a}},
			{held(2, b), api.StepDownRequest{Term: 2, Leader: b}, "", State{api.RoleBackup, 2, b}},
			{held(2, b), api.StepDownRequest{Term: 2, Leader: b}, "", State{api.RoleBackup, 2, b}},
			{held(2, b), api.StepDownRequest{Term: 1, Leader: b}, api.CodeStaleTerm, State{api.RoleBackup, 2, b}},
		} {
			cl.set(tt.fence, tt.fence, held(1, a))
			if err := c.StepDown(t.Context(), &tt.req); api.CodeOf(err) != tt.code {
				t.Errorf("%+v: %v", tt.req, err)
			}
			expect(t, c, tt.want.Role, tt.want.Term, tt.want.Leader)
		}
	})
}

// TestAHandOverThatIsNotTakenUpGoesOn: schema changes wait while the old primary hands over, and
// go on if nobody takes over.
func TestAHandOverThatIsNotTakenUpGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl := &cluster{fences: []Worker{fresh(), fresh(), fresh()}}
		c := cl.coordinator(api.RolePrimary)
		if _, err := c.EnsurePrimary(t.Context()); err != nil {
			t.Fatal(err)
		}
		req := &api.StepDownRequest{Term: 1, Leader: b, Drain: true}
		for range 2 {
			if err := c.StepDown(t.Context(), req); err != nil || cl.draining() != 1 {
				t.Fatalf("%v, %d drains", err, cl.draining())
			}
		}
		time.Sleep(holdTimeout + time.Second)
		synctest.Wait()
		if cl.draining() != 0 {
			t.Error("schema changes still wait")
		}
		expect(t, c, api.RolePrimary, 1, a)
	})
}
