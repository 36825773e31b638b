package demo

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// healthServer is a master that answers only GET /health.
func healthServer(t *testing.T, health *atomic.Pointer[api.Health]) *client.Master {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := health.Load()
		if h == nil || r.URL.Path != api.PathHealth {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", api.MediaJSON)
		if err := json.MarshalWrite(w, h); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	m := client.NewMaster(s.URL)
	t.Cleanup(m.Close)
	return m
}

func TestTrafficFollowsThePrimary(t *testing.T) {
	var health [2]atomic.Pointer[api.Health]
	traffic := &Traffic{masters: []*client.Master{healthServer(t, &health[0]), healthServer(t, &health[1])}}
	says := func(role api.Role, term uint64) *api.Health {
		return &api.Health{Status: api.StatusOK, Role: role, Term: term}
	}
	for _, c := range []struct {
		name   string
		states [2]*api.Health
		at     int
	}{
		{"nobody answers", [2]*api.Health{}, 0},
		{"the first is primary", [2]*api.Health{says(api.RolePrimary, 1), says(api.RoleBackup, 1)}, 0},
		{"failed over while the first is away", [2]*api.Health{nil, says(api.RolePrimary, 2)}, 1},
		{"no primary changes nothing", [2]*api.Health{nil, says(api.RoleBackup, 2)}, 1},
		{"restarted without a failover", [2]*api.Health{says(api.RolePrimary, 2), says(api.RoleBackup, 2)}, 0},
		{"an old primary that does not know yet", [2]*api.Health{says(api.RolePrimary, 2), says(api.RolePrimary, 3)}, 1},
	} {
		health[0].Store(c.states[0])
		health[1].Store(c.states[1])
		traffic.follow(t.Context())
		if traffic.at != c.at {
			t.Errorf("%s: it uses master %d, not %d", c.name, traffic.at, c.at)
		}
	}
}
