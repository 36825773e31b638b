package sqlserver

import (
	"crypto/sha256"
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
)

// batch builds one call of sp_executesql: engine text around a request's statements. The
// statements, like everything else in a request, are passed as parameters. Each statement runs in
// its own call of sp_executesql, so that it keeps its parameter names and its plan.
//
// Whatever happens, the batch returns one row with the columns of outcome: the result, or which
// step was refused and why. A check refuses by naming itself in @sd_k and throwing.
type batch struct {
	text, decl strings.Builder
	args       []driver.NamedValue
	declared   map[int]bool // the statements whose texts are already parameters
	checked    map[string]string
	deltas     []delta
}

// delta is one term of the change of a table's count: the rows that statement i adds or removes.
type delta struct {
	table     string
	statement int
	sign      string
}

// The variables of a batch: its current step (kind, statement, execution), the rows of the last
// statement, the state, the table's version, the stored response.
const (
	variables = `DECLARE @sd_k NVARCHAR(20) = N'', @sd_i INT = 0, @sd_j INT = 0, @sd_n BIGINT = 0,
	@sd_term BIGINT, @sd_map BIGINT, @sd_leader NVARCHAR(2000), @sd_shard NVARCHAR(200), @sd_v NVARCHAR(64),
	@sd_h NVARCHAR(128), @sd_at BIGINT, @sd_a NVARCHAR(MAX) = N'';
`
	outcomeRow = `, @sd_i, @sd_j, @sd_term, @sd_map, @sd_leader, @sd_shard, @sd_v, @sd_h, @sd_a, `

	// A complete write in one batch.
	beginWhole = "SET NOCOUNT, XACT_ABORT ON;\n" + variables + "BEGIN TRY\nBEGIN TRANSACTION;\n"
	endWhole   = "COMMIT TRANSACTION;\nSELECT N'done' AS " + kindColumn + outcomeRow + "0, N'';\nEND TRY\nBEGIN CATCH\n" +
		"IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;\nSELECT @sd_k AS " + kindColumn + outcomeRow + "ERROR_NUMBER(), ERROR_MESSAGE();\nEND CATCH"

	// A part of a write whose transaction is begun and ended by the client. On an error the client
	// rolls the transaction back.
	beginPart = "SET NOCOUNT ON;\nSET XACT_ABORT OFF;\n" + variables + "BEGIN TRY\n"
	endPart   = "SELECT N'done' AS " + kindColumn + outcomeRow + "0, N'';\nEND TRY\nBEGIN CATCH\n" +
		"SELECT @sd_k AS " + kindColumn + outcomeRow + "ERROR_NUMBER(), ERROR_MESSAGE();\nEND CATCH"

	kindColumn = "_sd_kind"
)

// The kinds of outcome: done, or the check that refused.
const (
	kindDone   = "done"
	kindError  = ""       // a statement failed with this error number
	kindFence  = "fence"  // the stored fence differs from the request's
	kindReplay = "replay" // the key was used before
	kindTable  = "table"  // the table does not exist, or has a different version
	kindExists = "exists" // the table already exists
	kindAgain  = "again"  // another transaction intervened between two steps: retry
	kindKey    = "key"    // storing the key failed with this error number
)

func newBatch(begin string) *batch {
	b := &batch{args: make([]driver.NamedValue, 2, 24), declared: map[int]bool{}, checked: map[string]string{}}
	b.text.WriteString(begin)
	return b
}

// end completes the batch.
func (b *batch) end(text string) {
	b.text.WriteString(text)
	b.args[0] = driver.NamedValue{Name: "stmt", Ordinal: 1, Value: b.text.String()}
	b.args[1] = driver.NamedValue{Name: "params", Ordinal: 2, Value: b.decl.String()}
}

func (b *batch) add(parts ...string) {
	for _, p := range parts {
		b.text.WriteString(p)
	}
}

