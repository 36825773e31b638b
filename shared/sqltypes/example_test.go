package sqltypes_test

import (
	"errors"
	"fmt"

	"shardeck/shared/sqltypes"
)

// A JSON value is converted to its column's type, as an assignment in T-SQL would, and has one
// wire form.
func ExampleDecodeJSON() {
	typ, err := sqltypes.Parse("decimal(5, 2)")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, input := range []string{`12.5`, `"1.005"`, `null`} {
		v, err := sqltypes.DecodeJSON(typ, []byte(input))
		fmt.Println(typ, input, string(sqltypes.AppendJSON(nil, typ, v)), err)
	}
	// Output:
	// DECIMAL(5,2) 12.5 "12.50" <nil>
	// DECIMAL(5,2) "1.005" "1.01" <nil>
	// DECIMAL(5,2) null null <nil>
}

// An error has a reason for programs, SQL Server's number, and a message and hint for people.
func ExampleError() {
	typ, err := sqltypes.Parse("TINYINT")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = sqltypes.DecodeJSON(typ, []byte("256"))
	var refused *sqltypes.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Reason, refused.Number)
		fmt.Println(refused.Msg)
		fmt.Println(refused.Hint)
	}
	// Output:
	// out of range 8115
	// 256 is out of the range of TINYINT
	// TINYINT holds 0 to 255
}

// Integer division truncates, and overflow is an error, as in T-SQL.
func ExampleArith() {
	integer, err := sqltypes.Parse("INT")
	if err != nil {
		fmt.Println(err)
		return
	}
	quotient, err := sqltypes.Arith(sqltypes.OpDiv, integer, sqltypes.Int64(-7), sqltypes.Int64(2))
	fmt.Println(quotient.Int, err)
	_, err = sqltypes.Arith(sqltypes.OpAdd, integer, sqltypes.Int64(2147483647), sqltypes.Int64(1))
	fmt.Println(err)
	// Output:
	// -3 <nil>
	// the result is out of the range of INT
}

// Strings compare ignoring case and trailing spaces.
func ExampleCompare() {
	name, err := sqltypes.Parse("NVARCHAR(20)")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sqltypes.Compare(name, sqltypes.Text("Ada"), sqltypes.Text("ADA  ")))
	fmt.Println(sqltypes.Compare(name, sqltypes.Text("Ada"), sqltypes.Text("Bob")))
	// Output:
	// 0
	// -1
}
