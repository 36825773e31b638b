package bind

import (
	"time"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// Session is what the functions of a statement's session return. The zero Session has none of
// them.
type Session struct {
	// Now is the time of the statement, by the master's clock: all shards see this one. The
	// session's time zone is UTC.
	Now time.Time
	// Version is the version of Shardeck.
	Version string
	// Variables are the variables that are declared.
	Variables []Variable
	// Varies is set when something is bound that the same statement may have another value of later,
	// such as the time; nil if nobody wants to know.
	Varies *bool
}

// sysname is the type of names in T-SQL.
var sysname = sqltypes.Type{Kind: sqltypes.NVarChar, Length: 128}

// sessionFunction binds a function of the session to its value, which is constant; false if
// there is no such function.
func (b *Binder) sessionFunction(c *tsql.Call) (*plan.Expr, bool, error) {
	constant := func(t sqltypes.Type, v sqltypes.Value) (*plan.Expr, bool, error) {
		return &plan.Expr{Op: plan.ValueExpr, Type: t, Value: v}, true, nil
	}
	const firstDay, versionLength = 7, 300
	switch c.Name {
	case "@@DATEFIRST":
		return constant(sqltypes.Type{Kind: sqltypes.TinyInt}, sqltypes.Int64(firstDay))
	case "@@MAX_PRECISION":
		return constant(sqltypes.Type{Kind: sqltypes.TinyInt}, sqltypes.Int64(maxPrecision))
	case "@@LANGUAGE":
		return constant(sysname, sqltypes.Text("us_english"))
	case "@@VERSION":
		b.varies()
		return constant(sqltypes.Type{Kind: sqltypes.NVarChar, Length: versionLength}, sqltypes.Text("Shardeck "+b.Session.Version))
	case "DB_NAME":
		return constant(sysname, sqltypes.Text(b.DB))
	case "GETDATE", "GETUTCDATE", "CURRENT_TIMESTAMP":
		x, err := b.now(c, sqltypes.DateTimeType)
		return x, true, err
	case "SYSDATETIME", "SYSUTCDATETIME":
		x, err := b.now(c, sqltypes.DateTime2Type)
		return x, true, err
	}
	return nil, false, nil
}

func (b *Binder) varies() {
	if b.Session.Varies != nil {
		*b.Session.Varies = true
	}
}

// now returns the time of the statement as a value of type t.
func (b *Binder) now(c *tsql.Call, t sqltypes.Type) (*plan.Expr, error) {
	if b.Session.Now.IsZero() {
		return nil, b.Problem(api.CodeUnsupported, c.At, "%s is not supported here", c.Name).Hinted("send the time itself")
	}
	b.varies()
	const unit = 100 * time.Nanosecond // of DATETIME2(7)
	at := b.Session.Now.UTC().Truncate(unit)
	text := sqltypes.Text(string(sqltypes.AppendTemporal(nil, sqltypes.DateTime2, at)))
	v, err := sqltypes.Convert(text, sqltypes.DateTime2Type, t)
	if err != nil {
		return nil, b.ValueError(err, c.At)
	}
	return &plan.Expr{Op: plan.ValueExpr, Type: t, Value: v}, nil
}
