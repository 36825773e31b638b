package dialect_test

import (
	"regexp"
	"strings"
	"testing"

	"shardeck/shared/api"
)

var collations = regexp.MustCompile(` COLLATE \w+`)

// What SQL Server computes for the aggregates whose parts it lists or rounds, for COLLATE and for the
// operators of bits. No server is needed: the texts are parsed.
func TestSQLServerTextOfAggregatesAndCollations(t *testing.T) {
	s := newShardedDB(t, 3, `{"db_name": "School", "table": "T", "columns": {"user_id": "VARCHAR(10) PRIMARY KEY", "n": "NVARCHAR(20)", "x": "INT", "f": "FLOAT", "d": "DATE"}}`)
	const moments = "CAST(CONCAT(COUNT_BIG(@x), ' ' + CONVERT(VARCHAR(40), AVG(@x), 3), ' ' + CONVERT(VARCHAR(40), VARP(@x), 3)) AS VARBINARY(559))"
	for text, want := range map[string]string{
		"SELECT STDEV(f) FROM T":                                               strings.ReplaceAll(moments, "@x", "[f]"),
		"SELECT VARP(x) FROM T":                                                strings.ReplaceAll(moments, "@x", "CAST([x] AS FLOAT)"),
		"SELECT STRING_AGG(n, ',') FROM T":                                     `N'[' + STRING_AGG(CAST(N'["' + STRING_ESCAPE(CAST([n] AS NVARCHAR(MAX)), 'json') + N'",' + COALESCE(N'"' + STRING_ESCAPE(CONVERT(NVARCHAR(MAX), [n]), 'json') + N'"', N'null') + N']' AS NVARCHAR(MAX)), N',') + N']'`,
		"SELECT user_id & 1 FROM T":                                            "(CAST([user_id] AS INT) & @p1)",
		"SELECT x ^ 2 + 1 FROM T":                                              "[x] ^ @p1 + @p2",
		"SELECT x * (x | 1) FROM T":                                            "[x] * ([x] | @p1)",
		"SELECT ~x FROM T":                                                     "[x] ^ @p1",
		"SELECT REPLACE(n, 'a', 'b') FROM T":                                   "REPLACE([n], @p1, @p2)",
		"SELECT TRIM('x' FROM n) FROM T":                                       "TRIM(@p1 FROM [n])",
		"SELECT LTRIM(n, 'x') FROM T":                                          "LTRIM([n], @p1)",
		"SELECT CHARINDEX(n, user_id) FROM T":                                  "CHARINDEX(CAST([n] AS NVARCHAR(20)) COLLATE Latin1_General_100_BIN2, [user_id])",
		"SELECT x FROM T WHERE n COLLATE Latin1_General_BIN = 'a'":             "([n] COLLATE Latin1_General_100_BIN2 = @p1)",
		"SELECT x FROM T WHERE user_id COLLATE Latin1_General_CI_AS = 'a'":     "([user_id] COLLATE DATABASE_DEFAULT = @p1)",
		"SELECT x FROM T WHERE user_id = 'a' COLLATE Latin1_General_CI_AS":     "([user_id] COLLATE DATABASE_DEFAULT = @p1)",
		"SELECT n FROM T ORDER BY n COLLATE Latin1_General_BIN2, x":            "ORDER BY [n] COLLATE Latin1_General_100_BIN2, [x]",
		"SELECT x FROM T WHERE n COLLATE Latin1_General_BIN LIKE 'a%'":         "([n] COLLATE Latin1_General_100_BIN2 LIKE @p1)",
		"SELECT GREATEST(n, user_id COLLATE Latin1_General_CI_AS) AS g FROM T": "GREATEST([n], [user_id] COLLATE DATABASE_DEFAULT)",
	} {
		p, err := s.plan(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		q, err := sqlServer(t).Query(p, &p.Fragments[0])
		// The other parser knows COLLATE only after some expressions.
		if err != nil || parseTSQL(t, collations.ReplaceAllString(q.SQL, "")) != "SelectStatement" || !strings.Contains(q.SQL, strings.Trim(want, "()")) {
			t.Errorf("%s\nis written %v, %v\nwant  %s", text, q.SQL, err, want)
		}
	}
}

func TestCollations(t *testing.T) {
	s := newShardedDB(t, 1, `{"db_name": "School", "table": "T", "columns": {"user_id": "INT PRIMARY KEY", "n": "NVARCHAR(20)"}}`)
	for name, number := range map[string]int{
		"Latin1_General_CI_AS": -1, "SQL_Latin1_General_CP1_CI_AS": -1, "Latin1_General_100_CI_AS_KS_WS_SC_UTF8": -1, "french_ci_as": -1, "DATABASE_DEFAULT": -1,
		"Latin1_General_BIN": -1, "Latin1_General_100_BIN2_UTF8": -1, "SQL_Latin1_General_CP850_BIN": -1,
		"Latin1_General_CS_AS": 0, "Latin1_General_CI_AI": 0, "Turkish_100_CI_AS": 0, "Azeri_Latin_100_CI_AS": 0, "SQL_Latin1_General_CP1254_CI_AI": 0,
		"nonsense": 448,
	} {
		_, err := s.plan("SELECT user_id FROM T WHERE n COLLATE " + name + " = 'a'")
		switch p := api.AsProblem(err); {
		case number < 0 && err != nil:
			t.Errorf("%s: %v", name, err)
		case number >= 0 && (err == nil || p.Code != api.CodeUnsupported || p.SQLNumber != number || !strings.Contains(p.Detail, name)):
			t.Errorf("%s: %v, want unsupported and the number %d", name, err, number)
		}
	}
	for text, number := range map[string]int{
		"n COLLATE Latin1_General_BIN = n COLLATE Latin1_General_CI_AS":               468,
		"CHARINDEX(n COLLATE Latin1_General_BIN, n COLLATE Latin1_General_CI_AS) = 1": 468,
		"n COLLATE Latin1_General_BIN + n COLLATE Latin1_General_CI_AS = 'a'":         468,
		"n COLLATE Latin1_General_BIN LIKE 'a' COLLATE SQL_Latin1_General_CP1_CI_AS":  468,
		"user_id COLLATE Latin1_General_BIN = 1":                                      447,
	} {
		if _, err := s.plan("SELECT user_id FROM T WHERE " + text); err == nil || api.AsProblem(err).SQLNumber != number {
			t.Errorf("%s: %v, want error %d", text, err, number)
		}
	}
}
