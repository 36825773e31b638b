package contracttest_test

import (
	"fmt"
	"strconv"
	"strings"

	"shardeck/shared/api"
)

var ndjson = map[string]string{"Accept": api.MediaNDJSON}

var schemaExchanges = []exchange{
	{"a database", "", "/create-db", `{"db_name":"SchoolDB"}`, nil, ""},
	{
		"a table", "", "/create-table", `{"db_name":"SchoolDB","table":"Students","columns":{"student_id":"INT PRIMARY KEY",
		"name":"NVARCHAR(20) NOT NULL","gpa":"DECIMAL(3,2)","big":"BIGINT","active":"BIT NOT NULL DEFAULT 1","photo":"VARBINARY(10)",
		"born":"DATE","seen":"DATETIME2","id":"UNIQUEIDENTIFIER"}}`, nil, "",
	},
	{
		"a reference table", "", "/create-table", `{"db_name":"SchoolDB","table":"Countries","columns":{"code":"CHAR(2) PRIMARY KEY","name":"NVARCHAR(50) UNIQUE"},"distribution":"replicate"}`, nil, "",
	},
	{"a row of a reference table", "", "/insert", `{"db_name":"SchoolDB","table":"Countries","data":{"code":"CH","name":"Switzerland"}}`, nil, ""},
	{"all of a reference table", "", "/select", `{"db_name":"SchoolDB","table":"Countries"}`, nil, ""},
	{"a reference table by key", "", "/select", `{"db_name":"SchoolDB","table":"Countries","shard_key":"CH"}`, nil, api.CodeInvalidField},
	{"the copies of a reference table", "", "/repair-table", `{"db_name":"SchoolDB","table":"Countries"}`, nil, ""},
	{"the copies of another table", "", "/repair-table", `{"db_name":"SchoolDB","table":"Students"}`, nil, api.CodeInvalidField},
	{"a distribution that there is not", "", "/create-table", `{"db_name":"SchoolDB","table":"T","columns":{"a":"INT"},"distribution":"hash"}`, nil, api.CodeInvalidField},
	{"an existing database", "", "/create-db", `{"db_name":"SchoolDB"}`, nil, api.CodeDatabaseExists},
	{"an existing table", "", "/create-table", `{"db_name":"SchoolDB","table":"students","columns":{"a":"INT"}}`, nil, api.CodeTableExists},
	{"a table of an unknown database", "", "/create-table", `{"db_name":"Nope","table":"T","columns":{"a":"INT"}}`, nil, api.CodeUnknownDatabase},
	{"an unknown type", "", "/create-table", `{"db_name":"SchoolDB","table":"T","columns":{"a":"TEXT"}}`, nil, api.CodeUnsupported},
	{"no columns", "", "/create-table", `{"db_name":"SchoolDB","table":"T","columns":{}}`, nil, api.CodeMissingField},
	{"a database that does not exist", "", "/drop-db", `{"db_name":"Nope"}`, nil, api.CodeUnknownDatabase},
	{"a table that does not exist", "", "/delete-table", `{"db_name":"SchoolDB","table":"Nope"}`, nil, api.CodeUnknownTable},
}

