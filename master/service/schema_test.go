package service_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

func testSchema(t *testing.T, c *testcluster.Cluster, primary, backup *client.Master) {
	ctx := t.Context()
	_, err := backup.CreateDB(ctx, &api.CreateDBRequest{DB: "Schema"})
	if p := mustFail(t, err, api.CodeNotPrimary, -1); p.Primary != c.Masters[0].URL {
		t.Errorf("the primary is reported as %q", p.Primary)
	}
	s := newSchool(t, primary, "Schema")
	_, err = primary.CreateDB(ctx, &api.CreateDBRequest{DB: "schema"})
	mustFail(t, err, api.CodeDatabaseExists, -1)
	_, err = primary.CreateTable(ctx, s.createTable())
	mustFail(t, err, api.CodeTableExists, -1)
	other := s.createTable()
	other.Columns = other.Columns[:2]
	_, err = primary.CreateTable(ctx, other)
	mustFail(t, err, api.CodeTableExists, -1)

	// The other master serves a new table immediately.
	if n := s.via(backup).count(); n != 0 {
		t.Errorf("%d rows in a new table", n)
	}
	if _, err := primary.DeleteTable(ctx, &api.DeleteTableRequest{DB: "Schema", Table: "students"}); err != nil {
		t.Fatal(err)
	}
	for _, m := range []*client.Master{primary, backup} {
		_, err = s.via(m).query(func(*api.SelectRequest) {})
		mustFail(t, err, api.CodeUnknownTable, -1)
	}
	_, err = primary.DeleteTable(ctx, &api.DeleteTableRequest{DB: "Schema", Table: "Students"})
	mustFail(t, err, api.CodeUnknownTable, -1)
	if _, err := primary.DropDB(ctx, &api.DropDBRequest{DB: "Schema"}); err != nil {
		t.Fatal(err)
	}
	_, err = primary.DropDB(ctx, &api.DropDBRequest{DB: "Schema"})
	mustFail(t, err, api.CodeUnknownDatabase, -1)
	_, err = primary.CreateTable(ctx, s.createTable())
	mustFail(t, err, api.CodeUnknownDatabase, -1)
}

