package planner_test

import (
	"testing"

	"github.com/go-json-experiment/json"

	"shardeck/master/bind"
	"shardeck/master/planner"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sharding"
)

const studentsTable = `{"db_name": "School", "table": "Students", "columns": {
	"student_id": "INT PRIMARY KEY", "name": "NVARCHAR(50) NOT NULL", "email": "VARCHAR(40)",
	"gpa": "DECIMAL(4,2) DEFAULT 0", "score": "FLOAT", "active": "BIT NOT NULL DEFAULT 1",
	"level": "TINYINT", "big": "BIGINT", "born": "DATE", "seen": "DATETIME2(3)", "photo": "VARBINARY(8)", "code": "CHAR(4)", "age": "INT"}}`

func newMap(t testing.TB, shards int) *sharding.Map {
	t.Helper()
	m, err := sharding.NewMap(shards)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// newTable returns the table of a create-table request.
func newTable(t testing.TB, request string) *bind.Table {
	t.Helper()
	var req api.CreateTableRequest
	if err := json.Unmarshal([]byte(request), &req); err != nil {
		t.Fatal(err)
	}
	p, err := planner.CreateTable(&req, newMap(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	table, err := bind.NewTable(p.DB, p.Definition)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// parseOne parses a text of one statement.
func parseOne(text string) (tsql.Statement, error) {
	items, err := tsql.Parse(text)
	if err != nil {
		return nil, err
	}
	return items[0].Statement, nil
}
