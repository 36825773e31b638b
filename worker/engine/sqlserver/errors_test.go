package sqlserver

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlserver/batch"
)

// SQL Server may return several errors, of which the driver reports the last.
func TestRootErrorIsReported(t *testing.T) {
	several := func(numbers ...int32) mssql.Error {
		var e mssql.Error
		for _, n := range numbers {
			e.All = append(e.All, mssql.Error{Number: n, Class: 16})
		}
		e.Number, e.Class = numbers[len(numbers)-1], 16
		return e
	}
	for _, c := range []struct {
		numbers []int32
		want    int32
	}{
		{[]int32{2627}, 2627},
		{[]int32{1807, 1802}, 1807},
		{[]int32{4060, 18456}, 4060},
		{[]int32{18456}, 18456},
		{[]int32{1919, 1750}, 1919},
		{[]int32{1205, 3998}, 1205},
		{[]int32{207, 208}, 208},
	} {
		if got := sqlNumber(fmt.Errorf("x: %w", several(c.numbers...))); got != c.want {
			t.Errorf("%v: %d, want %d", c.numbers, got, c.want)
		}
		if p := api.AsProblem(problem(several(c.numbers...), batch.PhaseIdle)); p.SQLNumber != int(c.want) {
			t.Errorf("%v: the problem has %d, want %d", c.numbers, p.SQLNumber, c.want)
		}
	}
	s, err := parseServer("sqlserver://u:secret@h", poolOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if p := s.connectProblem(several(4060, 18456)); !isDatabaseGone(p) {
		t.Errorf("a database that is not there is reported as a refused login: %v", p)
	}
}

// What a broken connection means depends on whether a write was in flight on it.
func TestABrokenConnectionDuringAWriteIsOutcomeUnknown(t *testing.T) {
	reset := &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	fatal := mssql.Error{Number: 596, Class: 21, Message: "Cannot continue the execution because the session is in the kill state."}
	for _, c := range []struct {
		name              string
		err               error
		idle, read, write api.Code
	}{
		{"reset", reset, api.CodeShardUnavailable, api.CodeShardUnavailable, api.CodeOutcomeUnknown},
		{"wrapped", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), api.CodeShardUnavailable, api.CodeShardUnavailable, api.CodeOutcomeUnknown},
		{"garbage", mssql.StreamError{InnerError: errors.New("x")}, api.CodeShardUnavailable, api.CodeShardUnavailable, api.CodeOutcomeUnknown},
		{"killed", fatal, api.CodeShardUnavailable, api.CodeShardUnavailable, api.CodeOutcomeUnknown},
		{"timeout", context.DeadlineExceeded, api.CodeShardTimeout, api.CodeShardTimeout, api.CodeOutcomeUnknown},
		{"cancelled", context.Canceled, api.CodeCanceled, api.CodeCanceled, api.CodeOutcomeUnknown},
		{"never sent", driver.ErrBadConn, api.CodeShardUnavailable, api.CodeShardUnavailable, api.CodeShardUnavailable},
		{"refused", mssql.Error{Number: 2627, Class: 14}, api.CodeDuplicateKey, api.CodeDuplicateKey, api.CodeDuplicateKey},
		{"a problem already", api.NewProblem(api.CodeStaleTerm, "x"), api.CodeStaleTerm, api.CodeStaleTerm, api.CodeStaleTerm},
		{"a bug of ours", errors.New("x"), api.CodeInternal, api.CodeInternal, api.CodeOutcomeUnknown},
	} {
		for at, want := range map[batch.Phase]api.Code{batch.PhaseIdle: c.idle, batch.PhaseRead: c.read, batch.PhaseWrite: c.write} {
			if got := api.CodeOf(problem(c.err, at)); got != want {
				t.Errorf("%s in phase %d: %s, want %s", c.name, at, got, want)
			}
		}
	}
}

func TestOnlyACompleteResponseLeavesAConnectionUsable(t *testing.T) {
	for err, want := range map[error]bool{
		refusal{api.NewProblem(api.CodeStaleSchema, "x")}:      true,
		fmt.Errorf("x: %w", errNumber(2627, 14)):               true,
		errNumber(596, 21):                                     false,
		&rowError{errors.New("enough")}:                        false,
		context.Canceled:                                       false,
		io.EOF:                                                 false,
		error(api.NewProblem(api.CodeInvalidField, "columns")): false,
	} {
		if got := intact(err); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

// errNumber is an error of SQL Server that can be a map key.
func errNumber(number int32, class uint8) error {
	return fmt.Errorf("server: %w", mssql.Error{Number: number, Class: class})
}
