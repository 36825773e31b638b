package planner

import (
	"hash/fnv"
	"strings"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// view is a view of the catalog: literal rows made of the definitions of a database's tables. Names,
// types and values are those that
// https://learn.microsoft.com/sql/relational-databases/system-information-schema-views and
// https://learn.microsoft.com/sql/relational-databases/system-catalog-views document. Columns about
// what Shardeck has not are left out.
type view struct {
	name    string
	columns []viewColumn
	// rows calls add for the rows about one table.
	rows func(t *bind.Table, add func(...sqltypes.Value))
}

type viewColumn struct {
	name     string
	typ      sqltypes.Type
	nullable bool
}

var (
	sysname    = sqltypes.Type{Kind: sqltypes.NVarChar, Length: 128}
	yesNo      = sqltypes.Type{Kind: sqltypes.VarChar, Length: 3}
	definition = sqltypes.Type{Kind: sqltypes.NVarChar, Length: 4000}
	smallInt   = sqltypes.Type{Kind: sqltypes.SmallInt}
	tinyInt    = sqltypes.Type{Kind: sqltypes.TinyInt}
)

// views are the views of the catalog. To add one, add its row.
var views = []view{
	{"INFORMATION_SCHEMA.TABLES", []viewColumn{
		{"TABLE_CATALOG", sysname, false}, {"TABLE_SCHEMA", sysname, false}, {"TABLE_NAME", sysname, false}, {"TABLE_TYPE", sqltypes.Type{Kind: sqltypes.VarChar, Length: 10}, false},
	}, func(t *bind.Table, add func(...sqltypes.Value)) {
		add(sqltypes.Text(t.DB), sqltypes.Text("dbo"), sqltypes.Text(t.Name), sqltypes.Text("BASE TABLE"))
	}},
	{"INFORMATION_SCHEMA.COLUMNS", []viewColumn{
		{"TABLE_CATALOG", sysname, false}, {"TABLE_SCHEMA", sysname, false}, {"TABLE_NAME", sysname, false}, {"COLUMN_NAME", sysname, false},
		{"ORDINAL_POSITION", sqltypes.IntType, false}, {"COLUMN_DEFAULT", definition, true}, {"IS_NULLABLE", yesNo, false}, {"DATA_TYPE", sysname, false},
		{"CHARACTER_MAXIMUM_LENGTH", sqltypes.IntType, true}, {"NUMERIC_PRECISION", tinyInt, true}, {"NUMERIC_PRECISION_RADIX", smallInt, true},
		{"NUMERIC_SCALE", sqltypes.IntType, true}, {"DATETIME_PRECISION", smallInt, true},
	}, informationColumns},
	{"INFORMATION_SCHEMA.TABLE_CONSTRAINTS", []viewColumn{
		{"CONSTRAINT_CATALOG", sysname, false}, {"CONSTRAINT_SCHEMA", sysname, false}, {"CONSTRAINT_NAME", sysname, false},
		{"TABLE_CATALOG", sysname, false}, {"TABLE_SCHEMA", sysname, false}, {"TABLE_NAME", sysname, false},
		{"CONSTRAINT_TYPE", sqltypes.Type{Kind: sqltypes.VarChar, Length: 11}, false}, {"IS_DEFERRABLE", yesNo, false}, {"INITIALLY_DEFERRED", yesNo, false},
	}, tableConstraints},
	{"SYS.TABLES", []viewColumn{
		{"name", sysname, false}, {"object_id", sqltypes.IntType, false}, {"schema_id", sqltypes.IntType, false},
		{"type", sqltypes.Type{Kind: sqltypes.Char, Length: 2}, false}, {"type_desc", sqltypes.Type{Kind: sqltypes.NVarChar, Length: 60}, false},
	}, func(t *bind.Table, add func(...sqltypes.Value)) {
		add(sqltypes.Text(t.Name), objectID(t), sqltypes.Int64(1), sqltypes.Text("U "), sqltypes.Text("USER_TABLE"))
	}},
	{"SYS.COLUMNS", []viewColumn{
		{"object_id", sqltypes.IntType, false}, {"name", sysname, false}, {"column_id", sqltypes.IntType, false}, {"system_type_id", tinyInt, false},
		{"user_type_id", sqltypes.IntType, false}, {"max_length", smallInt, false}, {"precision", tinyInt, false}, {"scale", tinyInt, false}, {"is_nullable", sqltypes.BitType, true},
	}, sysColumns},
	{"SYS.INDEXES", []viewColumn{
		{"object_id", sqltypes.IntType, false}, {"name", sysname, true}, {"index_id", sqltypes.IntType, false}, {"type", tinyInt, false},
		{"type_desc", sqltypes.Type{Kind: sqltypes.NVarChar, Length: 60}, true}, {"is_unique", sqltypes.BitType, true},
		{"is_primary_key", sqltypes.BitType, true}, {"is_unique_constraint", sqltypes.BitType, true},
	}, sysIndexes},
	{"SYS.INDEX_COLUMNS", []viewColumn{
		{"object_id", sqltypes.IntType, false}, {"index_id", sqltypes.IntType, false}, {"index_column_id", sqltypes.IntType, false},
		{"column_id", sqltypes.IntType, false}, {"key_ordinal", tinyInt, false}, {"is_descending_key", sqltypes.BitType, true},
	}, sysIndexColumns},
}

// sysIndex is a key or an index of a table.
type sysIndex struct {
	name            string
	columns         []api.IndexColumn
	primary, unique bool
}

// indexesOf lists a table's primary key, its UNIQUE constraints and its indexes. Their position is their
// index_id, from 1, which stands for a clustered index: so a table without a primary key, a heap, has no 1.
func indexesOf(t *bind.Table) []sysIndex {
	key := func(names []string) (columns []api.IndexColumn) {
		for _, n := range names {
			columns = append(columns, api.IndexColumn{Name: n})
		}
		return columns
	}
	all := []sysIndex{{plan.PrimaryKeyName(t.Name), key(t.Def.PrimaryKey), true, false}}
	for i, u := range t.Def.Unique {
		all = append(all, sysIndex{plan.UniqueName(t.Name, i), key(u), false, true})
	}
	for _, x := range t.Def.Indexes {
		all = append(all, sysIndex{name: x.Name, columns: x.Columns})
	}
	return all
}

func sysIndexes(t *bind.Table, add func(...sqltypes.Value)) {
	for i, x := range indexesOf(t) {
		name, id, kind, desc := sqltypes.Text(x.name), i+1, int64(2), "NONCLUSTERED"
		switch {
		case i > 0:
		case len(x.columns) == 0:
			x.primary = false
			name, id, kind, desc = sqltypes.Null(), 0, 0, "HEAP"
		default:
			kind, desc = 1, "CLUSTERED"
		}
		add(objectID(t), name, sqltypes.Int64(int64(id)), sqltypes.Int64(kind), sqltypes.Text(desc), bit(x.primary || x.unique), bit(x.primary), bit(x.unique))
	}
}

func sysIndexColumns(t *bind.Table, add func(...sqltypes.Value)) {
	for i, x := range indexesOf(t) {
		for k, c := range x.columns {
			_, column := t.Def.Column(c.Name)
			add(objectID(t), sqltypes.Int64(int64(i+1)), sqltypes.Int64(int64(k+1)), sqltypes.Int64(int64(column+1)), sqltypes.Int64(int64(k+1)), bit(c.Descending))
		}
	}
}

func bit(set bool) sqltypes.Value {
	if set {
		return sqltypes.Int64(1)
	}
	return sqltypes.Int64(0)
}

// objectID identifies a table by its name, which is unique in its database. It stays the same.
func objectID(t *bind.Table) sqltypes.Value {
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToLower(t.Name)))
	return sqltypes.Int64(int64(h.Sum32() >> 1)) // a positive INT
}

