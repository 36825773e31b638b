package intent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/master/intent"
	"shardeck/shared/api"
)

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	def := definition("id", "x")
	write := &intent.Record{ID: "w", Kind: intent.Write, DB: db, Idempotency: intent.NewKey("w", ""),
		Parts: []intent.Part{{Shard: 0, Statements: insertInto(def, 1, 2)}, {Shard: 2, Statements: insertInto(def, 3)}}}
	for _, r := range []*intent.Record{write, createTable(def), dropTable(def), changeDB(intent.CreateDB), changeDB(intent.DropDB)} {
		body, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := intent.Decode(r.DB, r.ID, r.Kind, body, "", shards)
		if err != nil {
			t.Fatalf("%s: %v", r.Kind, err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Errorf("%s: %s", r.Kind, diff)
		}
	}
	body, _ := write.Encode()
	got, err := intent.Decode(db, "w", intent.Write, body, `[{"shard":2,"rows":1},{"shard":0,"refused":"duplicate_key","detail":"x"}]`, shards)
	if err != nil || len(got.Done) != 2 || got.Done[1].Refused != api.CodeDuplicateKey {
		t.Errorf("%+v, %v", got, err)
	}
}

// A row of the log that could not be executed is refused, whoever wrote it.
func TestARecordThatCannotBeExecutedIsRefused(t *testing.T) {
	def := definition("id")
	create, _ := createTable(def).Encode()
	for name, tt := range map[string]struct {
		kind       intent.Kind
		body, done string
	}{
		"no JSON":                     {intent.Write, `{`, ""},
		"an unknown member":           {intent.DropDB, `{"shards":[0],"force":true}`, ""},
		"an unknown kind":             {"move_slots", `{"shards":[0]}`, ""},
		"no kind":                     {"", `{"shards":[0]}`, ""},
		"a shard beyond the last":     {intent.DropDB, `{"shards":[0,3]}`, ""},
		"a negative shard":            {intent.DropDB, `{"shards":[-1]}`, ""},
		"a write without a key":       {intent.Write, `{"parts":[{"shard":1,"statements":[]}]}`, ""},
		"a write without parts":       {intent.WriteCopies, `{"idempotency":{"key":"k","hash":"h"}}`, ""},
		"a part beyond the last":      {intent.Write, `{"idempotency":{"key":"k","hash":"h"},"parts":[{"shard":9,"statements":[]}]}`, ""},
		"a table without a name":      {intent.DropTable, `{"shards":[0]}`, ""},
		"a table without definition":  {intent.CreateTable, `{"table":"T","shards":[0]}`, ""},
		"another table's definition":  {intent.CreateTable, strings.Replace(create, `"table":"T"`, `"table":"U"`, 1), ""},
		"another version's":           {intent.CreateTable, strings.Replace(create, def.Version(), "0000000000000000", 1), ""},
		"an invalid list of outcomes": {intent.DropDB, `{"shards":[0]}`, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			if r, err := intent.Decode(db, "x", tt.kind, tt.body, tt.done, shards); err == nil {
				t.Errorf("it was accepted: %+v", r)
			}
		})
	}
}

// TestWhenAnIntentIsDue: changes of the schema at once, writes after the grace, and what was tried
// without success after a wait that doubles, unless a shard came back.
func TestWhenAnIntentIsDue(t *testing.T) {
	w := intent.Watch{Grace: 10 * time.Second}
	now := time.Unix(0, 0)
	write := intent.Entry{DB: db, Host: 1, ID: "w", Kind: intent.Write}
	change := intent.Entry{DB: db, Host: 1, ID: "c", Kind: intent.DropTable}
	due := func(after time.Duration, entries []intent.Entry, want ...intent.Entry) {
		t.Helper()
		now = now.Add(after)
		if got := w.Due(db, 1, entries, now); !slices.Equal(got, want) {
			t.Errorf("at %s: %v, want %v", now.UTC().Format("05"), got, want)
		}
	}
	both := []intent.Entry{write, change}
	due(0, both, change)
	w.Tried(change, now)
	due(time.Second/2, both)
	due(time.Second/2, both, change)
	w.Tried(change, now)
	due(time.Second, both)
	due(time.Second, both, change)
	// Another log does not matter.
	if got := w.Due("Other", 1, []intent.Entry{{DB: "Other", Host: 1, ID: "o", Kind: intent.Write}}, now); len(got) != 0 {
		t.Errorf("%v", got)
	}
	due(7*time.Second, both, write, change)
	w.Tried(write, now)
	w.Retry()
	due(0, both, write, change)
	// One that is gone and comes again is seen for the first time.
	due(0, []intent.Entry{change}, change)
	due(0, both, change)
}
