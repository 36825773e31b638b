//go:build race

package main

// raceDetector reports whether the tests run with the race detector; the binary they build must match.
const raceDetector = true