func informationColumns(t *bind.Table, add func(...sqltypes.Value)) {
	for i := range t.Columns {
		c := &t.Columns[i]
		def, nullable := sqltypes.Null(), "NO"
		if d := t.Def.Columns[i].Default; d != "" {
			def = sqltypes.Text("(" + d + ")")
		}
		if c.Nullable {
			nullable = "YES"
		}
		length, radix, precision, scale, time := sqltypes.Null(), sqltypes.Null(), sqltypes.Null(), sqltypes.Null(), sqltypes.Null()
		shape := shapeOf(c.Type)
		switch k := c.Type.Kind; {
		case k.IsString(), k.IsBinary():
			length = sqltypes.Int64(int64(c.Type.Length))
		case k.IsFloat():
			precision, radix = sqltypes.Int64(int64(shape.precision)), sqltypes.Int64(2)
		case k.IsNumeric() && k != sqltypes.Bit:
			precision, radix, scale = sqltypes.Int64(int64(shape.precision)), sqltypes.Int64(10), sqltypes.Int64(int64(shape.scale))
		case k.IsTemporal():
			time = sqltypes.Int64(int64(shape.scale))
		}
		add(sqltypes.Text(t.DB), sqltypes.Text("dbo"), sqltypes.Text(t.Name), sqltypes.Text(c.Name), sqltypes.Int64(int64(i+1)), def,
			sqltypes.Text(nullable), sqltypes.Text(strings.ToLower(c.Type.Kind.String())), length, precision, radix, scale, time)
	}
}

