package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/cli"
)

// refusal is a request that must be refused, and the expected error.
type refusal struct {
	what   string
	want   api.Code
	number int // SQL Server's error number, 0 for none
	send   func(context.Context, *client.Master) error
}

func refusals() []refusal {
	insert := func(change func(*student), key string) func(context.Context, *client.Master) error {
		return func(ctx context.Context, m *client.Master) error {
			s := student{ID: 9000, Name: "Nobody", Enrolled: "2026-09-01"}
			change(&s)
			req := &api.InsertRequest{DB: demoDB, Table: demoTable, Data: s.row()}
			if key != "" {
				req.ShardKey = jsontext.Value(key)
			}
			_, err := m.Insert(ctx, req)
			return err
		}
	}
	where := func(condition string) func(context.Context, *client.Master) error {
		return func(ctx context.Context, m *client.Master) error {
			_, err := m.Delete(ctx, &api.DeleteRequest{DB: demoDB, Table: demoTable, Condition: condition})
			return err
		}
	}
	return []refusal{
		{"a name of 61 letters in NVARCHAR(60)", api.CodeValueTooLong, 2628, insert(func(s *student) { s.Name = strings.Repeat("x", 61) }, "")},
		{"a GPA of 12.50 in DECIMAL(3,2)", api.CodeOutOfRange, 8115, insert(func(s *student) { s.GPA = "12.50" }, "")},
		{"the ID of an existing student", api.CodeDuplicateKey, 2627, insert(func(s *student) { s.ID = 42 }, "")},
		{"a shard key that is not the row's", api.CodeShardKeyMismatch, 0, insert(func(*student) {}, "1")},
		{"DELETE without a shard key", api.CodeShardKeyRequired, 0, where("gpa < 1")},
		{"DELETE where student_id = 42; DROP TABLE Students", api.CodeSyntax, 0, where("student_id = 42; DROP TABLE Students")},
	}
}

func (t *tour) refusals(ctx context.Context) error {
	tb := (&cli.Table{}).Right(0).Row("STATUS", "CODE", "SQL SERVER", "REQUEST")
	asExpected := true
	for _, r := range refusals() {
		err := r.send(ctx, t.primary())
		if err == nil {
			asExpected = false
			tb.Row("200", "NOT REFUSED", "", r.what)
			continue
		}
		p := api.AsProblem(err)
		number := ""
		if p.SQLNumber != 0 {
			number = strconv.Itoa(p.SQLNumber)
		}
		tb.Row(p.Status, p.Code, number, r.what)
		if p.Code != r.want || p.SQLNumber != r.number {
			tb.Row("", "", "", "instead of "+string(r.want)+": "+p.Error())
		}
		asExpected = asExpected && p.Code == r.want && p.SQLNumber == r.number && p.Status >= 400 && p.Status < 500
	}
	t.table(tb)
	t.expect(asExpected, "each was refused for the right reason")
	return t.expectCount(ctx, t.primary(), "the table still has %d rows")
}

// expectCount checks the count through m; format receives the expected number.
func (t *tour) expectCount(ctx context.Context, m *client.Master, format string) error {
	resp, err := m.Count(ctx, &api.MapReduceCountRequest{DB: demoDB, Table: demoTable})
	if err != nil {
		return fmt.Errorf("counting through %s: %w", m.URL(), err)
	}
	t.expect(resp.Total == int64(len(t.students)) && parts(resp) == placement(t.students), format, len(t.students))
	return nil
}

func (t *tour) security(ctx context.Context) error {
	resp, err := t.primary().SecurityCheck(ctx)
	if err != nil {
		return fmt.Errorf("security check: %w", err)
	}
	cli.PrintSecurity(t.out, "         ", resp, false)
	want := workerCount * len(api.GuardedWorkerEndpoints())
	t.expect(resp.OK && len(resp.Workers) == workerCount, "every worker passed")
	t.expect(len(resp.Probes) >= 4*want, "every protected endpoint was tried with every invalid credential, %d probes", len(resp.Probes))
	return nil
}

func (t *tour) killPrimary(ctx context.Context) error {
	before, err := t.backup().Health(ctx)
	if err != nil {
		return fmt.Errorf("the backup: %w", err)
	}
	t.expect(before.Role == api.RoleBackup, "%s is the backup", t.backup().URL())
	killed, err := t.cluster.KillPrimary(ctx)
	if err != nil {
		return err
	}
	t.gapBegan = time.Now()
	t.line("sent SIGKILL to %s", killed)
	_, err = t.primary().Health(ctx)
	t.expect(err != nil && cli.Unreachable(err), "the primary is gone: %v", err)
	if err := t.expectCount(ctx, t.backup(), "the backup counts the same %d rows"); err != nil {
		return err
	}
	if err := t.insertOne(ctx, t.backup(), 43, "Grace Hopper"); err != nil {
		return err
	}
	if !t.manual {
		return nil // by now it may have taken over
	}
	_, err = t.backup().CreateDB(ctx, &api.CreateDBRequest{DB: "TooEarly"})
	p := api.AsProblem(err)
	t.expect(p != nil && p.Code == api.CodeNotPrimary && p.Primary == killed, "DDL on the backup is refused and names the primary")
	return nil
}

