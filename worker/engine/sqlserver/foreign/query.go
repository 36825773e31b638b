package foreign

import (
	"errors"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlserver/batch"
)

// query is sd_mssql_query(request): the call of a QueryRequest, and the types of its columns for
// sd_mssql_cells.
func query(args []string) (any, error) {
	req, err := request[api.QueryRequest](args[0])
	if err != nil {
		return nil, err
	}
	c, types, err := batch.NewCaughtQuery(req)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return map[string]any{"call": toCall(c), "types": names}, nil
}

// refused is sd_mssql_refused(request, row): the problem of a query whose response is a refusal.
func refused(args []string) (any, error) {
	req, err := request[api.QueryRequest](args[0])
	if err != nil {
		return nil, err
	}
	var row []*string
	if err := argument("the row", args[1], &row); err != nil {
		return nil, err
	}
	if len(row) != 2 || row[0] == nil {
		return nil, errors.New("the row of a refusal has a table and its version")
	}
	have := ""
	if row[1] != nil {
		have = *row[1]
	}
	return nil, batch.QueryRefused(req, *row[0], have)
}

// stale is sd_mssql_stale(request, table, version): the problem of a query whose table now has
// another version, "" or NULL if it does not exist; none if it has the one of the request.
func stale(args []string) (any, error) {
	req, err := request[api.QueryRequest](args[0])
	if err != nil {
		return nil, err
	}
	want, ok := req.Schemas[args[1]]
	if !ok {
		return nil, errors.New("the request does not name the table")
	}
	if p := batch.CompareVersions(args[1], args[2], want); p != nil {
		return nil, p
	}
	return struct{}{}, nil
}
