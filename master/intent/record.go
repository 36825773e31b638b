package intent

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"shardeck/master/plan"
	"shardeck/shared/api"
)

// Kind is what an intent is to do.
type Kind string

// The kinds. WriteCopies is a write to all copies of a reference table. An UndoCreateTable was a
// CreateTable that a shard has refused.
const (
	Write           Kind = "write"
	WriteCopies     Kind = "write_copies"
	CreateTable     Kind = "create_table"
	UndoCreateTable Kind = "undo_create_table"
	DropTable       Kind = "drop_table"
	AlterTable      Kind = "alter_table"
	CreateDB        Kind = "create_db"
	DropDB          Kind = "drop_db"
)

// IsSchema reports whether the intent changes the schema.
func (k Kind) IsSchema() bool { return k != Write && k != WriteCopies }

// Record is an intent: a statement that concerns several shards, with all that is needed to
// execute it again.
type Record struct {
	ID   string `json:"-"`
	Kind Kind   `json:"-"`
	DB   string `json:"-"`

	// Idempotency and Parts are those of a write. The host's part is not among them: it was
	// committed together with the intent.
	Idempotency *api.Idempotency `json:"idempotency,omitempty"`
	Parts       []Part           `json:"parts,omitempty"`

	// Table is the table to create, alter or drop. To drop one, Versions are its versions by shard.
	Table    string         `json:"table,omitempty"`
	Version  string         `json:"version,omitempty"` // to create one, or that it will have once it is altered
	Versions map[int]string `json:"versions,omitempty"`
	// Definition is that of the table to create, or what becomes of the one to alter, perhaps apart from
	// its indexes: each shard changes the definition that it has.
	Definition *api.TableDef     `json:"definition,omitempty"`
	Change     *plan.TableChange `json:"change,omitempty"`
	// Shards are those that a change of the schema concerns.
	Shards []int `json:"shards,omitempty"`

	// Done are the parts of a write that are known to be applied or refused for good.
	Done []Done `json:"-"`
}

// Part is one shard's part of a write.
type Part struct {
	Shard int `json:"shard"`
	// Also are further shards with the same statements, in the log only.
	Also       []int           `json:"also,omitempty"`
	Statements []api.Statement `json:"statements"`
}

// Done is the outcome of a part.
type Done struct {
	Shard   int      `json:"shard"`
	Rows    int64    `json:"rows,omitzero"`
	Refused api.Code `json:"refused,omitempty"` // empty: applied
	Detail  string   `json:"detail,omitempty"`
}

// MaxBody is the maximum size of an intent's body, in bytes. A larger write is executed without an
// intent: the log would double the size of a request that is large already.
const MaxBody = 4 << 20

// NewID returns an identity for an intent.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// keyPrefix begins the Idempotency-Keys that masters choose. Nobody can guess one.
const keyPrefix = "shardeck-intent-"

// IsReservedKey reports whether clients must not send the Idempotency-Key.
func IsReservedKey(key string) bool { return strings.HasPrefix(key, keyPrefix) }

// NewKey returns an Idempotency-Key for a step of an intent, or with no step, for all of a write.
func NewKey(id, step string) *api.Idempotency {
	key := keyPrefix + id
	if step != "" {
		key += "-" + step
	}
	sum := sha256.Sum256([]byte(key))
	return &api.Idempotency{Key: key, Hash: hex.EncodeToString(sum[:])}
}

// Encode returns the body of the intent's row.
func (r *Record) Encode() (string, error) {
	b, err := json.Marshal(r, json.Deterministic(true))
	if err != nil {
		return "", fmt.Errorf("encode an intent: %w", err)
	}
	return string(b), nil
}

// Decode returns the intent of a row of the log. It accepts nothing that could not be executed on
// a cluster of that many shards: the row is data, and may have been written by another version.
func Decode(db, id string, kind Kind, body, done string, shards int) (*Record, error) {
	r := &Record{}
	if err := json.Unmarshal([]byte(body), r, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("the body is not that of an intent: %w", err)
	}
	r.ID, r.Kind, r.DB = id, kind, db
	if done != "" {
		if err := json.Unmarshal([]byte(done), &r.Done, json.RejectUnknownMembers(true)); err != nil {
			return nil, fmt.Errorf("the list of finished parts is invalid: %w", err)
		}
	}
	return r, r.check(shards)
}

