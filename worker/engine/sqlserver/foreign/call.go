package foreign

import (
	"encoding/hex"
	"strconv"

	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlserver/batch"
)

// call is a [batch.Call] for a driver.
type call struct {
	Text    string `json:"text"`
	Declare string `json:"declare"`
	Args    []arg  `json:"args"`
}

// arg is an argument in one of three types that every driver sends without loss; the server
// converts it to the declared type.
type arg struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value any    `json:"value"`
}

// The types of arguments: the value is text, a number, or bytes as "0x" and hexadecimal digits.
const (
	typeText   = "nvarchar"
	typeFloat  = "float"
	typeBinary = "varbinary"
)

func toCall(c *batch.Call) *call {
	out := &call{Text: c.Text, Declare: c.Declarations, Args: make([]arg, len(c.Args))}
	for i := range c.Args {
		out.Args[i] = toArg(&c.Args[i])
	}
	return out
}

func toArg(a *batch.Arg) arg {
	out := arg{Name: a.Name, Type: typeText}
	switch {
	case a.Type.Kind.IsBinary():
		out.Type = typeBinary
	case a.Type.Kind == sqltypes.Float || a.Type.Kind == sqltypes.Real:
		out.Type = typeFloat
	}
	switch a.Value.Form {
	case sqltypes.FormInt:
		out.Value = strconv.FormatInt(a.Value.Int, 10)
	case sqltypes.FormFloat:
		out.Value = a.Value.Float
	case sqltypes.FormText:
		out.Value = a.Value.Str
	case sqltypes.FormBytes:
		out.Value = "0x" + hex.EncodeToString([]byte(a.Value.Str))
	}
	return out
}
