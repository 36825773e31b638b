package dialect_test

import (
	"testing"

	"github.com/go-json-experiment/json"

	"shardeck/master/bind"
	"shardeck/master/dialect"
	"shardeck/master/planner"
	"shardeck/shared/api"
	"shardeck/shared/sharding"
)

// The create-table requests of the tests' tables.
const (
	studentsTable = `{"db_name": "School", "table": "Students", "columns": {
		"student_id": "INT PRIMARY KEY", "name": "NVARCHAR(50) NOT NULL", "email": "VARCHAR(40)",
		"gpa": "DECIMAL(4,2) DEFAULT 0", "score": "FLOAT", "ratio": "REAL", "active": "BIT NOT NULL DEFAULT 1",
		"level": "TINYINT", "points": "SMALLINT", "big": "BIGINT", "born": "DATE", "seen": "DATETIME2(3)",
		"wakes": "TIME(0)", "card": "UNIQUEIDENTIFIER", "photo": "VARBINARY(8)", "code": "CHAR(4)", "hash": "BINARY(2)",
		"age": "INT"}}`
	coursesTable     = `{"db_name": "School", "table": "Courses", "columns": {"code": "VARCHAR(20) UNIQUE", "title": "NVARCHAR(100)", "seats": "SMALLINT NOT NULL DEFAULT 30"}, "shard_key": "code"}`
	enrollmentsTable = `{"db_name": "School", "table": "Enrollments", "columns": {"course": "VARCHAR(20) PRIMARY KEY", "student_id": "INT PRIMARY KEY", "grade": "DECIMAL(2,1)"}}`
	logTable         = `{"db_name": "School", "table": "Log", "columns": {"at": "DATETIME2", "text": "NVARCHAR(MAX) NOT NULL"}}`
)

func newMap(t testing.TB, shards int) *sharding.Map {
	t.Helper()
	m, err := sharding.NewMap(shards)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func decode[T any](t testing.TB, text string) *T {
	t.Helper()
	v := new(T)
	if err := json.Unmarshal([]byte(text), v, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// newTable returns the table of a create-table request.
func newTable(t testing.TB, request string) *bind.Table {
	t.Helper()
	p, err := planner.CreateTable(decode[api.CreateTableRequest](t, request), newMap(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	table, err := bind.NewTable(p.DB, p.Definition)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func sqlite(t testing.TB) dialect.Dialect { return dialectOf(t, "sqlite") }

func sqlServer(t testing.TB) dialect.Dialect { return dialectOf(t, "sqlserver") }

func dialectOf(t testing.TB, engine string) dialect.Dialect {
	t.Helper()
	d, err := dialect.For(engine)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
