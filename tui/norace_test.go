//go:build !race

package main

// raceDetector says that the tests run with it, and so must the binary they build.
const raceDetector = false
