package api

import "time"

// The values of [WorkerHealth.Status].
const (
	WorkerOK      = "ok"
	WorkerFailing = "failing" // see [WorkerHealth.Storage]
)

// StorageCode classifies a failure of a worker's storage.
type StorageCode string

// The codes of storage failures, the worst first. After the first two a worker must be restarted
// on restored data; it recovers from the others by itself.
const (
	StorageRemoved     StorageCode = "removed"      // a file, or the data directory, is not the one that was opened
	StorageDamaged     StorageCode = "damaged"      // a file is too short, or is not (or not consistently) a database
	StorageFull        StorageCode = "full"         // no space is left
	StorageReadOnly    StorageCode = "read_only"    // writing is not allowed
	StorageWriteFailed StorageCode = "write_failed" // any other failure to write
	StorageReadFailed  StorageCode = "read_failed"  // a failure to read
	StorageUnreachable StorageCode = "unreachable"  // the database server does not answer, or refuses the worker
)

// storageProblems are the texts for people. They are sent to anyone who asks, so they contain no
// paths and no data.
var storageProblems = map[StorageCode]string{
	StorageRemoved:     "a database file was removed or replaced",
	StorageDamaged:     "a database file is damaged",
	StorageFull:        "the disk is full",
	StorageReadOnly:    "a database file is read-only",
	StorageWriteFailed: "writes fail",
	StorageReadFailed:  "reads fail",
	StorageUnreachable: "the database server cannot be reached",
}

// Problem describes the code to people.
func (c StorageCode) Problem() string { return storageProblems[c] }

// StorageProblem is why a worker is failing: the worst of its current storage failures. It is
// open to all, so it reveals nothing about data.
type StorageProblem struct {
	Problem string      `json:"problem"`
	Code    StorageCode `json:"code"`
	Since   time.Time   `json:"since"`
}

// StorageFailure is one storage failure with its details, for those who have the token.
type StorageFailure struct {
	StorageProblem
	DB     string `json:"db_name,omitempty"` // empty if it concerns the worker's own state
	Path   string `json:"path,omitempty"`    // the file at fault, if known
	Detail string `json:"detail"`
}

// StorageFailed is the problem for requests that a worker refuses because the database's files
// are no longer those that it opened, or are damaged.
func StorageFailed(code StorageCode) *Problem {
	return NewProblem(CodeStorageFailed, "the worker's storage has failed: %s", code.Problem()).
		Hinted("stop the worker, restore its data directory (the complete directory, from where it was moved or from a backup), and start the worker again")
}
