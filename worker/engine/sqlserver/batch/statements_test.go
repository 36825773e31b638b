package batch

import (
	"strings"
	"testing"
	"time"

	"github.com/sqlc-dev/teesql/parser"

	"shardeck/shared/api"
)

const hostileName = "x]; DROP DATABASE [y]; --'"

// TestStatementsAreValid parses every statement of the worker, given hostile names, with an
// independent T-SQL parser, as exactly as many statements as it has.
func TestStatementsAreValid(t *testing.T) {
	state := api.WorkerState{Leader: hostileName, Shard: hostileName}
	at := time.UnixMilli(1_700_000_000_000)
	for name, c := range map[string]struct {
		call       *Call
		statements int
	}{
		"begin":              {Begin(), 1},
		"commit":             {Commit(), 1},
		"rollback":           {Rollback(), 1},
		"server version":     {ServerVersion(), 1},
		"collation":          {HasCollation(hostileName), 1},
		"own tables":         {CreateOwnTables(), 3},
		"database tables":    {CreateDatabaseTables(), 4},
		"first state":        {FirstState(), 2},
		"state":              {State(), 1},
		"held state":         {HeldState(), 1},
		"store state":        {StoreState(state, state), 1},
		"lock":               {LockRecords(time.Second), 3},
		"record":             {Record(hostileName), 1},
		"records":            {Records(), 1},
		"add record":         {AddRecord(hostileName, hostileName, RecordReady), 1},
		"set record":         {SetRecord(hostileName, RecordReady), 1},
		"delete record":      {DeleteRecord(hostileName), 1},
		"database id":        {DatabaseID(hostileName), 1},
		"foreign tables":     {ForeignTables(hostileName), 1},
		"create database":    {CreateDatabase(hostileName, ""), 1},
		"with a collation":   {CreateDatabase(hostileName, PreferredCollation), 1},
		"snapshot":           {ReadCommittedSnapshot(hostileName), 1},
		"compatibility":      {CompatibilityLevel(hostileName), 1},
		"drop database":      {DropDatabase(hostileName), 1},
		"drop database used": {DropDatabaseInUse(hostileName), 2},
		"table version":      {TableVersion(hostileName), 1},
		"prune":              {Prune(500, Age{Now: at, Ran: time.Hour, TTL: time.Hour}), 1},
		"running time":       {RunningTime(), 1},
		"save running time":  {SaveRunningTime(time.Hour), 1},
		"probe":              {Probe(hostileName), 1},
		"table stats":        {TableStats([]string{hostileName, "other"}), 1},
		"file sizes":         {FileSizes(), 1},
	} {
		script, err := parser.Parse(t.Context(), strings.NewReader(c.call.Text))
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, c.call.Text)
			continue
		}
		n := 0
		for _, b := range script.Batches {
			n += len(b.Statements)
		}
		if n != c.statements {
			t.Errorf("%s has %d statements, want %d\n%s", name, n, c.statements, c.call.Text)
		}
		for _, a := range c.call.Args {
			if !strings.Contains(c.call.Declarations, "@"+a.Name+" ") || !strings.Contains(c.call.Text, "@"+a.Name) {
				t.Errorf("%s: @%s is not declared or not used\n%s\n%s", name, a.Name, c.call.Declarations, c.call.Text)
			}
		}
	}
}

func TestOwnDatabaseHasTheSuffix(t *testing.T) {
	if OwnDatabase("") != "_shardeck" || OwnDatabase("GO") != "_shardeck_GO" {
		t.Errorf("got %s, %s", OwnDatabase(""), OwnDatabase("GO"))
	}
}

func TestACollationIsAPlainName(t *testing.T) {
	for name, want := range map[string]bool{PreferredCollation: true, "": false, "x; DROP": false, "[x]": false} {
		if PlainName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}
