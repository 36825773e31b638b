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
)

func TestErrorNumbersMapToTheCodesOfOtherEngines(t *testing.T) {
	for _, c := range []struct {
		number  int32
		message string
		want    api.Code
		told    int
		column  string
	}{
		{2627, "Violation of PRIMARY KEY constraint 'PK__t'. The duplicate key value is (1).", api.CodeDuplicateKey, 2627, ""},
		{2601, "Cannot insert duplicate key row", api.CodeDuplicateKey, 2627, ""},
		{515, "Cannot insert the value NULL into column 'name', table 'db.dbo.t'; column does not allow nulls. INSERT fails.", api.CodeNullViolation, 515, "name"},
		{515, "Der Wert NULL kann in die Spalte \"name\" nicht eingefügt werden.", api.CodeNullViolation, 515, ""},
		{2628, "String or binary data would be truncated in table 'db.dbo.t', column 'name'. Truncated value: 'a column 'x''.", api.CodeValueTooLong, 2628, "name"},
		{8152, "String or binary data would be truncated.", api.CodeValueTooLong, 2628, ""},
		{547, "The INSERT statement conflicted with the CHECK constraint", api.CodeOutOfRange, 547, ""},
		{8115, "Arithmetic overflow error", api.CodeOutOfRange, 8115, ""},
		{220, "Arithmetic overflow error for data type tinyint", api.CodeOutOfRange, 8115, ""},
		{248, "The conversion of the varchar value overflowed an int column", api.CodeOutOfRange, 8115, ""},
		{8134, "Divide by zero error encountered.", api.CodeDivideByZero, 8134, ""},
		{245, "Conversion failed", api.CodeConversionFailed, 245, ""},
		{242, "The conversion resulted in an out-of-range value.", api.CodeConversionFailed, 241, ""},
		{257, "Implicit conversion is not allowed", api.CodeConversionFailed, 257, ""},
		{208, "Invalid object name 't'.", api.CodeUnknownTable, 208, ""},
		{207, "Invalid column name 'x'.", api.CodeUnknownColumn, 207, ""},
		{2714, "There is already an object named 't'", api.CodeTableExists, 2714, ""},
		{1801, "Database exists", api.CodeDatabaseExists, 1801, ""},
		{1205, "deadlock victim", api.CodeOverloaded, 1205, ""},
		{1222, "Lock request time out", api.CodeOverloaded, 1222, ""},
		{9002, "The transaction log is full", api.CodeShardUnavailable, 9002, ""},
		{229, "permission was denied", api.CodeShardUnavailable, 229, ""},
		{8632, "too complex", api.CodeTooComplex, 8632, ""},
		{537, "Invalid length parameter passed to the LEFT or SUBSTRING function.", api.CodeOutOfRange, 537, ""},
		{536, "Invalid length parameter passed to the SUBSTRING function.", api.CodeOutOfRange, 537, ""},
		{1946, "Operation failed. The index entry of length 1002 bytes exceeds the maximum length of 900 bytes", api.CodeValueTooLong, 1946, ""},
		{511, "Cannot create a row of size 8100", api.CodeValueTooLong, 511, ""},
		{1750, "Could not create constraint or index. See previous errors.", api.CodeUnsupported, 1750, ""},
		{102, "Incorrect syntax near 'x'.", api.CodeSyntax, 102, ""},
	} {
		p := numbered(c.number, c.message)
		if p.Code != c.want || p.SQLNumber != c.told || p.Column != c.column || p.Detail == "" {
			t.Errorf("%d: %s %d at column %q: %s", c.number, p.Code, p.SQLNumber, p.Column, p.Detail)
		}
		if p.Hint == "" && c.want != api.CodeSyntax && c.told < 8000 && c.told != 547 && c.told != 245 && c.told != 241 {
			t.Errorf("%d: there is no hint", c.number)
		}
	}
}

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
		if p := api.AsProblem(problem(several(c.numbers...), phaseIdle)); p.SQLNumber != int(c.want) {
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
		for at, want := range map[phase]api.Code{phaseIdle: c.idle, phaseRead: c.read, phaseWrite: c.write} {
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