// testHalfDone creates the state that a master leaves behind if it dies in the middle of a
// schema change, and sends the change again.
func testHalfDone(t *testing.T, c *testcluster.Cluster, primary *client.Master) {
	ctx := t.Context()
	w := c.Worker(1)
	st, err := w.State(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateDB(ctx, &api.DBRequest{DB: "Half", Fence: st.Fence}); err != nil {
		t.Fatal(err)
	}
	resp, err := primary.CreateDB(ctx, &api.CreateDBRequest{DB: "Half"})
	if err != nil || len(resp.Shards) != 2 {
		t.Fatalf("completing the database: %+v, %v", resp, err)
	}
	s := &school{t, primary, "Half"}
	if _, err := primary.CreateTable(ctx, s.createTable()); err != nil {
		t.Fatal(err)
	}
	// One shard loses its table.
	if _, err := w.DropDB(ctx, &api.DBRequest{DB: "Half", Fence: st.Fence}); err != nil {
		t.Fatal(err)
	}
	_, err = primary.CreateTable(ctx, s.createTable())
	mustFail(t, err, api.CodeUnknownDatabase, -1)
	if _, err := w.CreateDB(ctx, &api.DBRequest{DB: "Half", Fence: st.Fence}); err != nil {
		t.Fatal(err)
	}
	table, err := primary.CreateTable(ctx, s.createTable())
	if err != nil || len(table.Shards) != 1 || table.Shards[0].Shard != 1 {
		t.Fatalf("completing the table: %+v, %v", table, err)
	}
	s.fill(9)
	if n := s.count(); n != 9 {
		t.Errorf("%d rows", n)
	}
	// A partial drop is completed, too.
	if _, err := w.DropDB(ctx, &api.DBRequest{DB: "Half", Fence: st.Fence}); err != nil {
		t.Fatal(err)
	}
	resp, err = primary.DropDB(ctx, &api.DropDBRequest{DB: "Half"})
	if err != nil || len(resp.Shards) != 2 {
		t.Fatalf("completing the drop: %+v, %v", resp, err)
	}
}

// testStaleSchema changes a table through one master and immediately uses it through the
// other, whose catalog is outdated.
func testStaleSchema(t *testing.T, s *school, backup *client.Master) {
	ctx := t.Context()
	old := s.via(backup)
	for i := range 5 {
		old.fill(3)
		if n := old.count(); n != 3 {
			t.Fatalf("%d rows", n)
		}
		if _, err := s.m.DeleteTable(ctx, &api.DeleteTableRequest{DB: s.db, Table: "Students"}); err != nil {
			t.Fatal(err)
		}
		req := s.createTable()
		if i%2 == 0 {
			req.Columns = append(api.Object[string]{{Name: "email", Value: "NVARCHAR(60)"}}, req.Columns...)
		}
		if _, err := s.m.CreateTable(ctx, req); err != nil {
			t.Fatal(err)
		}
	}
	if n := old.count(); n != 0 {
		t.Errorf("%d rows in the new table", n)
	}
}

func testSecurity(t *testing.T, m *client.Master) {
	resp, err := m.SecurityCheck(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	credentials := 0
	for _, g := range api.CredentialGroups() {
		credentials += len(g.Credentials)
	}
	if want := 3 * credentials * len(api.GuardedWorkerEndpoints()); !resp.OK || len(resp.Probes) != want || len(resp.Workers) != 3 {
		t.Errorf("ok %t, %d probes of %d, %d workers", resp.OK, len(resp.Probes), want, len(resp.Workers))
	}
	for _, p := range resp.Probes {
		if !p.OK || (p.Credential == api.CredentialRight) == (p.Status == 401) {
			t.Errorf("%+v", p)
		}
	}
}

func testRefusals(t *testing.T, s *school) {
	post := func(path, contentType, body string) *api.Problem {
		t.Helper()
		resp, err := http.Post(s.m.URL()+path, contentType, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		p := new(api.Problem)
		if err := json.UnmarshalRead(resp.Body, p); err != nil {
			t.Fatalf("%s %s: %v", path, body, err)
		}
		if resp.StatusCode != p.Code.Status() || p.RequestID == "" || resp.Header.Get("Content-Type") != api.MediaProblem {
			t.Errorf("%s: status %d, type %s, request id %q", p.Code, resp.StatusCode, resp.Header.Get("Content-Type"), p.RequestID)
		}
		return p
	}
	const target = `"db_name":"Refusals","table":"Students"`
	for name, tt := range map[string]struct {
		path, body string
		code       api.Code
		field      string
	}{
		"invalid JSON":               {api.PathSelect, `{`, api.CodeInvalidJSON, ""},
		"an unknown field":           {api.PathSelect, `{` + target + `,"where":"1=1"}`, api.CodeUnknownField, "where"},
		"a duplicate field":          {api.PathSelect, `{` + target + `,"table":"x"}`, api.CodeInvalidField, "table"},
		"a missing table":            {api.PathSelect, `{"db_name":"Refusals"}`, api.CodeMissingField, "table"},
		"a missing database":         {api.PathInsert, `{"table":"Students","data":{"student_id":1}}`, api.CodeMissingField, "db_name"},
		"a name with a quote":        {api.PathSelect, `{"db_name":"Refusals","table":"Stu\"dents"}`, api.CodeInvalidIdentifier, "table"},
		"a name with a look-alike":   {api.PathCreateDB, `{"db_name":"Sсhool"}`, api.CodeInvalidIdentifier, "db_name"},
		"a name with NUL":            {api.PathDropDB, `{"db_name":"School\u0000"}`, api.CodeInvalidIdentifier, "db_name"},
		"an unknown database":        {api.PathMapReduceCount, `{"db_name":"Nope","table":"Students"}`, api.CodeUnknownDatabase, "db_name"},
		"an unknown column":          {api.PathSelect, `{` + target + `,"columns":["nope"]}`, api.CodeUnknownColumn, "columns[0]"},
		"a second statement":         {api.PathSelect, `{` + target + `,"condition":"1=1; DROP TABLE Students"}`, api.CodeSyntax, "condition"},
		"an update without a key":    {api.PathUpdate, `{` + target + `,"set":{"name":"x"},"condition":"gpa > 1"}`, api.CodeShardKeyRequired, "shard_key"},
		"a delete without condition": {api.PathDelete, `{` + target + `,"condition":""}`, api.CodeShardKeyRequired, "shard_key"},
		"an update of the key":       {api.PathUpdate, `{` + target + `,"set":{"student_id":2},"condition":"student_id = 1"}`, api.CodeShardKeyImmutable, "set.student_id"},
		"a contradicting shard_key":  {api.PathInsert, `{` + target + `,"data":{"student_id":1,"name":"x"},"shard_key":2}`, api.CodeShardKeyMismatch, "data.student_id"},
		"an overlong name":           {api.PathInsert, `{` + target + `,"rows":[{"student_id":1,"name":"x"},{"student_id":2,"name":"` + strings.Repeat("x", 41) + `"}]}`, api.CodeValueTooLong, "rows[1].name"},
		"a misspelt failover":        {api.PathFailover, `{"forced":true}`, api.CodeUnknownField, "forced"},
		"a failover to a stranger":   {api.PathFailover, `{"to":"http://stranger:1"}`, api.CodeInvalidField, "to"},
		"failing over the primary":   {api.PathFailover, `{}`, api.CodeAlreadyPrimary, ""},
		"stepping down unauthorised": {api.StepDownPath, `{"term":99,"leader":"http://x"}`, api.CodeUnauthorized, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := post(tt.path, api.MediaJSON, tt.body)
			if p.Code != tt.code || p.Field != tt.field {
				t.Errorf("got %s at %q: %s; want %s at %q", p.Code, p.Field, p.Detail, tt.code, tt.field)
			}
		})
	}
	if p := post(api.PathSelect, "text/plain", "{}"); p.Code != api.CodeUnsupportedMedia {
		t.Errorf("text/plain: %s", p.Code)
	}
	if n := s.count(); n != 0 {
		t.Errorf("rejected requests left %d rows", n)
	}
}

func testEvents(t *testing.T, m *client.Master) {
	if _, err := m.CreateDB(t.Context(), &api.CreateDBRequest{DB: "Evented"}); err != nil {
		t.Fatal(err)
	}
	seq := uint64(0)
	lines := followEvents(t, m, "")
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue
		}
		var e api.Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if seq > 0 && e.Seq != seq+1 {
			t.Errorf("event %d comes after %d", e.Seq, seq)
		}
		seq = e.Seq
		if e.Kind == api.EventDDL && strings.Contains(e.Text, "Evented") {
			break
		}
	}
	if err := lines.Err(); err != nil || seq == 0 {
		t.Errorf("the last event is %d, %v", seq, err)
	}
	lines = followEvents(t, m, "1")
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "id:") {
			break
		}
	}
	if lines.Text() != "id: 2" {
		t.Errorf("event 1 is followed by %q", lines.Text())
	}
}

