// Package health probes the workers and the other masters and keeps what they
// said last as one immutable snapshot, so that whoever asks is answered at once,
// however slow a worker is.
//
// It observes and never acts: it changes nothing on a worker, decides no role
// and knows no HTTP. What to do about an observation is for master/failover and
// master/service.
package health
