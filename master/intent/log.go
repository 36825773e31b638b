package intent

import (
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// Table is the name of the log. Clients cannot use it.
const Table = plan.LogTable

// The log's columns.
const (
	columnID   = "intent_id"
	columnKind = "kind"
	columnBody = "body"
	columnDone = "done"
)

// maxListed bounds how many intents are listed or deleted by one statement.
const maxListed = 500

var (
	typeID   = sqltypes.Type{Kind: sqltypes.VarChar, Length: 64}
	typeKind = sqltypes.Type{Kind: sqltypes.VarChar, Length: 32}
	typeText = sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}
)

// Definition returns the definition of the log. The identity is its shard key, although rows are
// not placed by it: it makes the column case-sensitive on every engine.
func Definition() *api.TableDef {
	return &api.TableDef{
		Name: Table,
		Columns: []api.ColumnDef{
			{Name: columnID, Type: typeID.String()},
			{Name: columnKind, Type: typeKind.String()},
			{Name: columnBody, Type: typeText.String()},
			{Name: columnDone, Type: typeText.String(), Nullable: true},
		},
		PrimaryKey: []string{columnID},
		ShardKey:   columnID,
	}
}

// IsReserved reports whether clients must not use the name for a table.
func IsReserved(table string) bool { return api.SameName(table, Table) }

// Reserved is the problem of a request that names the log.
func Reserved() *api.Problem {
	return api.NewProblem(api.CodeInvalidIdentifier, "the table name %s is reserved by Shardeck", Table).At("table").Hinted("choose another name")
}

// Take removes the log from the databases of a worker's answer and leaves it in their Log, so that
// nothing else in the master knows it as a table.
func Take(st *api.WorkerStats) {
	for i := range st.Databases {
		d := &st.Databases[i]
		for j := range d.Tables {
			if IsReserved(d.Tables[j].Definition.Name) {
				log := d.Tables[j]
				d.Log = &log
				d.Tables = append(d.Tables[:j:j], d.Tables[j+1:]...)
				break
			}
		}
	}
}

// log makes the plans of one shard's statements on the log of a database.
type log struct {
	db    string
	shard int
}

func (l log) plan(op plan.Op) *plan.Plan {
	def := Definition()
	return &plan.Plan{Op: op, DB: l.db, Table: def.Name, SchemaVersion: def.Version(), Fragments: []plan.Fragment{{Shard: l.shard}}}
}

// create creates the log.
func (l log) create() *plan.Plan {
	p := l.plan(plan.OpCreateTable)
	p.Definition = Definition()
	return p
}

// insert adds an intent.
func (l log) insert(r *Record, body string) *plan.Plan {
	p := l.plan(plan.OpInsert)
	p.Write = &plan.Write{Columns: []api.Column{
		{Name: columnID, Type: typeID.String()}, {Name: columnKind, Type: typeKind.String()},
		{Name: columnBody, Type: typeText.String()}, {Name: columnDone, Type: typeText.String()},
	}}
	row := []byte{'['}
	for _, v := range []struct {
		t    sqltypes.Type
		text string
	}{{typeID, r.ID}, {typeKind, string(r.Kind)}, {typeText, body}} {
		row = sqltypes.AppendJSON(row, v.t, sqltypes.Text(v.text))
		row = append(row, ',')
	}
	// The slot only has to be one of the host's: its number is one (see shared/sharding).
	row = append(row, "null,"...)
	row = strconv.AppendInt(row, int64(l.shard), 10)
	p.Fragments[0].Rows = []jsontext.Value{append(row, ']')}
	return p
}

// remove deletes intents.
func (l log) remove(ids []string) *plan.Plan {
	p := l.plan(plan.OpDelete)
	p.Write = &plan.Write{Where: among(ids)}
	return p
}

// set changes the kind of an intent and what is done of it.
func (l log) set(r *Record) (*plan.Plan, error) {
	done, err := json.Marshal(r.Done)
	if err != nil {
		return nil, err
	}
	p := l.plan(plan.OpUpdate)
	p.Write = &plan.Write{
		Columns: []api.Column{{Name: columnKind, Type: typeKind.String()}, {Name: columnDone, Type: typeText.String()}},
		Values:  []*plan.Expr{constant(typeKind, string(r.Kind)), constant(typeText, string(done))},
		Where:   among([]string{r.ID}),
	}
	return p, nil
}

// list reads the identity and kind of intents, in the order of their identity from after on.
func (l log) list(after string) *plan.Plan {
	p := l.query(columnID, columnKind)
	p.Query.Where = plan.Comparison(plan.GtExpr, column(columnID, typeID), constant(typeID, after))
	p.Query.OrderBy = []plan.SortKey{{Expr: column(columnID, typeID)}}
	limit := int64(maxListed)
	p.Query.Limit = &limit
	return p
}

// load reads one intent.
func (l log) load(id string) *plan.Plan {
	p := l.query(columnKind, columnBody, columnDone)
	p.Query.Where = among([]string{id})
	return p
}

func (l log) query(names ...string) *plan.Plan {
	p := l.plan(plan.OpSelect)
	p.Query = &plan.Query{}
	def := Definition()
	for _, name := range names {
		c, _ := def.Column(name)
		t := map[string]sqltypes.Type{columnID: typeID, columnKind: typeKind}[name]
		if t == (sqltypes.Type{}) {
			t = typeText
		}
		p.Columns = append(p.Columns, api.Column{Name: name, Type: c.Type})
		p.Query.Output = append(p.Query.Output, plan.Output{Name: name, Expr: column(name, t)})
	}
	return p
}

func column(name string, t sqltypes.Type) *plan.Expr {
	return &plan.Expr{Op: plan.ColumnExpr, Column: name, Type: t, Binary: name == columnID}
}

func constant(t sqltypes.Type, text string) *plan.Expr {
	return &plan.Expr{Op: plan.ValueExpr, Type: t, Value: sqltypes.Text(text)}
}

func among(ids []string) *plan.Expr {
	in := &plan.Expr{Op: plan.InExpr, Args: []*plan.Expr{column(columnID, typeID)}, Binary: true}
	for _, id := range ids {
		in.Args = append(in.Args, constant(typeID, id))
	}
	return in
}
