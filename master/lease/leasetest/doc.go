// Package leasetest is the suite that every lease that expires must pass. It is for tests only.
//
// Several Lease values over one store stand for several masters. Nothing is asserted about wall
// time, only about order: the deadline of one grant comes before the next grant, by the one
// monotonic clock of the test's process. Waits are bounded by a time that only a hung lease reaches.
package leasetest