// param declares a parameter of the batch.
func (b *batch) param(name, typ string, value driver.Value) {
	if b.decl.Len() > 0 {
		b.decl.WriteString(", ")
	}
	b.decl.WriteString("@")
	b.decl.WriteString(name)
	b.decl.WriteString(" ")
	b.decl.WriteString(typ)
	b.args = append(b.args, driver.NamedValue{Name: name, Ordinal: len(b.args) + 1, Value: value})
}

// refuse ends a check; the caller's IF applies to the BEGIN and END around it.
func refuse(kind string) string {
	return "BEGIN SET @sd_k = N'" + kind + "'; THROW 50000, N'refused', 1; END;\n"
}

// fence compares the fence with the stored one, which stays locked until the transaction ends: so
// no transaction of an older term commits once a newer one is stored.
func (b *batch) fence(own string, f api.Fence) {
	b.param("sd_f", "BIGINT", int64(f.Term))
	b.param("sd_fm", "BIGINT", int64(f.MapVersion))
	b.add("SELECT @sd_term = term, @sd_map = map_version, @sd_leader = leader, @sd_shard = shard FROM ",
		quoteName(own), ".", stateTable, holdRow, " WHERE id = 1;\n",
		"IF @sd_term IS NULL OR @sd_term <> @sd_f OR @sd_map <> @sd_fm ", refuse(kindFence))
}

// key looks up the request's key and claims it before anything is done under it: a concurrent
// request with the same key waits here for the first, and then finds its response.
func (b *batch) key(id *api.Idempotency, now time.Time, ttl time.Duration) {
	hash := keyHash(id)
	b.param("sd_key", "BINARY(32)", hash)
	b.param("sd_hash", "NVARCHAR(128)", id.Hash)
	b.param("sd_now", "BIGINT", now.UnixMilli())
	b.param("sd_old", "BIGINT", now.Add(-ttl).UnixMilli())
	b.add("SELECT @sd_h = request_hash, @sd_a = rows_affected, @sd_at = [at] FROM dbo._sd_idempotency WHERE key_hash = @sd_key;\n",
		"IF @sd_at > @sd_old ", refuse(kindReplay),
		"SET @sd_k = N'key'; SET @sd_a = N'';\n",
		"IF @sd_at IS NULL INSERT INTO dbo._sd_idempotency (key_hash, request_hash, rows_affected, [at]) VALUES (@sd_key, @sd_hash, '', @sd_now);\n",
		"ELSE BEGIN UPDATE dbo._sd_idempotency SET request_hash = @sd_hash, rows_affected = '', [at] = @sd_now WHERE key_hash = @sd_key AND [at] = @sd_at;\n",
		"IF @@ROWCOUNT = 0 ", refuse(kindAgain), "END;\nSET @sd_k = N'';\n")
}

func keyHash(id *api.Idempotency) []byte {
	sum := sha256.Sum256([]byte(id.Key))
	return sum[:]
}

// statement runs executions first (inclusive) to last (exclusive) of a request's statement i.
func (b *batch) statement(i int, st *contract.Statement, first, last int) error {
	n := strconv.Itoa(i)
	if !b.declared[i] {
		b.declared[i] = true
		b.add("DECLARE @sd_r", n, " BIGINT = 0;\n")
		b.param("t"+n, "VARCHAR(128)", ownName(st.Table))
	}
	b.add("SET @sd_i = ", n, "; SET @sd_j = ", strconv.Itoa(first), ";\n")
	switch st.Effect {
	case api.EffectCreateTable:
		return b.createTable(n, st)
	case api.EffectDropTable:
		b.dropTable(n, st)
		return nil
	}
	b.checkTable(n, st)
	b.executions(n, st, first, last)
	switch st.Effect {
	case api.EffectInsert:
		b.deltas = append(b.deltas, delta{ownName(st.Table), i, "+"})
	case api.EffectDelete:
		b.deltas = append(b.deltas, delta{ownName(st.Table), i, "-"})
	}
	return nil
}