// insertOne inserts a row and reads it back through the same master.
func (t *tour) insertOne(ctx context.Context, m *client.Master, id int64, name string) error {
	s := student{ID: id, Name: name, Major: "Mathematics", GPA: "3.90", Credits: 120, Enrolled: "2025-09-01", Active: true}
	resp, err := m.Insert(ctx, &api.InsertRequest{DB: demoDB, Table: demoTable, Data: s.row()})
	if err != nil {
		return fmt.Errorf("inserting student %d through %s: %w", id, m.URL(), err)
	}
	t.students = append(t.students, s)
	got, err := m.Select(ctx, &api.SelectRequest{DB: demoDB, Table: demoTable, Columns: api.NameList{"name"}, ShardKey: jsontext.Value(strconv.FormatInt(id, 10))})
	if err != nil {
		return fmt.Errorf("reading student %d through %s: %w", id, m.URL(), err)
	}
	there := len(got.Rows) == 1 && cli.Cells(got.Rows[0])[0] == name
	t.expect(resp.RowsAffected == 1 && there, "%s was inserted and read back through %s", name, m.URL())
	return nil
}

// takeOver waits until the backup has taken over by itself, and shows what it says of that.
func (t *tour) takeOver(ctx context.Context) error {
	var h *api.Health
	var list *api.FailoversResponse
	err := until(ctx, func(ctx context.Context) (done bool) {
		var err1, err2 error
		h, err1 = ask(ctx, t.backup().Health)
		list, err2 = ask(ctx, t.backup().Failovers)
		return err1 == nil && err2 == nil && h.Role == api.RolePrimary && len(list.Failovers) > 0
	})
	if err != nil {
		return errors.Join(errors.New("the backup did not take over"), err)
	}
	t.line("%s from the kill to the new primary", round(time.Since(t.gapBegan)))
	last := &list.Failovers[0]
	cli.PrintFailover(t.out, "         ", last)
	t.expect(last.Kind == api.FailoverAutomatic && last.Primary == t.backup().URL() && last.Term == h.Term, "nobody asked for it, and its term is %d", h.Term)
	t.expect(last.Unavailable != nil, "it says how long there was no primary")
	return nil
}

// handBack asks the old primary, which is the backup now, to lead again.
func (t *tour) handBack(ctx context.Context) error {
	check, err := t.primary().Failover(ctx, &api.FailoverRequest{DryRun: true})
	if err != nil {
		return fmt.Errorf("dry run: %w", err)
	}
	t.expect(check.Problem == nil && len(check.Checks) > 0, "all %d checks of the backup pass", len(check.Checks))
	resp, err := t.primary().Failover(ctx, &api.FailoverRequest{Reason: "the tour"})
	if err != nil {
		return fmt.Errorf("failover: %w", err)
	}
	cli.PrintFailover(t.out, "         ", resp)
	t.expect(resp.Kind == api.FailoverPlanned && resp.Primary == t.primary().URL() && resp.Previous == t.backup().URL(), "the primary handed over")
	if err := t.insertOne(ctx, t.backup(), 45, "Mary Kenneth Keller"); err != nil {
		return err
	}
	return t.expectCount(ctx, t.primary(), "and the new primary counts %d rows")
}

func (t *tour) failOver(ctx context.Context) error {
	before, err := t.backup().Health(ctx)
	if err != nil {
		return fmt.Errorf("the backup: %w", err)
	}
	resp, err := t.backup().Failover(ctx, &api.FailoverRequest{})
	if err != nil {
		return fmt.Errorf("failover: %w", err)
	}
	gap := time.Since(t.gapBegan)
	cli.PrintFailover(t.out, "         ", resp)
	after, err := t.backup().Health(ctx)
	if err != nil {
		return fmt.Errorf("the new primary: %w", err)
	}
	t.expect(after.Role == api.RolePrimary && resp.Primary == t.backup().URL(), "the backup is the primary")
	t.expect(after.Term > before.Term && after.Term == resp.Term, "with a new term: %d after %d", after.Term, before.Term)
	t.line("%s from the kill to the new primary, including the checks in between", round(gap))
	return nil
}

func (t *tour) carryOn(ctx context.Context) error {
	if err := t.expectCount(ctx, t.backup(), "the count is the same, %d"); err != nil {
		return err
	}
	if err := t.insertOne(ctx, t.backup(), 44, "Катерина Ющенко"); err != nil {
		return err
	}
	if err := t.expectCount(ctx, t.backup(), "and %d with the row just inserted"); err != nil {
		return err
	}
	const notes = "Notes"
	ddl, err := t.backup().CreateTable(ctx, &api.CreateTableRequest{DB: demoDB, Table: notes, Columns: api.Object[string]{
		{Name: "student_id", Value: "INT NOT NULL"}, {Name: "note", Value: "NVARCHAR(MAX)"},
	}})
	if err != nil {
		return fmt.Errorf("creating %s: %w", notes, err)
	}
	t.expect(len(ddl.Shards) == workerCount, "a new table could be created on all shards")
	return nil
}

func (t *tour) comeBack(ctx context.Context) error {
	started, err := t.cluster.Restart(ctx)
	if err != nil {
		return err
	}
	t.expect(slices.Equal(started, t.cluster.Masters()[:1]), "%s is running again, with primary as its initial role", strings.Join(started, ", "))
	want, err := t.backup().Health(ctx)
	if err != nil {
		return fmt.Errorf("the primary: %w", err)
	}
	var last *api.Health
	err = until(ctx, func(ctx context.Context) bool {
		h, err := ask(ctx, t.primary().Health)
		if err != nil {
			return false
		}
		last = h
		return h.Status == api.StatusOK && h.Term == want.Term
	})
	if err != nil {
		return errors.Join(fmt.Errorf("the old primary did not learn of term %d", want.Term), err)
	}
	t.expect(last.Role == api.RoleBackup && last.Primary == t.backup().URL(), "it is the backup of %s in term %d", last.Primary, last.Term)
	return t.expectCount(ctx, t.primary(), "and counts %d rows")
}
