package api_test

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
)

func ref[T any](v T) *T { return &v }

func raw(s string) jsontext.Value { return jsontext.Value(s) }

var (
	at    = time.Date(2026, 11, 22, 20, 24, 0, 500_000_000, time.UTC)
	fence = api.Fence{Term: 3, MapVersion: 1}

	students = api.TableDef{
		Name: "Students",
		Columns: []api.ColumnDef{
			{Name: "student_id", Type: "INT"},
			{Name: "name", Type: "NVARCHAR(50)"},
			{Name: "gpa", Type: "DECIMAL(3,2)", Nullable: true},
			{Name: "active", Type: "BIT", Default: "1"},
		},
		PrimaryKey: []string{"student_id"},
		Unique:     [][]string{{"student_id", "name"}},
		ShardKey:   "student_id",
	}
	columns = []api.Column{{Name: "student_id", Type: "INT"}, {Name: "name", Type: "NVARCHAR(50)"}, {Name: "gpa", Type: "DECIMAL(3,2)"}}
	scatter = api.Route{Kind: api.RouteScatter, Shards: []int{0, 1, 2}, Why: "the condition does not fix student_id"}
	point   = api.Route{
		Kind: api.RoutePoint, Shards: []int{1}, Why: "student_id = 1",
		Keys: []api.RouteKey{{Key: "1", Hash: 873244444, Slot: 3964, Shard: 1}},
	}
	parts = []api.ShardResult{
		{Shard: 0, Worker: "worker-8081", Rows: 3361, FirstMS: 0.625, MS: 1.25},
		{Shard: 1, Worker: "worker-8082", Rows: 3302, FirstMS: 0.75, MS: 1.5},
		{Shard: 2, Worker: "worker-8083", Rows: 3337, FirstMS: 0.375, MS: 0.75},
	}
	down = *api.NewProblem(api.CodeShardUnavailable, "the worker refuses connections").On(2, "worker-8083").
		Hinted("start it again, or ask with allow_partial")
)

// samples are the golden documents, one for each shape that travels.
func samples() []sample {
	all := append(requestSamples(), answerSamples()...)
	all = append(all, clusterSamples()...)
	all = append(all, workerSamples()...)
	return append(all, problemSamples()...)
}

