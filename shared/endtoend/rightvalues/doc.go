// Package rightvalues sends statements whose values Microsoft's documentation gives to real
// clusters of one shard and of three. testdata/values.tsv has the statements, each with the page
// that its value is from. An answer is either the documented one or a refusal that the test lists.
//
// The package contains only tests.
package rightvalues
