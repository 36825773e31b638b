package dialect_test

import (
	"strings"
	"testing"
)

const conversionTable = `{"db_name": "School", "table": "C", "columns": {"user_id": "INT PRIMARY KEY", "at": "DATETIME", "small": "SMALLDATETIME",
	"pay": "MONEY", "tip": "SMALLMONEY", "n": "INT", "f": "FLOAT", "b": "VARBINARY(8)", "s": "VARCHAR(40)", "t": "DATETIME2(3)", "d": "DATE"}}`

// What a shard computes with columns is what the master computes with constants of their types.
func TestShardsConvertAsTheMasterDoes(t *testing.T) {
	s := newShardedDB(t, 3, conversionTable)
	values := map[string]string{
		"[at]": "CAST('2006-04-18T09:58:04.570' AS DATETIME)", "small": "CAST('2012-02-29 12:35:29.999' AS SMALLDATETIME)",
		"pay": "CAST(-1453719.4653 AS MONEY)", "tip": "CAST(214748.3647 AS SMALLMONEY)", "[n]": "CAST(-70000 AS INT)", "f": "CAST(1234567.125 AS FLOAT)",
		"b": "CAST(0x4E616D65 AS VARBINARY(8))", "s": "CAST('18/04/2006' AS VARCHAR(40))", "t": "CAST('2006-04-18T09:58:04.571' AS DATETIME2(3))", "d": "CAST('2006-04-18' AS DATE)",
	}
	names := []string{"[at]", "small", "pay", "tip", "[n]", "f", "b", "s", "t", "d"}
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = values[n]
	}
	s.write(t, "INSERT INTO C (user_id, "+strings.Join(names, ", ")+") VALUES (1, "+strings.Join(list, ", ")+")")
	for _, text := range []string{
		"CONVERT(VARCHAR(30), [at], 109)", "CONVERT(VARCHAR(30), small, 0)", "CAST([at] AS VARCHAR(30))", "CONVERT(NVARCHAR(30), t, 126)", "CONVERT(CHAR(10), d, 103)",
		"CONVERT(DATETIME, s, 103)", "TRY_CONVERT(DATETIME, s, 101)", "TRY_CAST(s AS INT)", "TRY_CONVERT(DATE, s, 103)",
		"CONVERT(VARCHAR(20), pay, 1)", "CAST(tip AS VARCHAR(20))", "CONVERT(VARCHAR(30), f, 2)", "CAST(pay AS INT)", "CAST(pay AS DECIMAL(12,2))",
		"CONVERT(VARCHAR(20), b, 1)", "CAST(b AS VARCHAR(20))", "CAST(b AS INT)", "CAST([n] AS VARBINARY(3))", "CAST(s AS VARBINARY(20))",
		"[at] + 1", "[at] - small", "[at] + 0.25", "1.5 + small", "CAST([at] AS FLOAT)", "CAST([at] AS INT)", "CAST([n] / 70 AS DATETIME)", "CAST([at] AS DATETIME2)", "CAST([at] AS TIME(7))",
		"pay * 2", "pay / 7", "pay * tip", "pay + 0.12345", "pay % 100", "-tip", "pay * f", "ABS(pay)", "ROUND(pay, 1)", "ISNULL(tip, 0)", "COALESCE(tip, [n])", "COALESCE(NULL, pay, 1.5)",
		"CASE WHEN [at] = t THEN 1 ELSE 0 END", "CASE WHEN [at] > d THEN 1 ELSE 0 END", "CASE WHEN small > [at] THEN 1 ELSE 0 END", "CASE WHEN pay < [n] THEN 1 ELSE 0 END",
		"CASE WHEN tip IN (214748.3647, 2) THEN 1 ELSE 0 END", "CASE WHEN [at] = '2006-04-18 09:58:04.570' THEN 1 ELSE 0 END", "CASE WHEN [at] > 38000 THEN 1 ELSE 0 END",
		"COALESCE([at], d)", "COALESCE(d, [at])", "COALESCE([at], t)", "ISNUMERIC(pay)", "ISNUMERIC(s)", "ISDATE([at])", "DATEDIFF(microsecond, [at], t)", "DATENAME(weekday, small)",
	} {
		constant := text
		for _, name := range names { // whose values have none of the later names
			constant = replaceWord(constant, name, values[name])
		}
		got, errG := s.read(t, "SELECT "+text+" AS r FROM C WHERE user_id = 1")
		want, errW := s.read(t, "SELECT "+constant+" AS r FROM C WHERE user_id = 1")
		if errG != nil || errW != nil || strings.Join(got, "") != strings.Join(want, "") {
			t.Errorf("%s: a shard computes %v (%v), the master %v (%v) for %s", text, got, errG, want, errW, constant)
		}
	}
}

// replaceWord replaces a column's name, outside of strings and other words, by a value.
func replaceWord(text, name, value string) string {
	isWord := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i] == '_' || text[i] >= 'a' && text[i] <= 'z' || text[i] >= 'A' && text[i] <= 'Z' || text[i] >= '0' && text[i] <= '9' || text[i] == '\'')
	}
	for i := 0; i+len(name) <= len(text); i++ {
		if text[i:i+len(name)] == name && (name[0] == '[' || !isWord(i-1) && !isWord(i+len(name))) && strings.Count(text[:i], "'")%2 == 0 {
			text = text[:i] + value + text[i+len(name):]
			i += len(value) - 1
		}
	}
	return text
}