func requestSamples() []sample {
	row := api.Object[jsontext.Value]{{Name: "student_id", Value: raw(`1`)}, {Name: "name", Value: raw(`"Ada"`)}, {Name: "gpa", Value: raw(`"3.90"`)}}
	// Every value has the form that values.json pins for its type.
	every := api.Object[jsontext.Value]{
		{Name: "big", Value: raw(`"9223372036854775807"`)}, {Name: "price", Value: raw(`"12.50"`)}, {Name: "score", Value: raw(`0.1`)},
		{Name: "active", Value: raw(`true`)}, {Name: "photo", Value: raw(`"0xDEADBEEF"`)}, {Name: "born", Value: raw(`"2001-02-03"`)},
		{Name: "seen", Value: raw(`"2026-11-22T20:24:00.1234567"`)}, {Name: "id", Value: raw(`"6F9619FF-8B86-D011-B42D-00C04FC964FF"`)},
		{Name: "note", Value: raw(`null`)}, {Name: "city", Value: raw(`"Zürich"`)},
	}
	return []sample{
		{"master/create-db.request.json", false, "CreateDBRequest", &api.CreateDBRequest{DB: "SchoolDB"}},
		{"master/drop-db.request.json", false, "DropDBRequest", &api.DropDBRequest{DB: "SchoolDB"}},
		{"master/create-table.request.json", false, "CreateTableRequest", &api.CreateTableRequest{
			DB: "SchoolDB", Table: "Students", ShardKey: "student_id",
			// Not in alphabetical order, which is the point: it must be kept.
			Columns: api.Object[string]{
				{Name: "student_id", Value: "INT PRIMARY KEY"}, {Name: "name", Value: "NVARCHAR(50) NOT NULL"},
				{Name: "gpa", Value: "DECIMAL(3,2)"}, {Name: "active", Value: "BIT NOT NULL DEFAULT 1"},
			},
		}},
		{"master/create-reference-table.request.json", false, "CreateTableRequest", &api.CreateTableRequest{
			DB: "SchoolDB", Table: "Countries", Distribution: api.Replicate,
			Columns: api.Object[string]{{Name: "code", Value: "CHAR(2) PRIMARY KEY"}, {Name: "name", Value: "NVARCHAR(50) NOT NULL UNIQUE"}},
		}},
		{"master/delete-table.request.json", false, "DeleteTableRequest", &api.DeleteTableRequest{DB: "SchoolDB", Table: "Students"}},
		{"master/repair-table.request.json", false, "RepairTableRequest", &api.RepairTableRequest{DB: "SchoolDB", Table: "Countries", FromShard: ref(2), DryRun: true}},
		{"master/insert-one.request.json", false, "InsertRequest", &api.InsertRequest{DB: "SchoolDB", Table: "Students", Data: row, ShardKey: raw(`1`)}},
		{"master/insert-many.request.json", false, "InsertRequest", &api.InsertRequest{DB: "SchoolDB", Table: "Things", Rows: []api.Object[jsontext.Value]{row, every}}},
		{"master/select.request.json", false, "SelectRequest", &api.SelectRequest{
			DB: "SchoolDB", Table: "Students", Columns: api.NameList{"student_id", "name"}, Condition: "gpa >= 3.5 AND name LIKE N'A%'",
			ShardKey: raw(`1`), OrderBy: "gpa DESC, student_id", Limit: ref[int64](10), Offset: ref[int64](20), AllowPartial: true,
		}},
		{"master/update.request.json", false, "UpdateRequest", &api.UpdateRequest{
			DB: "SchoolDB", Table: "Students", Set: api.Object[jsontext.Value]{{Name: "gpa", Value: raw(`"3.95"`)}, {Name: "active", Value: raw(`false`)}},
			Condition: "student_id = 1", ShardKey: raw(`"1"`),
		}},
		{"master/delete.request.json", false, "DeleteRequest", &api.DeleteRequest{DB: "SchoolDB", Table: "Students", Condition: "student_id IN (1, 2)"}},
		{"master/map-reduce-count.request.json", false, "MapReduceCountRequest", &api.MapReduceCountRequest{
			DB: "SchoolDB", Table: "Students", Condition: "gpa >= 3", GroupBy: api.NameList{"active"}, AllowPartial: true,
		}},
		{"master/step-down.request.json", false, "StepDownRequest", &api.StepDownRequest{Term: 3, Leader: "http://127.0.0.1:8084"}},
	}
}

