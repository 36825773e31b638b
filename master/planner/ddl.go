package planner

import (
	"strings"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sharding"
)

// defaultKeys are names of columns. If a request names no shard key, the first of these
// that the table has becomes the shard key.
var defaultKeys = [...]string{"student_id", "user_id"}

// CreateTable plans the creation of a table on every shard. The plan's Definition is
// the normalized definition.
func CreateTable(req *api.CreateTableRequest, m *sharding.Map) (*plan.Plan, error) {
	d := definer{def: &api.TableDef{Name: req.Table, Columns: make([]api.ColumnDef, 0, len(req.Columns)), Distribution: req.Distribution}}
	if err := d.begin(req.DB, len(req.Columns)); err != nil {
		return nil, err
	}
	if p := checkDistribution(req); p != nil {
		return nil, p
	}
	for i := range req.Columns {
		if err := d.column(req.Columns[i].Name, req.Columns[i].Value); err != nil {
			return nil, err
		}
	}
	return d.plan(req.DB, m, req.ShardKey)
}

// checkDistribution rejects distributions that there are not, and a shard key that would have no use.
func checkDistribution(req *api.CreateTableRequest) *api.Problem {
	switch {
	case req.Distribution != "" && req.Distribution != api.Replicate:
		return api.NewProblem(api.CodeInvalidField, "the distribution %s is unknown", api.Clip(string(req.Distribution))).At("distribution").
			Hinted("send %q, or omit it to place rows by their shard key", api.Replicate)
	case req.Distribution == api.Replicate && req.ShardKey != "":
		return api.NewProblem(api.CodeInvalidField, "a reference table has no shard key: every shard has all of its rows").At("shard_key").
			Hinted("omit shard_key or distribution")
	}
	return nil
}

// DropTable plans the removal of a table from every shard.
func DropTable(t *bind.Table, m *sharding.Map, _ *api.DeleteTableRequest) (*plan.Plan, error) {
	return newPlan(t, plan.OpDropTable, scatter(m, "a table is dropped on every shard")), nil
}

// definer builds a table's definition.
type definer struct {
	def    *api.TableDef
	parsed []tsql.ColumnDef // of def.Columns
	// keyless means no shard key, not even one of defaultKeys.
	keyless bool
}

// begin checks the table's name and the number of its columns.
func (d *definer) begin(db string, n int) error {
	if p := checkTarget(db, d.def.Name); p != nil {
		return p
	}
	switch {
	case api.SameName(d.def.Name, plan.LogTable):
		return api.NewProblem(api.CodeInvalidIdentifier, "the table name %s is reserved by Shardeck", plan.LogTable).At("table").Hinted("choose another name")
	case len(d.def.Name) >= 7 && api.SameName(d.def.Name[:7], "sqlite_"):
		return api.NewProblem(api.CodeInvalidIdentifier, "names that begin with sqlite_ are reserved").At("table").Hinted("choose another name")
	case n == 0:
		return api.NewProblem(api.CodeMissingField, "columns is missing or empty").At("columns").Hinted(`send at least one, such as {"student_id": "INT PRIMARY KEY"}`)
	case n > maxColumns:
		return api.NewProblem(api.CodeTooComplex, "the table has %d columns; at most %d are allowed", n, maxColumns).At("columns").Hinted("split it into several tables")
	}
	return nil
}

// plan determines the shard key, checks the constraints and returns the plan.
func (d *definer) plan(db string, m *sharding.Map, shardKey string) (*plan.Plan, error) {
	if p := d.shardKey(shardKey); p != nil {
		return nil, p
	}
	if p := d.checkKeys(); p != nil {
		return nil, p
	}
	r := scatter(m, "a table is created on every shard")
	return &plan.Plan{Op: plan.OpCreateTable, DB: db, Table: d.def.Name, SchemaVersion: d.def.Version(), Route: r, Definition: d.def, Fragments: fragments(&r)}, nil
}

// newColumn checks a column's name and returns its field in the request.
func (d *definer) newColumn(name string) (field string, err error) {
	field = "columns." + api.Clip(name)
	if p := api.CheckIdentifier(field, name); p != nil {
		if strings.HasPrefix(name, api.ReservedPrefix) {
			p = p.Hinted("names that begin with %s are reserved by Shardeck; choose another", api.ReservedPrefix)
		}
		return field, p
	}
	if c, _ := d.def.Column(name); c != nil {
		return field, api.NewProblem(api.CodeInvalidField, "columns %s and %s have the same name: names are not case-sensitive", c.Name, name).At(field).Hinted("rename one of them")
	}
	return field, nil
}

func (d *definer) column(name, text string) error {
	field, err := d.newColumn(name)
	if err != nil {
		return err
	}
	parsed, err := tsql.ParseColumnDef(text)
	if err != nil {
		return api.AsProblem(err).At(field)
	}
	return d.add(field, name, parsed)
}

