package foreign

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlserver/batch"
)

// subject is what a statement is about. Each takes the members that it needs.
type subject struct {
	Suffix    string           `json:"suffix"`    // of the worker's databases
	Name      string           `json:"name"`      // of a database or table, as in requests
	Physical  string           `json:"physical"`  // name of a database
	State     string           `json:"state"`     // of a record
	Collation string           `json:"collation"` // of a new database; empty for the server's own
	Current   *api.WorkerState `json:"current"`   // state of the worker
	Next      *api.WorkerState `json:"next"`      // state of the worker
	Wait      int64            `json:"wait_ms"`
	Limit     int64            `json:"limit"`
	Now       int64            `json:"now_ms"`
	Ran       int64            `json:"ran_ms"`    // the running time
	TTL       int64            `json:"ttl_ms"`    // of stored responses
	Databases []string         `json:"databases"` // physical names
}

// statements are the statements by name, with the members of their subjects.
var statements = map[string]struct {
	members string
	call    func(*subject) *batch.Call
}{
	"begin":             {"", func(*subject) *batch.Call { return batch.Begin() }},
	"commit":            {"", func(*subject) *batch.Call { return batch.Commit() }},
	"rollback":          {"", func(*subject) *batch.Call { return batch.Rollback() }},
	"server_version":    {"", func(*subject) *batch.Call { return batch.ServerVersion() }},
	"has_collation":     {"collation", func(s *subject) *batch.Call { return batch.HasCollation(s.Collation) }},
	"create_own":        {"", func(s *subject) *batch.Call { return batch.CreateDatabase(batch.OwnDatabase(s.Suffix), "") }},
	"own_tables":        {"", func(*subject) *batch.Call { return batch.CreateOwnTables() }},
	"first_state":       {"", func(*subject) *batch.Call { return batch.FirstState() }},
	"state":             {"", func(*subject) *batch.Call { return batch.State() }},
	"held_state":        {"", func(*subject) *batch.Call { return batch.HeldState() }},
	"store_state":       {"current next", func(s *subject) *batch.Call { return batch.StoreState(*s.Current, *s.Next) }},
	"lock_records":      {"wait_ms", func(s *subject) *batch.Call { return batch.LockRecords(time.Duration(s.Wait) * time.Millisecond) }},
	"record":            {"name", func(s *subject) *batch.Call { return batch.Record(s.Name) }},
	"records":           {"", func(*subject) *batch.Call { return batch.Records() }},
	"add_record":        {"name physical state", func(s *subject) *batch.Call { return batch.AddRecord(s.Name, s.Physical, s.State) }},
	"set_record":        {"name state", func(s *subject) *batch.Call { return batch.SetRecord(s.Name, s.State) }},
	"delete_record":     {"name", func(s *subject) *batch.Call { return batch.DeleteRecord(s.Name) }},
	"database_id":       {"physical", func(s *subject) *batch.Call { return batch.DatabaseID(s.Physical) }},
	"foreign_tables":    {"physical", func(s *subject) *batch.Call { return batch.ForeignTables(s.Physical) }},
	"create_database":   {"physical", func(s *subject) *batch.Call { return batch.CreateDatabase(s.Physical, s.Collation) }},
	"database_tables":   {"", func(*subject) *batch.Call { return batch.CreateDatabaseTables() }},
	"snapshot":          {"physical", func(s *subject) *batch.Call { return batch.ReadCommittedSnapshot(s.Physical) }},
	"compatibility":     {"physical", func(s *subject) *batch.Call { return batch.CompatibilityLevel(s.Physical) }},
	"drop_database":     {"physical", func(s *subject) *batch.Call { return batch.DropDatabase(s.Physical) }},
	"drop_database_now": {"physical", func(s *subject) *batch.Call { return batch.DropDatabaseInUse(s.Physical) }},
	"table_version":     {"name", func(s *subject) *batch.Call { return batch.TableVersion(s.Name) }},
	"running_time":      {"", func(*subject) *batch.Call { return batch.RunningTime() }},
	"save_running_time": {"ran_ms", func(s *subject) *batch.Call { return batch.SaveRunningTime(time.Duration(s.Ran) * time.Millisecond) }},
	"probe":             {"physical", func(s *subject) *batch.Call { return batch.Probe(s.Physical) }},
	"prune":             {"limit now_ms ttl_ms", func(s *subject) *batch.Call { return batch.Prune(s.Limit, age(s.Now, s.Ran, s.TTL)) }},
	"table_stats":       {"databases", func(s *subject) *batch.Call { return batch.TableStats(s.Databases) }},
	"file_sizes":        {"", func(*subject) *batch.Call { return batch.FileSizes() }},
}

// statement is sd_mssql_statement(name, subject): one of the worker's own statements.
func statement(args []string) (any, error) {
	st, ok := statements[args[0]]
	if !ok {
		return nil, fmt.Errorf("there is no statement %q", args[0])
	}
	var s subject
	if args[1] != "" {
		if err := argument("the subject", args[1], &s); err != nil {
			return nil, err
		}
	}
	for _, member := range strings.Fields(st.members) {
		if !s.has(member) {
			return nil, fmt.Errorf("the statement %s requires %s", args[0], member)
		}
	}
	if s.Collation != "" && !batch.PlainName(s.Collation) {
		return nil, errors.New("the collation is not a name")
	}
	return toCall(st.call(&s)), nil
}

// has reports whether a member has a value.
func (s *subject) has(member string) bool {
	switch member {
	case "name":
		return s.Name != ""
	case "physical":
		return s.Physical != ""
	case "state":
		return s.State != ""
	case "collation":
		return s.Collation != ""
	case "current":
		return s.Current != nil
	case "next":
		return s.Next != nil
	case "wait_ms":
		return s.Wait > 0
	case "limit":
		return s.Limit > 0
	case "now_ms":
		return s.Now > 0
	case "ran_ms":
		return s.Ran > 0
	case "ttl_ms":
		return s.TTL > 0
	case "databases":
		return len(s.Databases) > 0
	}
	return false
}
