package screen

import (
	"errors"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
)

// checkedFailover is the preflight after the backup has answered. With a problem, the checks are
// those that it names.
func checkedFailover(v *View, p *api.Problem) *Failover {
	at := noon.Add(-10 * time.Second)
	f := NewFailover(at, v.State.Preflight(v.Now))
	majority := api.FailoverCheck{Name: "a majority of the workers answers", OK: true, Required: true, Detail: "3 of 3; 2 are needed"}
	up := api.FailoverCheck{Name: "every shard is up", OK: true, Required: true, Forceable: true, Detail: "3 of 3"}
	switch {
	case p != nil && v.State.Automatic():
		up.OK, up.Detail = false, "shard 1 (worker-8082) is failing, shard 2 (worker-8083) is emptied"
	case p != nil:
		majority.OK, majority.Detail = false, "1 of 3; 2 are needed"
	}
	checks := []api.FailoverCheck{
		{Name: "this master is a backup", OK: true, Required: true, Detail: backupURL}, majority,
		{Name: "the lease can be read", OK: true, Required: true, Detail: "held by " + primaryURL},
		{Name: "the primary answers", Detail: primaryURL + " does not answer; the workers will refuse its writes"},
		up, {Name: "the shards agree on the schema", OK: true, Detail: "no drift"},
	}
	f.Update(Refresh{At: at, Plan: v.State.Preflight(v.Now)})
	f.Update(FailoverChecked{At: at, Target: backupURL, Answer: &api.FailoverResponse{Kind: api.FailoverDryRun, Checks: checks, Problem: p}})
	return f
}

func failoverDone() *Failover {
	v := viewOf(metadata(3))
	most := 1830.4
	f := checkedFailover(v, nil)
	press(f, noon.Add(-500*time.Millisecond), "right", "enter")
	f.Update(FailoverEnded{At: noon.Add(time.Second), Answer: &api.FailoverResponse{
		Kind: api.FailoverForced, Primary: backupURL, Term: 4, Previous: primaryURL, TotalMS: 14.2,
		Unavailable: &api.Unavailability{AtLeastMS: 14.2, AtMostMS: &most},
		Steps: []api.FailoverStep{
			{Name: "drain the old primary", Target: primaryURL, OK: false, Detail: "the master at " + primaryURL + " cannot be reached: connection refused; the workers refuse its writes from the new term on", AtMS: 0, MS: 3.1},
			{Name: "take term", Target: "worker-8081", OK: true, Detail: "term 4", AtMS: 3.1, MS: 4},
			{Name: "take term", Target: "worker-8082", OK: true, Detail: "term 4", AtMS: 3.1, MS: 5},
			{Name: "take term", Target: "worker-8083", OK: true, Detail: "term 4", AtMS: 3.1, MS: 4.4},
			{Name: "become primary", Target: backupURL, OK: true, AtMS: 14.1, MS: 0.1},
		},
	}})
	return f
}

// leased is a healthy cluster whose lease expires.
func leased() *api.Metadata {
	m := metadata(3)
	m.Master.Cluster = "c0ffee"
	m.Master.Lease = api.LeaseInfo{Kind: "sqlitefile", Known: true, Holder: primaryURL, Term: 3, ExpiresInMS: 1200}
	return m
}

// lostStorage is a cluster of which one worker's disk fails, another has lost its rows, and the
// lease cannot be read.
func lostStorage() *View {
	m := leased()
	m.Master.Lease.Known = false
	m.Workers[1].State = api.ShardFailing
	m.Workers[1].Problem = api.NewProblem(api.CodeStorageFailed, "the disk is full")
	m.Workers[2].State = api.ShardEmptied
	m.Workers[2].Problem = api.NewProblem(api.CodeShardEmptied, "it has no database SchoolDB any more")
	m.Drift = []api.Drift{{DB: "SchoolDB", Kind: "missing_database", Shards: []int{2}}}
	return viewOf(m)
}

// automatic is a cluster whose primary has just been killed, seen through the backup, which takes
// over by itself.
func automatic() *View {
	v := viewOf(leased())
	m := leased()
	m.Master.URL, m.Master.Role = backupURL, api.RoleBackup
	m.Peers = []api.PeerInfo{{URL: primaryURL, Role: api.RolePrimary, Term: 3, AgeMS: 900}}
	v.State, _ = v.State.Apply(cluster.Observation{At: noon, Master: primaryURL, Err: errors.New("connection refused")})
	v.State, _ = v.State.Apply(cluster.Observation{At: noon.Add(60 * time.Millisecond), Master: backupURL, Took: 2 * time.Millisecond, Metadata: m})
	v.Now = noon.Add(time.Second)
	return v
}

// foreign is a console that was given the address of a master of another cluster.
func foreign() *View {
	v := viewOf(leased())
	v.State = v.State.Identify(backupURL, "decade")
	return v
}
