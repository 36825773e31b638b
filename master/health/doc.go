// Package health probes the workers and the other masters and keeps their latest
// answers as one immutable snapshot, so that readers never wait, however slow a
// worker is.
//
// It observes and never acts: it changes nothing on a worker, decides no role and
// has no knowledge of HTTP. What to do about an observation is for master/failover
// and master/service.
package health
