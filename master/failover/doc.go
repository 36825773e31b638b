// Package failover decides which role a master has, and carries the decision out.
//
// Decide is pure: from the state of the workers, of the lease and of the masters it derives one
// decision. Coordinator gathers the values, carries the decision out and holds the role and term
// that the rest of the master reads. It acquires a term through master/lease and installs it on the
// workers. It sends no rows and changes no schema.
//
// # Who leads
//
// A term is held by the master that a majority of all workers stores for it. A master that acquires
// one leads only once such a majority has answered. If fewer do, the attempt has failed, but some
// workers keep its term, and refuse the writes of older ones. Nobody follows such a term: the
// primary supersedes it with a newer one when it has seen it for a while, and if there is none,
// the master that was started as the primary does, or the one whose attempt it was.
//
// Nothing else is believed. What a worker says in a refusal, and what another master says in a
// request to step down, are reasons to look at the workers. A term far beyond all others is ignored
// (see lease.Plausible). A leader that is not among the configured masters is not named to anyone.
//
// # A failover that was asked for
//
//	preflight   the workers, the lease, the primary and the schema are looked at; a required check
//	            that fails ends it, and nothing was changed
//	drain       the old primary lets the schema change in flight end, makes others wait, and
//	            releases the lease. If it does not answer, it is fenced by what follows
//	take        the lease is acquired, and its term installed on a majority of the workers
//	verify      a durable write on every shard, under the term
//	tell        the other masters look at the workers and follow; the old primary passes the schema
//	            changes that waited on to the new one
//
// If the old primary has drained and nobody takes over, it goes on after a while. Row writes that
// meet the change of term are refused by a worker, wait until a majority has confirmed the new
// term, and are sent once more; none fails.
//
// # A failover that nobody asked for
//
// With a lease that expires, a backup that finds it free takes it. The old primary has stopped
// before that, by its own clock (see master/lease): its [Leadership] ends, and with it the schema
// changes in flight. If it was stopped as a process and goes on later, the workers refuse it.
//
// Sources: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014), on
// terms and majorities; Burrows, "The Chubby lock service" (OSDI 2006), on sequencers that the
// storage checks.
package failover