// followEvents reads the lines of GET /events until the test ends. after is the id of the
// last event seen, or empty.
func followEvents(t *testing.T, m *client.Master, after string) *bufio.Scanner {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m.URL()+api.PathEvents, nil)
	if err != nil {
		t.Fatal(err)
	}
	if after != "" {
		req.Header.Set("Last-Event-ID", after)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if media := resp.Header.Get("Content-Type"); media != "text/event-stream" {
		t.Errorf("the events are %s", media)
	}
	return bufio.NewScanner(resp.Body)
}

func testMetadata(t *testing.T, s *school) {
	s.fill(50)
	var got *api.TableInfo
	testcluster.Await(t, "the rows to be seen", func(ctx context.Context) (bool, string) {
		m, err := s.m.Metadata(ctx)
		if err != nil {
			return false, err.Error()
		}
		for i := range m.Databases {
			if m.Databases[i].Name == s.db && len(m.Databases[i].Tables) == 1 {
				got = &m.Databases[i].Tables[0]
			}
		}
		return got != nil && got.Rows == 50, "not yet"
	})
	sum, most := int64(0), int64(0)
	for _, n := range got.RowsPerShard {
		sum += *n
		most = max(most, *n)
	}
	if sum != 50 || len(got.RowsPerShard) != 3 {
		t.Errorf("rows per shard add up to %d", sum)
	}
	if want := float64(most) * 3 / 50; got.Skew < want-0.01 || got.Skew > want+0.01 {
		t.Errorf("skew %g, want %g", got.Skew, want)
	}
	m, err := s.m.Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slots := 0
	for i, w := range m.Workers {
		slots += w.Slots
		if w.Shard != i || w.State != api.ShardUp || w.Language != "go" || w.Engine != "sqlite" || w.AgeMS < 0 {
			t.Errorf("worker %d: %+v", i, w)
		}
	}
	if diff := cmp.Diff(5040, slots); diff != "" {
		t.Error(diff)
	}
	if len(m.Peers) != 1 || !m.Peers[0].Reachable || m.Peers[0].Role != api.RoleBackup {
		t.Errorf("peers %+v", m.Peers)
	}
}
