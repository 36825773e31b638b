// Package testcluster starts a Shardeck cluster of real processes for a test, and kills, pauses,
// resumes and restarts them. The binaries are built once per test process, with the race detector
// if the test has it; a race reported by a child, or a panic, fails the test.
//
// A package that uses it needs
//
//	func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }
//
// so that the binaries are removed at the end. It is for tests only: no service imports it, and
// it asserts nothing about a cluster's responses.
package testcluster
