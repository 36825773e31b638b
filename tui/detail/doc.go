// Package detail shows what a table cuts: a whole value with its line ends, as formatted JSON
// or as bytes ([Value]), and a whole row as names and values ([Row]).
//
// Both are pure widgets: keys in, drawing out. What concerns the rest of the program they
// return as intents.
package detail
