package bind_test

import (
	"slices"
	"strings"
	"testing"

	"shardeck/master/bind"
	"shardeck/master/eval"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// matching returns the values of a column for which a condition on it alone holds. All
// other columns are NULL.
func (f *fixture) matching(t *testing.T, column, condition string) ([]string, error) {
	t.Helper()
	e, err := bind.Condition(f.table, "condition", condition)
	if err != nil {
		return nil, err
	}
	e = f.overRow(e)
	i := f.index[column]
	var found []string
	for _, v := range f.values[i] {
		row := make([]sqltypes.Value, len(f.types))
		row[i] = v
		holds, err := eval.Holds(e, row)
		if err != nil {
			return found, err
		}
		if holds {
			found = append(found, strings.Trim(string(sqltypes.AppendJSON(nil, f.types[i], v)), `"`))
		}
	}
	return found, nil
}

// The values follow from https://learn.microsoft.com/sql/t-sql/data-types/ (ranges, and
// data-type-precedence-transact-sql for the type that two operands are compared in) and
// https://learn.microsoft.com/sql/t-sql/language-elements/ (between-transact-sql,
// in-transact-sql, null-and-unknown-transact-sql, coalesce-transact-sql, case-transact-sql).
func TestRewrittenComparisons(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct{ column, condition, want string }{
		// The INT is compared as a decimal.
		{"c_int", "c_int > 5.5", "6 300 16777217 2147483647"},
		{"c_int", "c_int >= 5.5", "6 300 16777217 2147483647"},
		{"c_int", "c_int < -0.5", "-1 -2147483648"},
		{"c_int", "c_int = 5.5", ""},
		{"c_int", "c_int <> 5.5", "0 -1 1 5 6 300 16777217 2147483647 -2147483648"},
		{"c_int", "5.0 = c_int", "5"},
		// The TINYINT is compared as an INT, so 300 is not out of range.
		{"c_tiny", "c_tiny = 300", ""},
		{"c_tiny", "c_tiny <> 300", "0 1 5 200 255"},
		{"c_tiny", "c_tiny < 300", "0 1 5 200 255"},
		{"c_tiny", "c_tiny > -1", "0 1 5 200 255"},
		{"c_tiny", "NOT c_tiny < 300", ""},
		// An INT compared with a REAL becomes a REAL, which has 24 bits: 16777217 becomes 16777216.
		{"c_int", "c_int = CAST(16777216 AS REAL)", "16777217"},
		{"c_int", "c_int = 16777216e0", ""},
		// Decimals are compared exactly.
		{"c_dec", "c_dec = 5.555", ""},
		{"c_dec", "c_dec > 5.555", "5.56 300.00 9999999.99"},
		{"c_dec", "c_dec = 5.550", "5.55"},
		{"c_dec", "c_dec < 99999999999", "0.00 5.50 5.55 5.56 -0.01 5.00 300.00 9999999.99"},
		// A string becomes a value of the other operand's type: of a DATE, losing the time;
		// of a DECIMAL(9,2), rounded.
		{"c_date", "c_date = '2024-02-29T12:30:00'", "2024-02-29"},
		{"c_date", "c_date > '2024-02-29T12:30:00'", "2024-03-01"},
		{"c_dec", "c_dec = '5.555'", "5.56"},
		{"c_date", "c_date < CAST('2024-02-29T12:30:00' AS DATETIME2(0))", "2024-02-29 0001-01-01"},
		// NULL: a comparison with it is UNKNOWN.
		{"c_small", "c_small BETWEEN NULL AND 5", ""},
		{"c_small", "c_small NOT BETWEEN NULL AND 5", "300 32767"},
		{"c_small", "c_small NOT IN (5, NULL)", ""},
		{"c_small", "c_small IN (5, NULL)", "5"},
		{"c_small", "NOT c_small NOT IN (5, NULL)", "5"},
		// The result of CASE and of arithmetic has the type of higher precedence, whichever
		// operand it comes from, so none of these overflows TINYINT.
		{"c_tiny", "CASE WHEN 1 = 1 THEN c_tiny ELSE 300 END + c_tiny = 400", "200"},
		{"c_tiny", "CASE WHEN 1 = 0 THEN 300 ELSE c_tiny END * 2 + c_tiny = 600", "200"},
		{"c_tiny", "ISNULL(CAST(NULL AS INT) + c_tiny, 300) = 300", "null 0 1 5 200 255"},
		// ISNULL and NULLIF are of type INT, a DECIMAL(10,0) beside a decimal, so that the
		// quotient has max(6, 0 + 10 + 1) fraction digits rather than 6.
		{"c_bit", "1.0 / NULLIF(3, 4) > 0.333333 AND c_bit = 1", "true"},
		{"c_bit", "1.0 / ISNULL(3, c_bit) > 0.333333 AND c_bit = 1", "true"},
		// NULL divided by zero is NULL.
		{"c_dec", "c_dec IS NOT NULL OR c_dec / 0.0 IS NULL", "null 0.00 5.50 5.55 5.56 -0.01 5.00 300.00 9999999.99"},
		// The collation is that of all results, also of those that are never evaluated: the
		// shard key's is case-sensitive, and ignores trailing spaces.
		{"c_var", "CASE WHEN 1 = 1 THEN c_var ELSE c_key END = 'abc'", "abc"},
		{"c_var", "c_var IN (CASE WHEN 1 = 1 THEN 'ABC' ELSE c_key END, 'zzz')", "zzz"},
		{"c_var", "c_var = COALESCE('Abc', c_key)", "Abc "},
	} {
		got, err := f.matching(t, c.column, c.condition)
		if err != nil || !slices.Equal(got, strings.Fields(c.want)) && strings.Join(got, " ") != c.want {
			t.Errorf("%s holds for %q, %v; want %q", c.condition, got, err, c.want)
		}
	}
}

// The numbers are those of
// https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors.
func TestRewritesKeepErrors(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		column, condition string
		number            int
	}{
		{"c_tiny", "c_tiny = 1 OR c_tiny = 'abc'", mssqlerr.IntConversion},
		{"c_tiny", "c_tiny = 1 OR 5 > 'abc'", mssqlerr.IntConversion},
		{"c_tiny", "c_tiny = 1 OR NOT 'abc' = 5", mssqlerr.IntConversion},
		{"c_date", "c_date = '2024-02-29' OR c_date > 'abc'", mssqlerr.DateConversion},
		{"c_dec", "c_dec / 0.0 = 1", mssqlerr.DivideByZero},
		{"c_tiny", "c_tiny * 2147483647 = 9999999999999", mssqlerr.Overflow},
		// NULL of a type is of that type.
		{"c_date", "c_date = CAST(NULL AS TIME)", mssqlerr.TypeClash},
		{"c_date", "CAST(NULL AS DATE) * 2 = 4", mssqlerr.TypeClash},
		{"c_date", "CAST(CAST(NULL AS DATE) AS INT) = 4", mssqlerr.NotExplicit},
		{"c_date", "CASE WHEN 1 = 0 THEN 1 ELSE CAST(NULL AS DATE) END = 4", mssqlerr.TypeClash},
	} {
		got, err := f.matching(t, c.column, c.condition)
		if err == nil || numberOf(err) != c.number {
			t.Errorf("%s holds for %q, %v; want error %d", c.condition, got, err, c.number)
		}
	}
	for _, condition := range []string{"1 IN (1, nosuch)", "1 = 1 OR nosuch = 1", "5 NOT IN (NULL, nosuch)"} {
		if _, err := f.matching(t, "c_int", condition); api.CodeOf(err) != api.CodeUnknownColumn {
			t.Errorf("%s: %v; want %s", condition, err, api.CodeUnknownColumn)
		}
	}
}
