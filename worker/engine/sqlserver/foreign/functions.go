package foreign

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// Function is a function for the program itself, not for statements of masters.
type Function struct {
	Name string
	Args int
	// Call returns JSON, given arguments that are text or NULL.
	Call func(args []sqltypes.Value) (sqltypes.Value, error)
}

// Functions returns all functions, in a fixed order.
func Functions() []Function {
	return []Function{
		{"sd_mssql_write", 2, texts(write)},
		{"sd_mssql_finish", 3, texts(finish)},
		{"sd_mssql_answer", 2, texts(answer)},
		{"sd_mssql_query", 1, texts(query)},
		{"sd_mssql_refused", 2, texts(refused)},
		{"sd_mssql_stale", 3, texts(stale)},
		{"sd_mssql_error", 2, texts(failure)},
		{"sd_mssql_statement", 2, texts(statement)},
	}
}

// texts is a function whose arguments are texts, "" for NULL, and whose result is JSON.
func texts(f func(args []string) (any, error)) func(args []sqltypes.Value) (sqltypes.Value, error) {
	return func(args []sqltypes.Value) (sqltypes.Value, error) {
		all := make([]string, len(args))
		for i, a := range args {
			if a.Form != sqltypes.FormText && a.Form != sqltypes.FormNull {
				return sqltypes.Value{}, fmt.Errorf("argument %d is not text", i+1)
			}
			all[i] = strings.Clone(a.Str) // it was a view of SQLite's memory
		}
		result, err := f(all)
		if p, ok := api.ProblemOf(err); ok {
			result, err = map[string]any{"problem": p}, nil
		}
		if err != nil {
			return sqltypes.Value{}, err
		}
		b, err := json.Marshal(result, json.Deterministic(true))
		return sqltypes.Text(string(b)), err
	}
}

// request decodes the body of a request to a worker. What is wrong with it is a problem.
func request[T any](body string) (*T, error) {
	req := new(T)
	return req, api.Decode(strings.NewReader(body), api.MaxWorkerBody, req)
}

// argument decodes an argument that the program made itself.
func argument(name, text string, dst any) error {
	if text == "" {
		return fmt.Errorf("%s is missing", name)
	}
	if err := json.Unmarshal([]byte(text), dst, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("%s: %w", name, errors.New(strings.TrimPrefix(err.Error(), "json: ")))
	}
	return nil
}
