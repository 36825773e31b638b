package screen

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
)

// While a backup takes over by itself, the preflight says so, rather than only that the failover is
// not possible.
func TestPreflightSaysThatTheBackupTakesOverByItself(t *testing.T) {
	th := newTheme(t, theme.Mono, termenv.Ascii)
	refused := api.NewProblem(api.CodeFailoverFailed, "the lease is held by "+primaryURL)
	for _, c := range []struct {
		name    string
		spoil   func(*api.Metadata)
		awaited bool
	}{
		{"an automatic takeover", func(*api.Metadata) {}, true},
		{"with a manual lease nobody takes over", func(m *api.Metadata) { m.Master.Lease.Kind = "manual" }, false},
		{"nor if the lease cannot be read", func(m *api.Metadata) { m.Master.Lease.Known = false }, false},
		{"the primary answers", func(m *api.Metadata) { m.Peers[0].Reachable = true }, false},
	} {
		v := viewOf(leased())
		v.State, _ = v.State.Apply(cluster.Observation{At: noon, Master: primaryURL, Err: errors.New("connection refused")})
		m := leased()
		m.Master.URL, m.Master.Role = backupURL, api.RoleBackup
		m.Peers = []api.PeerInfo{{URL: primaryURL, Role: api.RolePrimary, Term: 3, AgeMS: 0}}
		c.spoil(m)
		v.State, _ = v.State.Apply(cluster.Observation{At: noon.Add(60 * time.Millisecond), Master: backupURL, Metadata: m})
		v.Now = noon.Add(100 * time.Millisecond)
		f := NewFailover(v.Now, v.State.Preflight(v.Now))
		f.Update(Refresh{At: v.Now, Plan: v.State.Preflight(v.Now)})
		f.Update(FailoverChecked{At: v.Now, Target: f.plan.Target, Answer: &api.FailoverResponse{Kind: api.FailoverDryRun, Problem: refused}})
		frame := ansi.Strip(Render(th, 100, 30, v, &Dashboard{}, f))
		if says := strings.Contains(frame, "nothing needs to be done"); says != c.awaited {
			t.Errorf("%s: it says so: %v\n%s", c.name, says, frame)
		}
		if !c.awaited && !strings.Contains(frame, "not possible now") {
			t.Errorf("%s:\n%s", c.name, frame)
		}
	}
}
