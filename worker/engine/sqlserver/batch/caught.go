package batch

import (
	"maps"
	"slices"
	"strconv"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
)

// A caught query catches its errors and returns their number and message as a row, because not
// every driver reports numbers. The SELECT runs in a call of its own, where the errors of its
// compilation can be caught, too. The variables are for Babelfish, which does not end the rows that
// came before if the next statement after an error is a SELECT: Microsoft's ODBC driver then drops
// the error's row, and the result looks complete.
const (
	caughtBegin = language + "SET NOCOUNT, XACT_ABORT ON;\nBEGIN TRY\nBEGIN TRANSACTION;\n"
	caughtEnd   = ";\nROLLBACK TRANSACTION;\nEND TRY\nBEGIN CATCH\nIF XACT_STATE() <> 0 ROLLBACK TRANSACTION;\n" +
		"DECLARE @sd_n INT = ERROR_NUMBER(), @sd_m NVARCHAR(4000) = ERROR_MESSAGE();\n" +
		"SELECT @sd_n AS " + ErrorColumn + ", @sd_m AS message;\nEND CATCH"
	// ErrorColumn is the first column of an error's row, before its message; it is a result of its
	// own, after the rows that were selected before the error.
	ErrorColumn = api.ReservedPrefix + "sd_error"
)

// caughtArguments is the maximum number of a caught query's arguments: MaxArguments minus the two
// for the SELECT, and a few that a driver may need for itself.
const caughtArguments = MaxArguments - 8

// NewCaughtQuery is the call of a query for drivers that do not report error numbers, or read some
// types with loss: integers of 64 bits, decimals, dates, times and GUIDs are selected as text. It
// has at least one result: the rows of the SELECT, the single row of a refusal, or an error.
func NewCaughtQuery(req *api.QueryRequest) (*Call, []sqltypes.Type, error) {
	if p := CheckSelect(req.SQL); p != nil {
		return nil, nil, p
	}
	results, err := contract.ResultTypes(req.ResultTypes, len(req.ResultTypes))
	if err != nil {
		return nil, nil, err
	}
	sql, err := asText(req.SQL, results)
	if err != nil {
		return nil, nil, err
	}
	types, params, err := contract.DecodeQuery(nil, req)
	if err != nil {
		return nil, nil, err
	}
	if len(types)+2*len(req.Schemas) > caughtArguments {
		return nil, nil, api.NewProblem(api.CodeTooComplex, "a query of so many tables has too many parameters").At("schemas")
	}
	q := &queryBuilder{}
	q.text.WriteString(caughtBegin)
	for i, name := range slices.Sorted(maps.Keys(req.Schemas)) {
		q.check(strconv.Itoa(i+1), name, req.Schemas[name])
	}
	q.add("sd_q", "NVARCHAR(MAX)", textType, sqltypes.Text(sql))
	q.text.WriteString("EXEC sys.sp_executesql @sd_q")
	if len(types) > 0 {
		q.add("sd_d", "NVARCHAR(MAX)", textType, sqltypes.Text(declare(types)))
		q.text.WriteString(", @sd_d")
	}
	for i, t := range types {
		name := ParameterName(i)
		q.add(name, wireType(t), t, params[i])
		q.text.WriteString(", @" + name + " = @" + name)
	}
	q.text.WriteString(caughtEnd)
	return &Call{Text: q.text.String(), Declarations: q.decl.String(), Args: q.args}, results, nil
}
