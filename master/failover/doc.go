// Package failover decides which role a master plays and makes it so.
//
// Decide is pure: what the workers say and what this master is go in, one
// decision comes out. Coordinator gathers the values, carries the decision out
// and holds the role and term that the rest of the master reads. It takes a term
// through master/lease and installs terms on workers that missed them. It
// sends no rows and changes no schema.
package failover
