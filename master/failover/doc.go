// Package failover decides which role a master has, and carries the decision out.
//
// Decide is pure: from the state of the workers and of this master it derives one
// decision. Coordinator gathers the values, carries the decision out and holds the
// role and term that the rest of the master reads. It acquires a term through
// master/lease and installs terms on workers that missed them. It sends no rows and
// changes no schema.
package failover
