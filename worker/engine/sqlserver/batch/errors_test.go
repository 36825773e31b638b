package batch

import (
	"testing"

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
		p := Numbered(c.number, c.message)
		if p.Code != c.want || p.SQLNumber != c.told || p.Column != c.column || p.Detail == "" {
			t.Errorf("%d: %s %d at column %q: %s", c.number, p.Code, p.SQLNumber, p.Column, p.Detail)
		}
		if p.Hint == "" && c.want != api.CodeSyntax && c.told < 8000 && c.told != 547 && c.told != 245 && c.told != 241 {
			t.Errorf("%d: there is no hint", c.number)
		}
	}
}