// checkTable checks that the table has the version that the statement was built for, and locks it
// until the transaction ends.
func (b *batch) checkTable(n string, st *contract.Statement) {
	if v, ok := b.checked[ownName(st.Table)]; ok && v == st.SchemaVersion {
		return
	}
	b.checked[ownName(st.Table)] = st.SchemaVersion
	b.param("v"+n, "VARCHAR(64)", st.SchemaVersion)
	b.add("SET @sd_v = NULL; SELECT @sd_v = version FROM dbo._sd_tables", holdRow, " WHERE name = @t", n, ";\n",
		"IF @sd_v IS NULL OR @sd_v <> @v", n, " ", refuse(kindTable))
}

// executions calls the statement for each of its rows.
func (b *batch) executions(n string, st *contract.Statement, first, last int) {
	count := "@@ROWCOUNT"
	if st.Effect == api.EffectCreateIndex {
		count = "0" // after such a statement, @@ROWCOUNT may be stale
	}
	b.param("q"+n, "NVARCHAR(MAX)", st.SQL+"\nSET @sd_n = "+count+";")
	decl := declare(st.Params)
	if decl != "" {
		decl += ", "
	}
	b.param("d"+n, "NVARCHAR(MAX)", decl+"@sd_n BIGINT OUTPUT")
	types := make([]string, len(st.Params))
	for k, t := range st.Params {
		types[k] = wireType(t)
	}
	for j := first; j < last; j++ {
		if j > first {
			b.add("SET @sd_j = ", strconv.Itoa(j), ";\n")
		}
		b.add("EXEC sys.sp_executesql @q", n, ", @d", n)
		if len(types) > 0 {
			for k, v := range st.Row(j) {
				name := "a" + n + "_" + strconv.Itoa(j) + "_" + strconv.Itoa(k)
				b.param(name, types[k], argument(st.Params[k], v))
				b.add(", @", parameter(k), " = @", name)
			}
		}
		b.add(", @sd_n = @sd_n OUTPUT; SET @sd_r", n, " = @sd_r", n, " + @sd_n;\n")
	}
}

// wireType is the type in which a value of type t travels to the statement, whose own parameter
// has type t.
func wireType(t sqltypes.Type) string {
	if sentAsText(t) {
		return "NVARCHAR(50)"
	}
	return t.String()
}

// sentAsText reports whether values of type t remain text until a statement receives them.
// Babelfish crashes on a DECIMAL that is declared otherwise, and reads a UNIQUEIDENTIFIER from
// memory that has been reused by then.
func sentAsText(t sqltypes.Type) bool {
	return t.Kind == sqltypes.Decimal || t.Kind == sqltypes.UniqueIdentifier
}

// createTable records the table and creates it. The record comes first, here and when tables are
// dropped: whoever reads or writes a table locks its record first, and only then the table.
func (b *batch) createTable(n string, st *contract.Statement) error {
	def, err := json.Marshal(st.Definition)
	if err != nil {
		return fmt.Errorf("the definition of table %s: %w", st.Table, err)
	}
	b.checked[ownName(st.Table)] = st.Definition.Version()
	b.param("v"+n, "VARCHAR(16)", st.Definition.Version())
	b.param("f"+n, "NVARCHAR(MAX)", string(def))
	b.param("q"+n, "NVARCHAR(MAX)", st.SQL)
	b.add("SET @sd_k = N'exists';\nINSERT INTO dbo._sd_tables (name, definition, version) VALUES (@t", n, ", @f", n, ", @v", n, ");\nSET @sd_k = N'';\n")
	b.add("INSERT INTO dbo._sd_rows (table_name, stripe, row_count) VALUES ")
	for s := range stripes {
		if s > 0 {
			b.add(", ")
		}
		b.add("(@t", n, ", ", strconv.Itoa(s), ", 0)")
	}
	b.add(";\nEXEC sys.sp_executesql @q", n, ";\n")
	return nil
}