func tableConstraints(t *bind.Table, add func(...sqltypes.Value)) {
	constraint := func(name, kind string) {
		add(sqltypes.Text(t.DB), sqltypes.Text("dbo"), sqltypes.Text(name), sqltypes.Text(t.DB), sqltypes.Text("dbo"), sqltypes.Text(t.Name),
			sqltypes.Text(kind), sqltypes.Text("NO"), sqltypes.Text("NO"))
	}
	if len(t.Def.PrimaryKey) > 0 {
		constraint(plan.PrimaryKeyName(t.Name), "PRIMARY KEY")
	}
	for i := range t.Def.Unique {
		constraint(plan.UniqueName(t.Name, i), "UNIQUE")
	}
}

func sysColumns(t *bind.Table, add func(...sqltypes.Value)) {
	for i := range t.Columns {
		c := &t.Columns[i]
		shape := shapeOf(c.Type)
		add(objectID(t), sqltypes.Text(c.Name), sqltypes.Int64(int64(i+1)), sqltypes.Int64(shape.id), sqltypes.Int64(shape.id),
			sqltypes.Int64(int64(shape.size)), sqltypes.Int64(int64(shape.precision)), sqltypes.Int64(int64(shape.scale)), bit(c.Nullable))
	}
}

// shape is what sys.types and sys.columns say about a type.
type shape struct {
	id                     int64
	size, precision, scale int
}

// fixed are the types without parameters. Source: the page of sys.types, and those of the types.
var fixed = map[sqltypes.Kind]shape{
	sqltypes.Bit: {0x68, 1, 1, 0}, sqltypes.TinyInt: {48, 1, 3, 0}, sqltypes.SmallInt: {52, 2, 5, 0}, sqltypes.Int: {56, 4, 10, 0}, sqltypes.BigInt: {0x7F, 8, 19, 0},
	sqltypes.Real: {59, 4, 24, 0}, sqltypes.Float: {62, 8, 53, 0}, sqltypes.Money: {60, 8, 19, 4}, sqltypes.SmallMoney: {122, 4, 10, 4},
	sqltypes.Date: {40, 3, 10, 0}, sqltypes.DateTime: {61, 8, 23, 3}, sqltypes.SmallDateTime: {58, 4, 16, 0}, sqltypes.UniqueIdentifier: {36, 16, 0, 0},
}

func shapeOf(t sqltypes.Type) shape {
	width := func(id int64, bytes int) shape {
		if t.Length == sqltypes.Max {
			return shape{id: id, size: -1}
		}
		return shape{id: id, size: t.Length * bytes}
	}
	fraction := t.Scale
	if fraction > 0 {
		fraction++ // the point
	}
	switch t.Kind {
	case sqltypes.Decimal:
		size := 5
		for _, limit := range [...]int{9, 19, 28} {
			if t.Precision > limit {
				size += 4
			}
		}
		return shape{106, size, t.Precision, t.Scale}
	case sqltypes.Char:
		return width(175, 1)
	case sqltypes.VarChar:
		return width(167, 1)
	case sqltypes.NChar:
		return width(0xEF, 2)
	case sqltypes.NVarChar:
		return width(231, 2)
	case sqltypes.Binary:
		return width(0xAD, 1)
	case sqltypes.VarBinary:
		return width(165, 1)
	case sqltypes.Time:
		return shape{41, timeSize(t.Scale), 8 + fraction, t.Scale}
	case sqltypes.DateTime2:
		return shape{42, 3 + timeSize(t.Scale), 19 + fraction, t.Scale}
	}
	return fixed[t.Kind]
}

// timeSize is the number of bytes of a TIME.
func timeSize(scale int) int {
	switch {
	case scale <= 2:
		return 3
	case scale <= 4:
		return 4
	}
	return 5
}

// catalogView returns the view that ref names, as literal rows.
func (s *statement) catalogView(ref *tsql.TableRef, src *source) (*bind.Table, error) {
	name := ref.Schema + "." + strings.ToUpper(ref.Name)
	var known []string
	for i := range views {
		v := &views[i]
		if v.name != name {
			known = append(known, v.name)
			continue
		}
		if p := s.b.CheckDB(ref.DB, ref.At); p != nil {
			return nil, p
		}
		tables, err := s.cat.Tables(s.db)
		if err != nil {
			return nil, err
		}
		src.Rows = &plan.Rows{}
		columns := make([]bind.DerivedColumn, len(v.columns))
		for k, c := range v.columns {
			columns[k] = bind.DerivedColumn{Name: c.name, Type: c.typ, Nullable: c.nullable}
			src.Rows.Types = append(src.Rows.Types, c.typ)
		}
		for _, t := range tables {
			v.rows(t, func(row ...sqltypes.Value) { src.Rows.Values = append(src.Rows.Values, row) })
		}
		return s.derivedTable(ref, nil, columns, true)
	}
	p := s.b.Problem(api.CodeUnsupported, ref.At, "the view %s.%s is not supported", ref.Schema, api.Clip(ref.Name))
	return nil, p.Hinted("the views of the catalog are %s; GET /metadata has more", strings.Join(known, ", ")).Numbered(mssqlerr.UnknownTable)
}
