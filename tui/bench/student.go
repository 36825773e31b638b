package bench

import (
	"fmt"
	"strconv"
)

// studentColumns are the columns of the benchmark's tables.
var studentColumns = []struct{ name, kind string }{
	{"student_id", "BIGINT PRIMARY KEY"},
	{"name", "NVARCHAR(60) NOT NULL"},
	{"email", "VARCHAR(80)"},
	{"gpa", "DECIMAL(3,2)"},
	{"enrolled", "DATE"},
}

// student is the i-th row of the benchmark's tables, the same in every run.
type student int

func (s student) name() string     { return "Ada Lovelace " + strconv.Itoa(int(s)) }
func (s student) email() string    { return "ada." + strconv.Itoa(int(s)) + "@example.edu" }
func (s student) gpa() string      { return fmt.Sprintf("%d.%02d", int(s)%4, int(s)%100) }
func (s student) enrolled() string { return fmt.Sprintf("20%02d-%02d-01", 10+int(s)%15, 1+int(s)%12) }

// args returns the row's values for the raw baselines.
func (s student) args() []any {
	return []any{int64(s), s.name(), s.email(), s.gpa(), s.enrolled()}
}

// appendJSON appends the row as a JSON object. No value needs escaping.
func (s student) appendJSON(dst []byte) []byte {
	return fmt.Appendf(dst, `{"student_id":%d,"name":%q,"email":%q,"gpa":%q,"enrolled":%q}`,
		int(s), s.name(), s.email(), s.gpa(), s.enrolled())
}