func answerSamples() []sample {
	return []sample{
		{"master/create-table.answer.json", false, "DDLResponse", &api.DDLResponse{
			DB: "SchoolDB", Table: "Students", Definition: &students, Shards: []api.ShardResult{{Shard: 0, Worker: "worker-8081", MS: 3.5}},
		}},
		{"master/repair-table.answer.json", false, "RepairTableResponse", &api.RepairTableResponse{
			DB: "SchoolDB", Table: "Countries", FromShard: ref(0), Shards: []api.CopyResult{
				{Shard: 0, Worker: "worker-8081", Rows: 195},
				{Shard: 1, Worker: "worker-8082", Rows: 194, Missing: 2, Extra: 1, Different: 3, Deleted: 4, Inserted: 5},
				{Shard: 2, Worker: "worker-8083", Rows: 190, Missing: 5, Problem: &down},
			},
		}},
		{"master/insert.answer.json", false, "WriteResponse", &api.WriteResponse{RowsAffected: 1, Route: point, Shards: parts[1:2], Replayed: true}},
		{"master/select.answer.json", false, "SelectResponse", &api.SelectResponse{
			Columns: columns, Rows: []jsontext.Value{raw(`[1,"Ada","3.90"]`), raw(`[2,"Grace",null]`)},
			EndInfoJSON: api.EndInfoJSON{RowCount: 2, Route: scatter, Shards: parts, Partial: []api.Problem{down}},
		}},
		{"master/select-broken.answer.json", false, "SelectResponse", &api.SelectResponse{
			Columns: columns, Rows: []jsontext.Value{raw(`[1,"Ada","3.90"]`)},
			EndInfoJSON: api.EndInfoJSON{RowCount: 1, Route: scatter, Shards: []api.ShardResult{}}, Error: &down,
		}},
		{"master/map-reduce-count.answer.json", false, "MapReduceCountResponse", &api.MapReduceCountResponse{
			Total: 10000, Shards: parts, GroupColumns: []api.Column{{Name: "active", Type: "BIT"}}, Route: scatter, MapMS: 1.5, ReduceMS: 0.05,
			Groups: []api.CountGroup{{Key: raw(`[null]`), Count: 4, Shards: []int64{1, 2, 1}}, {Key: raw(`[true]`), Count: 9996, Shards: []int64{3360, 3300, 3336}}},
		}},
		{"master/security-check.answer.json", false, "SecurityCheckResponse", &api.SecurityCheckResponse{
			OK: false,
			Probes: []api.SecurityProbe{
				{Shard: 0, Worker: "worker-8081", Endpoint: api.Endpoint{Method: "POST", Path: "/exec"}, Credential: api.CredentialNearMiss, Expected: "401", Status: 401, OK: true, MS: 0.4},
				{Shard: 2, Worker: "worker-8083", Endpoint: api.Endpoint{Method: "GET", Path: "/stats"}, Credential: api.CredentialRight, Expected: "let in", MS: 1, Detail: "no answer"},
			},
			Workers: []api.SecurityWorker{
				{Shard: 0, Worker: "worker-8081", URL: "http://127.0.0.1:8081", OK: true, Passed: 35, Total: 35},
				{Shard: 2, Worker: "worker-8083", URL: "http://127.0.0.1:8083", Total: 35, Problem: &down},
			},
		}},
		{"master/failover.request.json", false, "FailoverRequest", &api.FailoverRequest{To: "http://127.0.0.1:8084", Reason: "kernel update", Force: true, DryRun: true}},
		{"master/failovers.answer.json", false, "FailoversResponse", &api.FailoversResponse{Failovers: []api.FailoverResponse{{
			Kind: api.FailoverAutomatic, At: at, Primary: "http://127.0.0.1:8084", Term: 5, Previous: "http://127.0.0.1:8080",
			Steps: []api.FailoverStep{}, TotalMS: 9, Unavailable: &api.Unavailability{AtLeastMS: 30}, Problem: &down,
		}}}},
		{"master/failover.answer.json", false, "FailoverResponse", &api.FailoverResponse{
			Kind: api.FailoverPlanned, Reason: "kernel update", At: at, Unavailable: &api.Unavailability{AtLeastMS: 11, AtMostMS: new(14.5)},
			Checks:  []api.FailoverCheck{{Name: "every shard is up", OK: true, Detail: "3 of 3", Required: true, Forceable: true}},
			Primary: "http://127.0.0.1:8084", Term: 4, Previous: "http://127.0.0.1:8080", TotalMS: 12.5,
			Steps: []api.FailoverStep{
				{Name: "preflight", Target: "workers", OK: true, Detail: "3 of 3 answer", AtMS: 0, MS: 2.5},
				{Name: "take term", Target: "http://127.0.0.1:8081", OK: true, Detail: "term 4", AtMS: 2.5, MS: 5},
				{Name: "step down", Target: "http://127.0.0.1:8080", OK: false, Detail: "the old primary does not answer", AtMS: 7.5, MS: 5},
			},
		}},
	}
}

