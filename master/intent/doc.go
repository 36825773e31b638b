// Package intent makes statements that concern several shards finish by themselves. No transaction
// spans the shards: each applies its part on its own, and a master can be killed, or an answer
// lost, between any two of them. So the statement's intent is written first, as a row of a log on
// one shard, and whoever is primary rolls it forward, or back, until no part is open.
//
// # The log
//
// The log is an ordinary table, named shardeck_intents, in every database on every shard, which
// workers treat like any other. Clients can neither see nor name it. A row has the statement's
// identity, its kind, and a body with all that is needed to execute it again. The shard where the
// row is, its host, is chosen per statement: the home of its Idempotency-Key, or of the database.
//
// # Writes of rows
//
// The host's part and the row of the log are one transaction. Only after it is committed are the
// other shards sent their parts, which the row contains. Once all parts are known to be applied or
// refused, the row is deleted.
//
//	crash, or lost answer         what it leaves                          who ends it
//	before the host commits       nothing, and nothing was sent           nobody needs to
//	after the host commits        the row; some parts are applied         the primary sends all parts
//	before the row is deleted     the row; all parts are applied          the primary sends all parts
//
// Sending a part again is safe at any time, also beside the master that sent it first, because each
// part carries the statement's Idempotency-Key, a random one if the client sent none: a worker
// stores the key in the part's transaction, and answers a repetition from the record. A worker
// forgets keys after a day. So the primary, when it has sent the parts and some are still open,
// notes in the row which are not, and never sends those again.
//
// A part that is refused because of its content (see [api.Code.Lasting]), or because its table was
// dropped or replaced by another definition, is refused for good: it is not undone elsewhere, as
// the client was told, or is told by an event, which rows that concerns. A table that is created
// again with the same definition cannot be told from the one before: the intents of writes to it are
// removed before it is created. What is left is a request of that write itself that is delayed in
// the network for longer than the drop and the creation take.
//
// A write whose other parts take more than [MaxBody] has no intent, nor has one of a single shard,
// which cannot be left half done, or of a database of an older version, until the primary has given
// that a log.
//
// What a write such as INSERT ... SELECT does depends on rows that were read before, so that it may be
// another one when it is repeated with its Idempotency-Key, also for other shards, which do not know the
// key. Such a write always has an intent, or is refused. If the host answers from its record, nothing of
// the repetition is sent: once the intent of the first request is gone, so that no part of it is open,
// each shard is asked by the key alone what it did.
//
// # Writes to reference tables
//
// Each shard has all rows of a reference table. Its copies stay identical if they start so and get the
// same writes in the same order, each of which does the same everywhere: a statement's result depends
// on nothing but its text, its parameters and the rows it finds. So the order is what has to be kept,
// and these rules keep it:
//
//   - Only the primary writes to reference tables, under its term, to one table one statement at a
//     time. A shard that stores a newer term refuses the write in its own transaction.
//   - The host's part and the intent are one transaction, as for other writes, and come first: if the
//     host refuses the statement, because a key exists, say, nothing is written anywhere. The intent
//     is deleted before the next write to the table begins. So the logs have at most one intent of a
//     table, and that is its latest write.
//   - Before a primary writes to a table for the first time under its term, every worker stores that
//     term, so that nothing of an older one can be committed any more; then it reads all logs of the
//     database, and completes the write that it finds. It does the same after each write whose outcome
//     it does not know on some shard, and refuses to write before it has succeeded.
//   - A request may be delayed in the network, and arrive under the same term after the logs were
//     read: if the host did not answer, or if the primary was restarted and leads under the term of
//     the process before. A new term, taken first, shuts such requests out.
//
// A part that a shard refuses although the host has accepted it means that the copies differed before.
// It is not sent again: the difference is told, and ended by repair. A key that was used before makes
// the host answer from its record; the other shards are then asked by the key alone, and execute
// nothing, since the copies have moved on.
//
//	crash, or lost answer         what it leaves                          who ends it
//	before the host commits       nothing, and nothing was sent           nobody needs to
//	after the host commits        the row; some copies are written        the primary, before it writes again
//	before the row is deleted     the row; all copies are written         the primary, before it writes again
//
// This is state machine replication with the primary as the sequencer: Schneider, "Implementing
// Fault-Tolerant Services Using the State Machine Approach" (ACM Computing Surveys 22(4), 1990).
//
// # Changes of the schema
//
// Only the primary changes the schema, one statement at a time, so any such intent that it finds
// while it executes none has been abandoned. Its steps can be repeated: to create what exists with
// the same definition, or to drop what does not exist, succeeds. Those for tables carry an
// Idempotency-Key too, so that a request that was delayed in the network cannot drop the table's
// successor. Those for databases cannot: a primary that completes such a change takes a new term
// first, so that the workers refuse what was sent before.
//
//	create table   the row, then the shards. If one refuses, the row first says "undo", then the
//	               table is dropped where this intent created it, unless it has rows by now.
//	alter table    the row, then the shards, each of which has its own version to begin with. So are an
//	               index created and dropped.
//	drop table     the row, then the shards.
//	create db      the host's database, its log and the row, then the other shards. A database that
//	               only its home has, without a log or tables, is one that was left before the row.
//	drop db        the row, then the other shards, and the host last, with the row.
//
// A part of a write that finds its table with more columns than it was made for is sent again for the
// table as it is: it names its columns, and the new ones get the value that rows that exist got.
//
// An undo must not be overtaken by the request that it undoes, which may be delayed. It first uses
// the request's key for something else, which refuses the request from then on.
//
// # Who may do what
//
// Any master writes the intents of row writes, and deletes those it has seen through. Only the
// primary executes intents of others, under its term, so that a worker refuses it once there is a
// newer one. It leaves an intent of a write alone until it has seen it, by its own monotonic
// clock, for longer than the request may take. That spares work; nothing depends on it.
//
// # Sources
//
// Gray and Reuter, "Transaction Processing: Concepts and Techniques" (1993), on logging before
// acting and on redo that can be repeated; Helland, "Life beyond Distributed Transactions" (CIDR
// 2007), on messages that are applied at most once instead of transactions across machines;
// Garcia-Molina and Salem, "Sagas" (SIGMOD 1987), on undoing by compensation.
//
// The package holds the protocol. It reaches workers through [Shards], and is told by its caller
// when to act and under which term.
package intent