var rowExchanges = []exchange{
	{"many rows", "", "/insert", `{"db_name":"SchoolDB","table":"Students","rows":[` + manyRows(1, 30) + `]}`, nil, ""},
	{
		"every type", "", "/insert", `{"db_name":"SchoolDB","table":"Students","data":{"student_id":50,"name":"Zoë","gpa":"3.90",
		"big":"9223372036854775807","active":false,"photo":"0xDEADBEEF","born":"2001-02-03","seen":"2026-11-22T20:24:00.1234567",
		"id":"6F9619FF-8B86-D011-B42D-00C04FC964FF"}}`, nil, "",
	},
	{"a repeated key", "", "/insert", `{"db_name":"SchoolDB","table":"Students","data":{"student_id":1,"name":"x"}}`, nil, api.CodeDuplicateKey},
	{"a long name", "", "/insert", `{"db_name":"SchoolDB","table":"Students","data":{"student_id":60,"name":"` + strings.Repeat("x", 21) + `"}}`, nil, api.CodeValueTooLong},
	{"a key out of range", "", "/insert", `{"db_name":"SchoolDB","table":"Students","data":{"student_id":2147483648,"name":"x"}}`, nil, api.CodeOutOfRange},
	{"a key that is not a number", "", "/insert", `{"db_name":"SchoolDB","table":"Students","data":{"student_id":"one","name":"x"}}`, nil, api.CodeConversionFailed},
	{"no name", "", "/insert", `{"db_name":"SchoolDB","table":"Students","data":{"student_id":61,"name":null}}`, nil, api.CodeNullViolation},
	{"no key", "", "/insert", `{"db_name":"SchoolDB","table":"Students","data":{"name":"x"}}`, nil, api.CodeNullViolation},
	{"another shard_key", "", "/insert", `{"db_name":"SchoolDB","table":"Students","data":{"student_id":62,"name":"x"},"shard_key":63}`, nil, api.CodeShardKeyMismatch},
	{"once", "", "/insert", `{"db_name":"SchoolDB","table":"Students","data":{"student_id":70,"name":"x"}}`, key("k1"), ""},
	{"repeated with its key", "", "/insert", `{"db_name":"SchoolDB","table":"Students","data":{"student_id":70,"name":"x"}}`, key("k1"), ""},
	{"another request with its key", "", "/insert", `{"db_name":"SchoolDB","table":"Students","data":{"student_id":70,"name":"y"}}`, key("k1"), api.CodeIdempotencyMismatch},

	{"all", "", "/select", `{"db_name":"SchoolDB","table":"Students"}`, nil, ""},
	{"all, streamed", "", "/select", `{"db_name":"SchoolDB","table":"Students"}`, ndjson, ""},
	{"one", "", "/select", `{"db_name":"SchoolDB","table":"Students","condition":"student_id = 50"}`, nil, ""},
	{"some keys", "", "/select", `{"db_name":"SchoolDB","table":"Students","condition":"student_id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)"}`, nil, ""},
	{"by shard_key", "", "/select", `{"db_name":"SchoolDB","table":"Students","shard_key":"50"}`, nil, ""},
	{"a page", "", "/select", `{"db_name":"SchoolDB","table":"Students","columns":["name","student_id"],"condition":"name LIKE N'S%' AND gpa IS NOT NULL","order_by":"gpa DESC, student_id","limit":5,"offset":2}`, nil, ""},
	{"a page, streamed", "", "/select", `{"db_name":"SchoolDB","table":"Students","columns":"name","order_by":"name","limit":5}`, ndjson, ""},
	{"nothing", "", "/select", `{"db_name":"SchoolDB","table":"Students","condition":"1 = 0"}`, nil, ""},
	{"an unknown column", "", "/select", `{"db_name":"SchoolDB","table":"Students","columns":["nope"]}`, nil, api.CodeUnknownColumn},
	{"a key that contradicts the condition", "", "/select", `{"db_name":"SchoolDB","table":"Students","condition":"student_id = 1","shard_key":2}`, nil, api.CodeShardKeyMismatch},

	{"by condition", "", "/update", `{"db_name":"SchoolDB","table":"Students","set":{"gpa":3.5},"condition":"student_id = 1"}`, nil, ""},
	{"by shard_key", "", "/update", `{"db_name":"SchoolDB","table":"Students","set":{"active":false,"born":null},"condition":"gpa > 0","shard_key":2}`, nil, ""},
	{"without a key", "", "/update", `{"db_name":"SchoolDB","table":"Students","set":{"gpa":1},"condition":"gpa > 3"}`, nil, api.CodeShardKeyRequired},
	{"of the shard key", "", "/update", `{"db_name":"SchoolDB","table":"Students","set":{"student_id":1},"condition":"student_id = 2"}`, nil, api.CodeShardKeyImmutable},
	{"by condition", "", "/delete", `{"db_name":"SchoolDB","table":"Students","condition":"student_id IN (3, 4)"}`, nil, ""},
	{"without a key", "", "/delete", `{"db_name":"SchoolDB","table":"Students","condition":"1 = 1"}`, nil, api.CodeShardKeyRequired},

	{"all", "", "/map-reduce-count", `{"db_name":"SchoolDB","table":"Students"}`, nil, ""},
	{"some", "", "/map-reduce-count", `{"db_name":"SchoolDB","table":"Students","condition":"gpa >= 2"}`, nil, ""},
	{"by group", "", "/map-reduce-count", `{"db_name":"SchoolDB","table":"Students","group_by":["active","gpa"]}`, nil, ""},
	{"by one column", "", "/map-reduce-count", `{"db_name":"SchoolDB","table":"Students","group_by":"active"}`, nil, ""},
}

