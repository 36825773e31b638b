// Package goldentest compares what a test has made with a file in testdata, its golden file. With
// the flag -update, which it adds to the test's, it writes the files instead; read the difference
// before you commit it.
package goldentest