// add adds a column whose name newColumn has checked.
func (d *definer) add(field, name string, parsed tsql.ColumnDef) error {
	def := api.ColumnDef{
		Name: name, Type: parsed.Type.String(),
		Nullable: parsed.Null != tsql.NullForbidden && !parsed.PrimaryKey,
	}
	if parsed.Default != nil {
		v, err := bind.DefaultValue(parsed.Default, parsed.Type)
		if err != nil {
			p := *api.AsProblem(err).At(field)
			at := parsed.Default.Pos()
			p.Offset, p.Column = &at, name
			return &p
		}
		if !v.IsNull() { // DEFAULT NULL is the same as no DEFAULT
			def.Default = plan.FormatValue(parsed.Type, v)
		}
	}
	if parsed.PrimaryKey {
		d.def.PrimaryKey = append(d.def.PrimaryKey, name)
	}
	if parsed.Unique {
		d.def.Unique = append(d.def.Unique, []string{name})
	}
	d.def.Columns = append(d.def.Columns, def)
	d.parsed = append(d.parsed, parsed)
	return nil
}

// shardKey sets the shard key: the one named, or else the first of defaultKeys that the table has.
func (d *definer) shardKey(name string) *api.Problem {
	field := "shard_key"
	if d.keyless || d.def.Replicated() {
		return nil
	}
	if name == "" {
		for _, k := range defaultKeys {
			if c, _ := d.def.Column(k); c != nil {
				name, field = c.Name, "columns."+c.Name
				break
			}
		}
	}
	if name == "" {
		return nil
	}
	c, i := d.def.Column(name)
	if c == nil {
		return api.NewProblem(api.CodeUnknownColumn, "the shard key %s is not among the columns", api.Clip(name)).At(field).Hinted("name one of the table's columns")
	}
	if err := sharding.CheckKeyType(d.parsed[i].Type); err != nil {
		return api.AsProblem(err).At(field)
	}
	if d.parsed[i].Null == tsql.NullAllowed {
		return api.NewProblem(api.CodeInvalidField, "the shard key %s cannot be NULL: its value determines a row's shard", c.Name).At("columns." + c.Name).Hinted("write NOT NULL, or omit NULL")
	}
	c.Nullable = false
	d.def.ShardKey = c.Name
	return nil
}

// checkKeys rejects constraints whose uniqueness cannot be enforced across shards, which it is in
// each copy of a reference table, and key columns of types that cannot be indexed.
func (d *definer) checkKeys() *api.Problem {
	constraints := [][]string{d.def.PrimaryKey}
	constraints = append(constraints, d.def.Unique...)
	for i, columns := range constraints {
		if len(columns) == 0 {
			continue
		}
		name := "PRIMARY KEY"
		if i > 0 {
			name = "UNIQUE"
		}
		if !d.def.Replicated() && !d.hasShardKey(columns) {
			return d.notUnique(name, columns)
		}
		for _, c := range columns {
			if p := d.checkIndexable(c); p != nil {
				return p
			}
		}
	}
	if d.def.ShardKey != "" {
		return d.checkIndexable(d.def.ShardKey)
	}
	return nil
}

func (d *definer) hasShardKey(columns []string) bool {
	for _, c := range columns {
		if c == d.def.ShardKey {
			return true
		}
	}
	return false
}

func (d *definer) notUnique(name string, columns []string) *api.Problem {
	list := strings.Join(columns, ", ")
	field := "columns." + columns[0]
	if d.def.ShardKey == "" {
		return api.NewProblem(api.CodeUnsupported, "%s (%s) cannot be enforced: the table has no shard key, so equal rows may be on different shards", name, list).At(field).
			Hinted("make %s the shard key: send \"shard_key\": %q, or in T-SQL add WITH (DISTRIBUTION = HASH(%s)); a small table can be WITH (DISTRIBUTION = REPLICATE)", columns[0], columns[0], columns[0])
	}
	return api.NewProblem(api.CodeUnsupported, "%s (%s) cannot be enforced: it does not contain the shard key %s, so equal rows may be on different shards", name, list, d.def.ShardKey).At(field).
		Hinted("omit it, make %s the shard key, or mark %s as PRIMARY KEY too", columns[0], d.def.ShardKey)
}

// checkIndexable rejects types that SQL Server does not allow in a key (1919).
func (d *definer) checkIndexable(name string) *api.Problem {
	_, i := d.def.Column(name)
	if t := d.parsed[i].Type; isMax(t) {
		p := api.NewProblem(api.CodeUnsupported, "column %s of type %s cannot be in a key", name, t).At("columns."+name).Hinted("give it a length, such as %s(100)", t.Kind)
		p.SQLNumber = mssqlerr.InvalidKeyType
		return p
	}
	return nil
}

// checkTarget rejects database and table names that are not identifiers.
func checkTarget(db, table string) *api.Problem {
	if p := api.CheckIdentifier("db_name", db); p != nil {
		return p
	}
	return api.CheckIdentifier("table", table)
}
