// Package lease decides which master leads. A lease is mutual exclusion between masters, with a
// new term for each time it is acquired. The term is the fencing number that every write
// carries, and a worker refuses a write whose term is older than the newest it has seen, so a
// demoted master that does not know it yet does no harm.
//
// A master leads in two steps. It acquires the lease, which gives it a term; then it installs
// that term on the workers, and leads once a majority of them has accepted it. So even if two
// masters believed that they held one lease (its store was restored, a clock stood still), at
// most one of them would lead under a term, and the other would be refused everywhere.
//
// What a holder may believe is bounded. It renews in the background, and each renewal is worth a
// deadline that counts from before it was sent, on the holder's monotonic clock. The holder stops
// at three quarters of the time to live; a challenger waits for all of it. Sources: Gray and
// Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache
// Consistency" (SOSP 1989); Kleppmann, "How to do distributed locking" (2016), on fencing.
//
// Manual never expires and grants whoever asks. The packages below have leases that expire:
// sqlitefile for masters on one machine, etcd for many. All pass the suite in leasetest.
//
// The package does not decide when to lead; that is master/failover.
package lease
