// Package lease decides which master leads. A lease issues terms: numbers that only
// increase, each held by one master. The term is the fencing number that every write
// carries, and a worker refuses a write whose term is older than the newest it has
// seen, so a demoted master that does not know it yet does no harm.
//
// Manual, the only implementation so far, keeps no record of its own: the terms are
// stored on the workers, and a term is held once a majority of them has accepted it.
// It never acquires a term unless asked to. An automatic lease (a local SQLite file,
// etcd) implements the same interface: its Acquire wins the lease first and then
// installs the term with Members.Install, and its Grant's Lost is closed when the
// lease expires.
//
// The package does not decide when to lead; that is master/failover.
package lease
