// Package lease decides which master leads. A lease hands out terms: numbers
// that only grow, each held by one master. The term is the fencing number that
// every write carries, and a worker refuses a write of an older term than it has
// seen, so a master that does not know yet that it was replaced does no harm.
//
// Manual, the one implementation so far, keeps no record of its own: the
// terms stand on the workers, and a term is held once a majority of them has
// taken it. It never takes a term unless asked to. An automatic lease (a local
// SQLite file, etcd) implements the same interface: its Acquire wins the lease
// first and then installs the term with Members.Install, and its Grant's Lost is
// closed when the lease runs out.
//
// The package does not decide when to lead; that is master/failover.
package lease
