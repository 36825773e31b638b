// Package sqlitefile is a lease in a SQLite file that the masters of one machine share.
//
// The file has one row: who holds the lease (a URL for people, and a session, random for each
// Lease), the term, a counter of renewals, the time to live (TTL), and whether it was released. No
// clock is shared. A holder renews by counting up every TTL/6; each success is worth 3/4 of the TTL
// from before the write began, on its own monotonic clock. A challenger acquires the lease only if
// the row says that it was released, or if it has itself seen the row unchanged for a whole TTL, on
// its own monotonic clock, counting from when it had first read it. So the challenger's TTL begins
// after the holder's did, and ends at least a quarter of it later than the holder has stopped.
// A Lease watches the row every TTL/10 from Open on, so that a backup need not begin to wait when it
// is asked to acquire.
//
// After a holder was killed, the next can acquire the lease after TTL*5/6 to TTL*11/10; after
// Release at once. A master that is started again is a new session and waits like any other. One whose
// acquisition failed although the row was written finds its own row, and can acquire again at once.
//
// A file that is removed or replaced takes the lease with it: each read and write compares the
// file's identity with that of the path, before and after. The row of a new file counts as held
// until it has been watched for a TTL, in case the old file still has a holder. A new cluster waits
// for that once. An older copy that is written into the file in place, or that says that the lease
// was released, can deceive the masters; the workers then refuse one of two.
//
// Bounds: a statement waits for SQLite's lock for at most a quarter of a second. A master that is
// paused in the middle of a read or a write, a fraction of a millisecond, keeps the lock until it
// goes on or is killed; the others then report ErrLocked, and after a TTL remove the file (not on
// Windows, where it is in use), so that one of them can acquire the lease after two. The lock is that
// of SQLite's rollback journal, so the file must be on a local disk. Nothing is synced, as nothing
// must outlive a loss of power: the workers keep the terms durable. A file that such a loss has
// damaged is reported as ErrDamaged and can be removed.
//
// Sources: Gray and Cheriton (SOSP 1989) on leases; SQLite, "File Locking And Concurrency In
// SQLite Version 3"; DynamoDB's lock client, for a lease by watching a record's version for its
// duration.
package sqlitefile