var (
	inCSV = map[string]string{"Accept": api.MediaCSV}

	queryExchanges = []exchange{
		{"some rows", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT TOP (3) student_id, name, gpa FROM Students ORDER BY gpa DESC, student_id"}`, nil, ""},
		{"a stream", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT name FROM Students"}`, ndjson, ""},
		{"CSV", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT * FROM Students"}`, inCSV, ""},
		{"cut short", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT * FROM Students","max_rows":2}`, nil, ""},
		{"groups", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT active, COUNT(*) AS n, AVG(gpa) FROM Students GROUP BY active HAVING COUNT(*) > 0 ORDER BY n"}`, nil, ""},
		{"a parameter", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT name FROM Students WHERE student_id = @id","params":{"id":5}}`, nil, ""},
		{"a plan", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT COUNT(*) FROM Students","explain":true}`, nil, ""},
		{"a plan that was run", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT TOP (2) name FROM Students ORDER BY name","explain":true,"analyze":true}`, nil, ""},
		{"the plan of a write", "", "/query", `{"db_name":"SchoolDB","sql":"DELETE FROM Students WHERE student_id = 5","explain":true}`, nil, ""},
		{"a table", "", "/query", `{"db_name":"SchoolDB","sql":"CREATE TABLE Notes (student_id INT PRIMARY KEY, note NVARCHAR(20))"}`, nil, ""},
		{"rows of the new table", "", "/query", `{"db_name":"SchoolDB","sql":"INSERT INTO Notes VALUES (1, N'a'), (2, NULL)"}`, nil, ""},
		{"the same, once", "", "/query", `{"db_name":"SchoolDB","sql":"INSERT INTO Notes VALUES (3, N'a')"}`, key("q1"), ""},
		{"the same again by its key", "", "/query", `{"db_name":"SchoolDB","sql":"INSERT INTO Notes VALUES (3, N'a')"}`, key("q1"), ""},
		{"a join by the shard key", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT s.name, n.note FROM Students s JOIN Notes n ON n.student_id = s.student_id"}`, nil, ""},
		{"a join by something else", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT s.name FROM Students s JOIN Notes n ON n.note = s.name"}`, nil, api.CodeUnsupported},
		{"an update of one row", "", "/query", `{"db_name":"SchoolDB","sql":"UPDATE Notes SET note = N'b' WHERE student_id = 2"}`, nil, ""},
		{"an update of all without all_shards", "", "/query", `{"db_name":"SchoolDB","sql":"UPDATE Notes SET note = N'b'"}`, nil, api.CodeShardKeyRequired},
		{"a deletion on all shards", "", "/query", `{"db_name":"SchoolDB","sql":"DELETE FROM Notes","all_shards":true}`, nil, ""},
		{"the table's end", "", "/query", `{"db_name":"SchoolDB","sql":"DROP TABLE Notes"}`, nil, ""},
		{"no table", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT * FROM Nothing"}`, nil, api.CodeUnknownTable},
		{"half a statement", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT * FROM"}`, nil, api.CodeSyntax},
		{"a column of two tables", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT a.name, gpa FROM Students a JOIN Students b ON a.student_id = b.student_id"}`, nil, api.CodeAmbiguousColumn},
		{"a procedure", "", "/query", `{"db_name":"SchoolDB","sql":"EXEC sp_help"}`, nil, api.CodeUnsupported},
		{"division by zero", "", "/query", `{"db_name":"SchoolDB","sql":"SELECT 1 / (student_id - student_id) FROM Students"}`, nil, api.CodeDivideByZero},
		{"an unknown id", "DELETE", "/queries/none", "", nil, api.CodeUnknownQuery},
	}
)

var badRequests = []exchange{
	{"no body", "", "/select", ``, nil, api.CodeInvalidJSON},
	{"no JSON", "", "/select", `db_name=SchoolDB`, nil, api.CodeInvalidJSON},
	{"half a body", "", "/insert", `{"db_name":"SchoolDB",`, nil, api.CodeInvalidJSON},
	{"no media type", "", "/select", `{}`, map[string]string{"Content-Type": ""}, api.CodeUnsupportedMedia},
	{"another media type", "", "/select", `{}`, map[string]string{"Content-Type": "text/plain"}, api.CodeUnsupportedMedia},
	{"an unknown field", "", "/select", `{"db_name":"SchoolDB","table":"Students","were":"1=1"}`, nil, api.CodeUnknownField},
	{"a field sent twice", "", "/create-db", `{"db_name":"A","db_name":"B"}`, nil, api.CodeInvalidField},
	{"a missing field", "", "/select", `{"db_name":"SchoolDB"}`, nil, api.CodeMissingField},
	{"a wrong type", "", "/select", `{"db_name":"SchoolDB","table":["Students"]}`, nil, api.CodeInvalidField},
	{"a negative limit", "", "/select", `{"db_name":"SchoolDB","table":"Students","limit":-1}`, nil, api.CodeInvalidField},
	{"a bad identifier", "", "/create-db", `{"db_name":"x]; DROP DATABASE y--"}`, nil, api.CodeInvalidIdentifier},
	{"a look-alike", "", "/create-db", `{"db_name":"\u0430bc"}`, nil, api.CodeInvalidIdentifier},
	{"an unknown database", "", "/select", `{"db_name":"Nope","table":"Students"}`, nil, api.CodeUnknownDatabase},
	{"an unknown table", "", "/select", `{"db_name":"SchoolDB","table":"Nope"}`, nil, api.CodeUnknownTable},
	{"a second statement", "", "/select", `{"db_name":"SchoolDB","table":"Students","condition":"1=1; DROP TABLE Students"}`, nil, api.CodeSyntax},
	{"a deep condition", "", "/select", `{"db_name":"SchoolDB","table":"Students","condition":"` + strings.Repeat("(", 10_000) + `1=1` + strings.Repeat(")", 10_000) + `"}`, nil, api.CodeTooComplex},
	{"a body too large", "", "/select", `{"db_name":"` + strings.Repeat("x", api.MaxBody) + `"}`, nil, api.CodeBodyTooLarge},
	{"a failover with another field", "", "/failover", `{"forced":true}`, nil, api.CodeUnknownField},
}

var clusterExchanges = []exchange{
	{"failovers", "GET", "/failover", "", nil, ""},
	{"", "GET", "/health", "", nil, ""},
	{"", "GET", "/metadata", "", nil, ""},
	{"", "GET", "/traffic", "", nil, ""},
	{"", "GET", "/traffic?after=1", "", nil, ""},
	{"", "GET", "/traffic?after=-1", "", nil, api.CodeInvalidField},
	{"", "GET", "/metrics", "", nil, ""},
	{"", "GET", "/openapi.yaml", "", nil, ""},
	{"with an object", "", "/security-check", `{}`, nil, ""},
	{"without a body", "", "/security-check", ``, map[string]string{"Content-Type": ""}, ""},
}

const (
	fence     = `"fence":{"term":1,"map_version":1}`
	workerDef = `{"name":"T","columns":[{"name":"a","type":"INT","nullable":false}],"primary_key":["a"],"shard_key":"a"}`
)

// workerExchanges are for a worker over SQLite.
var workerExchanges = []exchange{
	{"", "GET", "/health", "", nil, ""},
	{"of a fresh worker", "GET", "/state", "", nil, ""},
	{"taking a term", "", "/state", `{"term":1,"map_version":1,"leader":"http://127.0.0.1:1","shard":"0/1"}`, nil, ""},
	{"taking it for another", "", "/state", `{"term":1,"map_version":1,"leader":"http://127.0.0.1:2","shard":"0/1"}`, nil, api.CodeStaleTerm},
	{"with an older map", "", "/state", `{"term":2,"map_version":0,"leader":"http://127.0.0.1:2","shard":"0/1"}`, nil, api.CodeStaleMap},
	{"with another shard", "", "/state", `{"term":2,"map_version":1,"leader":"http://127.0.0.1:2","shard":"1/2"}`, nil, api.CodeWrongShard},
	{"", "", "/create-db", `{"db_name":"D",` + fence + `}`, nil, ""},
	{"again", "", "/create-db", `{"db_name":"D",` + fence + `}`, nil, api.CodeDatabaseExists},
	{"of an older term", "", "/create-db", `{"db_name":"E","fence":{"term":0,"map_version":1}}`, nil, api.CodeStaleTerm},
	{
		"a table", "", "/exec", `{"db_name":"D",` + fence + `,"statements":[{"sql":"CREATE TABLE \"T\" (\"a\" INTEGER NOT NULL PRIMARY KEY, \"_slot\" INTEGER NOT NULL)",` +
			`"table":"T","effect":"create_table","definition":` + workerDef + `}]}`, nil, "",
	},
	{"rows", "", "/exec", `{"db_name":"D",` + fence + `,"statements":[` + workerInsert(`[1,3964],[2,2341]`) + `]}`, nil, ""},
	{"a repeated row", "", "/exec", `{"db_name":"D",` + fence + `,"statements":[` + workerInsert(`[1,3964]`) + `]}`, nil, api.CodeDuplicateKey},
	{"with another schema", "", "/exec", `{"db_name":"D",` + fence + `,"statements":[` + strings.Replace(workerInsert(`[3,2882]`), workerVersion(), "0123456789abcdef", 1) + `]}`, nil, api.CodeStaleSchema},
	{"with an unknown field", "", "/exec", `{"db_name":"D",` + fence + `,"statement":[]}`, nil, api.CodeUnknownField},
	{"of no database", "", "/exec", `{"db_name":"X",` + fence + `,"statements":[` + workerInsert(`[9,1]`) + `]}`, nil, api.CodeUnknownDatabase},
	{"rows", "", "/query", `{"db_name":"D","sql":"SELECT \"a\" FROM \"T\" WHERE \"a\" >= @p1","types":["INT"],"params":[1],"result_types":["INT"]}`, nil, ""},
	{"of no database", "", "/query", `{"db_name":"X","sql":"SELECT 1","result_types":["INT"]}`, nil, api.CodeUnknownDatabase},
	{"", "GET", "/stats", "", nil, ""},
	{"", "", "/drop-db", `{"db_name":"D",` + fence + `}`, nil, ""},
	{"again", "", "/drop-db", `{"db_name":"D",` + fence + `}`, nil, api.CodeUnknownDatabase},
}

func workerVersion() string {
	var def api.TableDef
	if err := api.Decode(strings.NewReader(workerDef), api.MaxBody, &def); err != nil {
		panic(err) // the literal above is invalid
	}
	return def.Version()
}

func workerInsert(rows string) string {
	return `{"sql":"INSERT INTO \"T\" (\"a\",\"_slot\") VALUES (@p1,@p2)","table":"T","schema_version":"` + workerVersion() +
		`","effect":"insert","types":["INT","INT"],"columns":["a","_slot"],"rows":[` + rows + `]}`
}

// manyRows are the students from first to last.
func manyRows(first, last int) string {
	var rows []string
	for i := first; i <= last; i++ {
		rows = append(rows, fmt.Sprintf(`{"student_id":%d,"name":"Student %d","gpa":"%d.%d0"}`, i, i, i%4, i%10))
	}
	return strings.Join(rows, ",")
}

func key(k string) map[string]string { return map[string]string{api.HeaderIdempotencyKey: k} }

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }
