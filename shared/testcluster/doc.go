// Package testcluster starts a Shardeck cluster of real processes for a test, and
// kills, pauses, resumes and restarts them. The binaries are built once for each
// test process, with the race detector where the test has it; a race that a child
// reports, or a panic, fails the test.
//
// A package that uses it has
//
//	func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }
//
// so that the binaries are removed at the end. It is for tests alone: no service
// imports it, and it asserts nothing about what a cluster answers.
package testcluster