// check returns why the intent cannot be executed on a cluster of that many shards, or nil.
func (r *Record) check(shards int) error {
	for _, shard := range r.Targets() {
		if shard < 0 || shard >= shards {
			return fmt.Errorf("it concerns shard %d of %d", shard, shards)
		}
	}
	missing := ""
	switch r.Kind {
	case Write, WriteCopies:
		// A write of what was read before may have no part but the host's, and be logged all the same.
		if r.Idempotency == nil || len(r.Parts) == 0 && r.Kind == WriteCopies {
			missing = "an Idempotency-Key or parts"
		}
	case CreateTable, UndoCreateTable, AlterTable:
		if r.Definition == nil || r.Definition.Name != r.Table || r.Definition.Version() != r.Version {
			missing = "the definition of its table"
		}
		if r.Kind == AlterTable && (r.Change == nil || r.Change.IsNothing()) {
			missing = "what it changes"
		}
	case DropTable:
		if r.Table == "" {
			missing = "a table"
		}
	case CreateDB, DropDB:
	default:
		return fmt.Errorf("its kind %q is unknown to this version", api.Clip(string(r.Kind)))
	}
	if missing != "" {
		return fmt.Errorf("it lacks %s", missing)
	}
	return nil
}

// Writes reports whether the intent is a write to the table.
func (r *Record) Writes(table string) bool {
	return slices.ContainsFunc(r.Parts, func(p Part) bool {
		return slices.ContainsFunc(p.Statements, func(st api.Statement) bool { return api.SameName(st.Table, table) })
	})
}

// Written returns the name of the table that a write is to.
func (r *Record) Written() string {
	for i := range r.Parts {
		if len(r.Parts[i].Statements) > 0 {
			return r.Parts[i].Statements[0].Table
		}
	}
	return ""
}

// Targets returns the shards that the intent concerns, apart from the host of a write.
func (r *Record) Targets() []int {
	if r.Kind.IsSchema() {
		return r.Shards
	}
	var shards []int
	for _, p := range r.Parts {
		shards = append(append(shards, p.Shard), p.Also...)
	}
	return shards
}

// open returns the parts of a write whose outcome is not known.
func (r *Record) open() []Part {
	var all []Part
	for _, p := range r.Parts {
		for _, shard := range append([]int{p.Shard}, p.Also...) {
			all = append(all, Part{Shard: shard, Statements: p.Statements})
		}
	}
	return slices.DeleteFunc(all, func(p Part) bool {
		return slices.ContainsFunc(r.Done, func(d Done) bool { return d.Shard == p.Shard })
	})
}

// alteration describes the change of a table to people.
func (r *Record) alteration() string {
	switch c := r.Change; {
	case c == nil:
		return fmt.Sprintf("alter table %s.%s", r.DB, r.Table)
	case c.Index != nil:
		return fmt.Sprintf("create index %s on %s.%s", c.Index.Name, r.DB, r.Table)
	case c.DropIndex != "":
		return fmt.Sprintf("drop index %s on %s.%s", c.DropIndex, r.DB, r.Table)
	}
	return fmt.Sprintf("alter table %s.%s", r.DB, r.Table)
}

// String describes the intent to people.
func (r *Record) String() string {
	switch r.Kind {
	case Write, WriteCopies:
		table := ""
		if len(r.Parts) > 0 && len(r.Parts[0].Statements) > 0 {
			st := &r.Parts[0].Statements[0]
			table = fmt.Sprintf("%s of rows of %s.%s", st.Effect, r.DB, st.Table)
		}
		return table
	case CreateTable, UndoCreateTable:
		return fmt.Sprintf("create table %s.%s", r.DB, r.Table)
	case AlterTable:
		return r.alteration()
	case DropTable:
		return fmt.Sprintf("drop table %s.%s", r.DB, r.Table)
	case CreateDB:
		return "create database " + r.DB
	case DropDB:
		return "drop database " + r.DB
	}
	return string(r.Kind)
}
