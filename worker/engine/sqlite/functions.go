package sqlite

import (
	"errors"
	"strings"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// defineFunctions registers with a connection T-SQL's semantics of values: the functions,
// aggregates and collations of package sqlfunc. What is refused is raised as a
// *sqltypes.Error with SQL Server's number.
func defineFunctions(conn *raw.Conn) error {
	d := definer{conn: conn, types: typeNames{}.parse}
	for _, n := range sqlfunc.Natives() {
		d.define(n)
	}
	for _, n := range sqlfunc.NativeAggregates() {
		d.defineAggregate(n)
	}
	for _, c := range sqlfunc.Collations() {
		d.errs = append(d.errs, conn.CreateCollation(c.Name, c.Compare))
	}
	return errors.Join(d.errs...)
}

// definer defines functions on one connection, which runs one at a time.
type definer struct {
	conn  *raw.Conn
	types sqlfunc.Types
	args  []sqltypes.Value // of the current call
	errs  []error
}

// define defines a native function; its result is NULL if an argument is, unless it takes NULLs.
func (d *definer) define(n sqlfunc.Native) {
	call := func(args []raw.Arg, r *raw.Result) error {
		d.args = d.args[:0]
		for _, a := range args {
			v := value(a)
			if v.IsNull() && !n.Nulls {
				return nil
			}
			d.args = append(d.args, v)
		}
		v, err := n.Call(d.args, d.types)
		return give(r, v, err)
	}
	if n.Variadic {
		d.errs = append(d.errs, d.conn.CreateFunction(n.Name, -1, call))
		return
	}
	for count := n.MinArgs; count <= n.MaxArgs; count++ {
		d.errs = append(d.errs, d.conn.CreateFunction(n.Name, count, call))
	}
}

// typeNames caches types by the names passed to functions, one cache per connection.
type typeNames map[string]sqltypes.Type

// maxTypeNames bounds the cached names.
const maxTypeNames = 256

func (t typeNames) parse(name string) (sqltypes.Type, error) {
	if typ, ok := t[name]; ok {
		return typ, nil
	}
	name = strings.Clone(name)
	typ, err := sqltypes.Parse(name)
	if err == nil {
		if len(t) >= maxTypeNames {
			clear(t)
		}
		t[name] = typ
	}
	return typ, err
}

// value returns a view of an argument, which is only valid during the call.
func value(a raw.Arg) sqltypes.Value {
	switch a.Class() {
	case raw.ClassInteger:
		return sqltypes.Int64(a.Int())
	case raw.ClassFloat:
		return sqltypes.Float64(a.Float())
	case raw.ClassBlob:
		return sqltypes.Value{Form: sqltypes.FormBytes, Str: a.View()}
	case raw.ClassText:
		return sqltypes.Text(a.View())
	}
	return sqltypes.Null()
}

// give sets the result unless there is an error.
func give(r *raw.Result, v sqltypes.Value, err error) error {
	switch {
	case err != nil:
		return err
	case v.Form == sqltypes.FormInt:
		r.Int(v.Int)
	case v.Form == sqltypes.FormFloat:
		r.Float(v.Float)
	case v.Form == sqltypes.FormText:
		r.Text(v.Str)
	case v.Form == sqltypes.FormBytes:
		r.Bytes(v.Str)
	}
	return nil
}