// dropTable deletes the table's record and drops the table.
func (b *batch) dropTable(n string, st *contract.Statement) {
	delete(b.checked, ownName(st.Table))
	// Earlier writes of the request, and their counts, go with the table.
	b.deltas = slices.DeleteFunc(b.deltas, func(d delta) bool { return d.table == ownName(st.Table) })
	b.param("v"+n, "VARCHAR(64)", st.SchemaVersion)
	b.param("q"+n, "NVARCHAR(MAX)", st.SQL)
	b.add("SET @sd_v = NULL; SELECT @sd_v = version FROM dbo._sd_tables WITH (UPDLOCK) WHERE name = @t", n, ";\n",
		"IF @sd_v IS NULL OR @v", n, " <> '' AND @sd_v <> @v", n, " ", refuse(kindTable),
		"DELETE FROM dbo._sd_tables WHERE name = @t", n, " AND version = @sd_v;\nIF @@ROWCOUNT = 0 ", refuse(kindAgain),
		"DELETE FROM dbo._sd_rows WHERE table_name = @t", n, ";\nEXEC sys.sp_executesql @q", n, ";\n")
}

// counts adds the statements' changes to the counts of their tables, in the order of the tables'
// names to avoid deadlocks.
func (b *batch) counts() {
	slices.SortStableFunc(b.deltas, func(x, y delta) int { return strings.Compare(x.table, y.table) })
	for len(b.deltas) > 0 {
		table := b.deltas[0].table
		var sum strings.Builder
		sum.WriteString("0")
		n := 0
		for n < len(b.deltas) && b.deltas[n].table == table {
			sum.WriteString(" " + b.deltas[n].sign + " @sd_r" + strconv.Itoa(b.deltas[n].statement))
			n++
		}
		b.count("@t"+strconv.Itoa(b.deltas[0].statement), sum.String())
		b.deltas = b.deltas[n:]
	}
}

// count adds a sum to the count of a table, in this session's stripe.
func (b *batch) count(table, sum string) {
	b.add("IF ", sum, " <> 0\nBEGIN\nUPDATE dbo._sd_rows SET row_count = row_count + (", sum, ") WHERE table_name = ", table,
		" AND stripe = @@SPID % ", strconv.Itoa(stripes), ";\nIF @@ROWCOUNT = 0 ", refuse(kindAgain), "END;\n")
}

// affected adds the rows affected by a request's n statements to the response.
func (b *batch) affected(n int) {
	for i := range n {
		b.add("SET @sd_a = @sd_a + N',' + CAST(@sd_r", strconv.Itoa(i), " AS NVARCHAR(20));\n")
	}
}

// remember stores the response under the request's key.
func (b *batch) remember() {
	b.add("UPDATE dbo._sd_idempotency SET rows_affected = @sd_a WHERE key_hash = @sd_key;\n")
}

// outcome is the row returned by a batch.
type outcome struct {
	kind                 string
	statement, execution int
	state                api.WorkerState
	version              string // of the table; empty if it does not exist
	hash                 string // of the request that first used the key
	affected             string // ",n" per statement
	number               int32
	message              string
}

func (o *outcome) scan(row []driver.Value) {
	text := func(i int) string { s, _ := row[i].(string); return s }
	number := func(i int) int64 { n, _ := row[i].(int64); return n }
	o.kind, o.statement, o.execution = text(0), int(number(1)), int(number(2))
	o.state.Term, o.state.MapVersion = uint64(number(3)), uint64(number(4))
	o.state.Leader, o.state.Shard = text(5), text(6)
	o.version, o.hash, o.affected = text(7), text(8), text(9)
	o.number, o.message = int32(number(10)), text(11)
}

const outcomeColumns = 12

// rowsAffected parses the text built by affected.
func (o *outcome) rowsAffected() ([]int64, error) {
	counts := []int64{}
	for rest := o.affected; rest != ""; {
		var field string
		field, rest, _ = strings.Cut(rest[1:], ",")
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the stored response of a request: %w", err)
		}
		if rest != "" {
			rest = "," + rest
		}
		counts = append(counts, n)
	}
	return counts, nil
}
