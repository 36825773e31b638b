// Package tenure is what leases that expire have in common: a term and the deadline until which
// its holder may act.
//
// Clock: deadlines are compared on this process's monotonic clock, as time.Time does when both
// times were read here. While a system is suspended that clock may stand still, and a process
// that was paused finds out late that its deadline has passed; whoever acts must compare with
// Until at the moment of acting. What remains is the business of the workers, which refuse old terms.
//
// It does not renew anything; the leases in sqlitefile and etcd do.
package tenure
