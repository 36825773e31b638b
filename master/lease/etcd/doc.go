// Package etcd is a lease in etcd, for masters on many machines.
//
// The leader's key is attached to an etcd lease of the holder's, so that etcd deletes it once that
// has not been renewed for its time to live (TTL). A second key, which stays, keeps the newest term
// and whether it was released. Acquire writes both in one transaction that compares their revisions.
//
// A transaction, and not the client's concurrency.Election: Acquire means "try now", and Campaign
// queues instead. It also does not return while etcd hangs, whatever its context; returns success to
// a candidate whose own etcd lease ran out while it waited; and waits forever for any key that
// somebody else has put below its prefix. concurrency.Session is not used either: its Done can close
// after a successor may lead. What they would be for, order and a revision, the transaction has.
//
// What a holder believes follows from its own clock alone. It renews every TTL/6 by KeepAliveOnce,
// each call limited to that time, so that the next goes to another member of etcd if one hangs (a
// client stays with a member that hangs for 10 s and more otherwise). A success is worth 3/4 of the
// TTL from before it was sent, on the monotonic clock. etcd's TTL begins when its leader has received
// the renewal, and so ends later. A grant is returned only after its first renewal has succeeded and
// its key was read back with the revision of its transaction. The key is read again every TTL/6, as
// somebody may have deleted it.
//
// What a challenger may believe: that the key is gone does not mean that its holder has stopped. A
// member of etcd that led, was paused for longer than the TTL and continues revokes etcd leases that
// have been renewed at its successor meanwhile (found with 3.4.23 and 3.7.3; see
// findings/etcd-lease-revoked-after-a-pause.sh). So each Lease polls
// every TTL/6 how long etcd will keep the key. If it was released, or is gone when it was due, the
// lease is free. If it is gone sooner, or the Lease is new, it waits for another 3/4 of the TTL,
// which is how long a holder may believe in a renewal that came just before. What is left is a
// holder that renews in the last second, after it could not for most of the TTL, and whose renewal
// such a member undoes within the same interval of polling; the workers then refuse one of the two.
//
// Terms: one more than the greatest in etcd and on the workers. Revisions would not do: they are
// reused after etcd was restored from a snapshot. So are the terms in etcd, but the workers keep
// theirs.
//
// Bounds, with a TTL of 6 s: renewal each second, the holder stops after 4.5 s; after it was killed
// the next can acquire the lease within 5 to 7 s, after Release at once. A change of etcd's own
// leader or a restart extends every etcd lease to a full TTL and about a second: a dead master is
// then replaced after up to two TTL and a second. Observe answers or fails within a second, by plain
// reads; there is no stream that could fall silent. Each call is repeated on another member after a
// part of its time.
//
// Not covered: an etcd whose data was restored under masters that run, or whose keys are edited to
// name another holder, may grant twice at one time; the workers then refuse one of the two. Learners
// do not belong among the endpoints.
//
// Sources: etcd's documentation of leases and of the API's guarantees; experiments with etcd 3.4,
// 3.5, 3.6 and 3.7 whose members were paused, killed and restarted.
package etcd