func clusterSamples() []sample {
	return []sample{
		{"master/health.answer.json", false, "Health", &api.Health{
			Status: api.StatusDegraded, Reasons: []string{"shard 2 (worker-8083) is down"}, Role: api.RolePrimary, Term: 3, Primary: "http://127.0.0.1:8080", Cluster: "0f1e2d3c4b5a6978", Lease: "manual", Version: "0.1.0", UptimeSeconds: 12.5,
			Shards: []api.ShardHealth{
				{Shard: 0, Worker: "worker-8081", State: api.ShardUp, LatencyMS: 0.5, AgeMS: 250},
				{Shard: 2, Worker: "worker-8083", State: api.ShardDown, AgeMS: -1},
			},
		}},
		{"master/metadata.answer.json", false, "Metadata", &api.Metadata{
			Master: api.MasterInfo{
				URL: "http://127.0.0.1:8080", Role: api.RolePrimary, Term: 3, Primary: "http://127.0.0.1:8080", MapVersion: 1, Slots: 5040, Shards: 3,
				Version: "0.1.0", StartedAt: at, UptimeSeconds: 12.5, PID: 4711, Cluster: "0f1e2d3c4b5a6978",
				Lease: api.LeaseInfo{Kind: "sqlitefile", Known: true, Holder: "http://127.0.0.1:8080", Term: 3, ExpiresInMS: 1200},
			},
			Peers: []api.PeerInfo{{URL: "http://127.0.0.1:8084", Reachable: true, Role: api.RoleBackup, Term: 3, LatencyMS: 0.4, AgeMS: 100}},
			Workers: []api.WorkerInfo{
				{
					Shard: 0, URL: "http://127.0.0.1:8081", Name: "worker-8081", State: api.ShardUp, Language: "go", Engine: "sqlite", EngineVersion: "3.53.0",
					Version: "0.1.0", UptimeSeconds: 13, LatencyMS: 0.5, AgeMS: 250, Slots: 1680, Databases: 1, Tables: 1, Rows: 3361, SizeBytes: 409600,
					Traffic: api.Traffic{RequestsPerSecond: 41.5, P50MS: 0.5, P99MS: 2.25, InFlight: 1},
				},
				{Shard: 2, URL: "http://127.0.0.1:8083", State: api.ShardDown, Problem: &down, AgeMS: -1, Slots: 1680},
			},
			Databases: []api.DatabaseInfo{{Name: "SchoolDB", Shards: []int{0, 1}, Tables: []api.TableInfo{{
				Name: "Students", Definition: students, Rows: 6663, RowsPerShard: []*int64{ref[int64](3361), ref[int64](3302), nil}, Skew: 1.0089,
			}}}},
			Drift: []api.Drift{{DB: "SchoolDB", Table: "Students", Kind: "missing_table", Shards: []int{2}, Detail: "shard 2 lacks SchoolDB.Students"}},
			At:    at,
		}},
		{"master/traffic.answer.json", false, "TrafficReport", &api.TrafficReport{
			Master: "http://127.0.0.1:8080", StartedAt: at, At: at,
			Clients: api.Counters{Requests: 3, Errors: 1, InFlight: 2, Latency: []api.LatencyCount{{UpToMS: 0.256, Requests: 2}, {UpToMS: 9.216, Requests: 1}}},
			Shards:  []api.Counters{{Requests: 1, Latency: []api.LatencyCount{{UpToMS: 0.256, Requests: 1}}}},
			Recent: []api.RecentRequest{
				{Seq: 1, At: at, Op: "select", DB: "SchoolDB", Table: "Students", Key: &point.Keys[0], Shards: []int{1}, MS: 0.25},
				{Seq: 2, At: at, Op: "count", DB: "SchoolDB", Table: "Students", Shards: []int{0, 1, 2}, MS: 9, Code: api.CodeShardUnavailable},
			},
		}},
		{"master/event.json", false, "Event", &api.Event{Seq: 7, At: at, Kind: api.EventShard, Level: api.LevelError, Shard: ref(2), Text: "shard 2 is down"}},
	}
}

