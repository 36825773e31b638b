// Package differential runs random T-SQL on one plain SQLite database, which no
// code of Shardeck has touched, and through masters over 1, 2, 3 and 7 shards, and
// compares: the rows, their order where there is one, the counts of rows changed, and
// what is refused.
//
// Each statement is made once and written twice: in T-SQL, and in SQLite's own
// dialect over columns in which SQLite's semantics are T-SQL's (a DECIMAL is a number of
// cents there, a text is compared by its lower case). What is out of its reach, such as
// overflow or spaces at the end of a text, is in the parity corpus.
//
// The package has tests alone.
package differential