func workerSamples() []sample {
	state := api.WorkerState{Fence: fence, Leader: "http://127.0.0.1:8080", Shard: "0/3"}
	insert := api.Statement{
		SQL: `INSERT INTO "Students" ("student_id","name","gpa","_slot") VALUES (@p1,@p2,@p3,@p4)`, Table: "Students",
		SchemaVersion: students.Version(), Effect: api.EffectInsert, Types: []string{"INT", "NVARCHAR(50)", "DECIMAL(3,2)", "INT"},
		Columns: []string{"student_id", "name", "gpa", "_slot"},
		Rows:    []jsontext.Value{raw(`[1,"Ada","3.90",3964]`), raw(`[4,"Grace",null,547]`)},
	}
	create := api.Statement{SQL: `CREATE TABLE "Students" ("student_id" INTEGER NOT NULL PRIMARY KEY)`, Table: "Students", Effect: api.EffectCreateTable, Definition: &students}
	index := api.Statement{SQL: `CREATE INDEX "ix:Students:name" ON "Students" ("name")`, Table: "Students", SchemaVersion: students.Version(), Effect: api.EffectCreateIndex}
	indexed := students
	indexed.Indexes = []api.IndexDef{{Name: "by_gpa", Columns: []api.IndexColumn{{Name: "gpa", Descending: true}, {Name: "name"}}}}
	alter := api.Statement{
		SQL: `CREATE INDEX "index:Students:by_gpa" ON "Students" ("gpa" DESC, "name")`, Table: "Students",
		SchemaVersion: students.Version(), Effect: api.EffectAlterTable, Definition: &indexed,
	}
	removed := api.StorageProblem{Problem: api.StorageRemoved.Problem(), Code: api.StorageRemoved, Since: at}
	return []sample{
		{"worker/health.answer.json", true, "WorkerHealth", &api.WorkerHealth{
			Status: api.WorkerOK, Name: "worker-8081", Language: "go", Engine: "sqlite", Dialect: api.SQLiteDialect, Shard: "0/3", EngineVersion: "3.53.0", Version: "0.1.0", UptimeSeconds: 12.5,
		}},
		{"worker/health-failing.answer.json", true, "WorkerHealth", &api.WorkerHealth{
			Status: api.WorkerFailing, Name: "worker-8081", Language: "go", Engine: "sqlite", Dialect: api.SQLiteDialect, Shard: "0/3", EngineVersion: "3.53.0", Version: "0.1.0", UptimeSeconds: 12.5,
			Storage: &removed,
		}},
		{"worker/create-db.request.json", true, "DBRequest", &api.DBRequest{DB: "SchoolDB", Fence: fence}},
		{"worker/create-db.answer.json", true, "DBResponse", &api.DBResponse{DB: "SchoolDB", Physical: "SchoolDBGO"}},
		{"worker/exec-insert.request.json", true, "ExecRequest", &api.ExecRequest{
			DB: "SchoolDB", Fence: fence, Statements: []api.Statement{insert}, TimeoutMS: 5000,
			Idempotency: &api.Idempotency{Key: "order-1", Hash: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
		}},
		{"worker/exec-create-table.request.json", true, "ExecRequest", &api.ExecRequest{DB: "SchoolDB", Fence: fence, Statements: []api.Statement{create, index}}},
		{"worker/exec-alter-table.request.json", true, "ExecRequest", &api.ExecRequest{DB: "SchoolDB", Fence: fence, Statements: []api.Statement{alter}}},
		{"worker/exec.answer.json", true, "ExecResponse", &api.ExecResponse{RowsAffected: []int64{2}, Replayed: true}},
		{"worker/query.request.json", true, "QueryRequest", &api.QueryRequest{
			DB: "SchoolDB", SQL: `SELECT "student_id","name","gpa" FROM "Students" WHERE "gpa" >= @p1`, Types: []string{"DECIMAL(3,2)"},
			Params: raw(`["3.50"]`), ResultTypes: []string{"INT", "NVARCHAR(50)", "DECIMAL(3,2)"}, Schemas: map[string]string{"Students": students.Version()}, TimeoutMS: 5000,
		}},
		{"worker/stats.answer.json", true, "WorkerStats", &api.WorkerStats{
			State: state, At: at, Databases: []api.DatabaseStats{{
				Name: "SchoolDB", Physical: "SchoolDBGO", SizeBytes: 409600, Tables: []api.TableStats{{Definition: students, Rows: 3361}},
			}},
		}},
		{"worker/stats-failing.answer.json", true, "WorkerStats", &api.WorkerStats{
			State: state, At: at, Databases: []api.DatabaseStats{},
			Storage: []api.StorageFailure{{StorageProblem: removed, DB: "SchoolDB", Path: "/data/SchoolDBGO.db", Detail: "the file is not the one that was opened"}},
		}},
		{"worker/state.request.json", true, "StateUpdate", &api.StateUpdate{Fence: fence, Leader: "http://127.0.0.1:8080", Shard: "0/3"}},
		{"worker/state.answer.json", true, "WorkerState", &state},
		{"worker/state-fresh.answer.json", true, "WorkerState", &api.WorkerState{}},
	}
}

func problemSamples() []sample {
	refused := api.NewProblem(api.CodeValueTooLong, "name takes 50 characters; this value has 61").At("rows[3].name")
	refused.SQLNumber, refused.Column, refused.Row, refused.RequestID = 2628, "name", ref(3), "req-1"
	syntax := api.NewProblem(api.CodeSyntax, "a value was expected here, not the end").At("condition").Hinted("write a condition such as student_id = 1")
	syntax.Offset = ref(0)
	partial := api.NewProblem(api.CodePartialFailure, "1 of 3 shards did not take its rows").Hinted("send the rows of shard 2 again")
	partial.Causes, partial.Applied = []api.Problem{down}, parts[:2]
	partial.Rows = &api.RowOutcomes{Inserted: api.NewRowSet([]int{0, 1, 2, 5}), NotInserted: api.NewRowSet([]int{3, 4}), Unknown: api.NewRowSet(nil)}
	elsewhere := api.NewProblem(api.CodeNotPrimary, "this master is a backup; databases and tables are changed through the primary")
	elsewhere.Primary = "http://127.0.0.1:8080"
	stale := api.NewProblem(api.CodeStaleTerm, "term 2 has been replaced by term 3").On(0, "worker-8081")
	stale.Term, stale.MapVersion, stale.Primary = 3, 1, "http://127.0.0.1:8084"
	return []sample{
		{"problems/value_too_long.json", false, "Problem", refused},
		{"problems/syntax_error.json", false, "Problem", syntax},
		{"problems/shard_unavailable.json", false, "Problem", &down},
		{"problems/partial_failure.json", false, "Problem", partial},
		{"problems/not_primary.json", false, "Problem", elsewhere},
		{"problems/storage_failed.json", true, "Problem", api.StorageFailed(api.StorageRemoved)},
		{"problems/stale_term.json", true, "Problem", stale},
	}
}

func streams() []stream {
	head := api.StreamHead{Columns: columns}
	rows := []any{raw(`[1,"Ada","3.90"]`), raw(`[2,"Grace\nHopper",null]`)}
	of := func(last any) []any { return append(append([]any{head}, rows...), last) }
	headless := func(last any) []any { return append(slices.Clone(rows), last) } // a worker's
	return []stream{
		{"streams/select.ndjson", false, of(api.StreamEnd{End: api.EndInfo{Rows: 2, Route: &scatter, Shards: parts}})},
		{"streams/select-partial.ndjson", false, of(api.StreamEnd{End: api.EndInfo{Rows: 2, Route: &scatter, Shards: parts[:2], Partial: []api.Problem{down}}})},
		{"streams/select-error.ndjson", false, of(api.StreamError{Error: &down})},
		{"streams/query.ndjson", true, headless(api.StreamEnd{End: api.EndInfo{Rows: 2}})},
		{"streams/query-empty.ndjson", true, []any{api.StreamEnd{}}},
		{"streams/query-error.ndjson", true, headless(api.StreamError{Error: api.NewProblem(api.CodeDivideByZero, "division by zero")})},
	}
}
