package batch

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
)

// builder builds the batches of writes: engine text around a request's statements. The statements,
// like everything else in a request, are passed as parameters. Each statement runs in its own call
// of sp_executesql, so that it keeps its parameter names and its plan.
//
// Whatever happens, the batch returns one row with the columns of [Outcome]: the result, or which
// step was refused and why. A check refuses by naming itself in @sd_k and throwing.
type builder struct {
	text, decl strings.Builder
	args       []Arg
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
	@sd_h NVARCHAR(128), @sd_at BIGINT, @sd_ran BIGINT, @sd_a NVARCHAR(MAX) = N'';
`
	outcomeRow = `, @sd_i, @sd_j, @sd_term, @sd_map, @sd_leader, @sd_shard, @sd_v, @sd_h, @sd_a, `

	// A complete write in one batch.
	beginWhole = language + "SET NOCOUNT, XACT_ABORT ON;\n" + variables + "BEGIN TRY\nBEGIN TRANSACTION;\n"
	endWhole   = "COMMIT TRANSACTION;\nSELECT N'done' AS " + KindColumn + outcomeRow + "0, N'';\nEND TRY\nBEGIN CATCH\n" +
		"IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;\nSELECT @sd_k AS " + KindColumn + outcomeRow + "ERROR_NUMBER(), ERROR_MESSAGE();\nEND CATCH"

	// A part of a write whose transaction is begun and ended by the client. On an error the client
	// rolls the transaction back.
	beginPart = language + "SET NOCOUNT ON;\nSET XACT_ABORT OFF;\n" + variables + "BEGIN TRY\n"
	endPart   = "SELECT N'done' AS " + KindColumn + outcomeRow + "0, N'';\nEND TRY\nBEGIN CATCH\n" +
		"SELECT @sd_k AS " + KindColumn + outcomeRow + "ERROR_NUMBER(), ERROR_MESSAGE();\nEND CATCH"

	// KindColumn is the first column of an outcome; no table's column can have this name.
	KindColumn = "_sd_kind"
)

// The kinds of outcome: done, or the check that refused.
const (
	KindDone   = "done"
	KindError  = ""       // a statement failed with this error number
	KindFence  = "fence"  // the stored fence differs from the request's
	KindReplay = "replay" // the key was used before
	KindTable  = "table"  // the table does not exist, or has a different version
	KindExists = "exists" // the table already exists
	KindAgain  = "again"  // another transaction intervened between two steps: retry
	KindKey    = "key"    // storing the key failed with this error number
)

func newBuilder(begin string) *builder {
	b := &builder{args: make([]Arg, 0, 24), declared: map[int]bool{}, checked: map[string]string{}}
	b.text.WriteString(begin)
	return b
}

// end completes the batch.
func (b *builder) end(text string) *Call {
	b.text.WriteString(text)
	return &Call{Text: b.text.String(), Declarations: b.decl.String(), Args: b.args}
}

func (b *builder) add(parts ...string) {
	for _, p := range parts {
		b.text.WriteString(p)
	}
}

// param declares a parameter of the batch. Its NULL has the type of.
func (b *builder) param(name, typ string, of sqltypes.Type, value sqltypes.Value) {
	if b.decl.Len() > 0 {
		b.decl.WriteString(", ")
	}
	b.decl.WriteString("@")
	b.decl.WriteString(name)
	b.decl.WriteString(" ")
	b.decl.WriteString(typ)
	b.args = append(b.args, Arg{name, of, value})
}

// number declares a parameter for one of the worker's own numbers.
func (b *builder) number(name string, n int64) {
	b.param(name, "BIGINT", sqltypes.BigIntType, sqltypes.Int64(n))
}

// words declares a parameter for a text.
func (b *builder) words(name, typ, text string) { b.param(name, typ, textType, sqltypes.Text(text)) }

// refuse ends a check; the caller's IF applies to the BEGIN and END around it.
func refuse(kind string) string {
	return "BEGIN SET @sd_k = N'" + kind + "'; THROW 50000, N'refused', 1; END;\n"
}

// fence compares the fence with the stored one, which stays locked until the transaction ends: so
// no transaction of an older term commits once a newer one is stored.
func (b *builder) fence(own string, f api.Fence) {
	b.number("sd_f", int64(f.Term))
	b.number("sd_fm", int64(f.MapVersion))
	b.add("SELECT @sd_term = term, @sd_map = map_version, @sd_leader = leader, @sd_shard = shard FROM ",
		QuoteName(own), ".", stateTable, holdRow, " WHERE id = 1;\n",
		"IF @sd_term IS NULL OR @sd_term <> @sd_f OR @sd_map <> @sd_fm ", refuse(KindFence))
}

// key looks up the request's key and claims it before anything is done under it: a concurrent
// request with the same key waits here for the first, and then finds its response.
func (b *builder) key(id *api.Idempotency, a Age) {
	b.keyHash(id)
	b.words("sd_hash", "NVARCHAR(128)", id.Hash)
	b.number("sd_now", a.Now.UnixMilli())
	b.number("sd_old", a.oldest())
	b.number("sd_now_ran", a.Ran.Milliseconds())
	b.number("sd_old_ran", a.oldestRan())
	b.add("SELECT @sd_h = request_hash, @sd_a = rows_affected, @sd_at = [at], @sd_ran = ran FROM dbo._sd_idempotency WHERE key_hash = @sd_key;\n",
		"IF @sd_ran > @sd_old_ran OR @sd_at > @sd_old AND @sd_at <= @sd_now ", refuse(KindReplay),
		"SET @sd_k = N'key'; SET @sd_a = N'';\n",
		"IF @sd_at IS NULL INSERT INTO dbo._sd_idempotency (key_hash, request_hash, rows_affected, [at], ran) VALUES (@sd_key, @sd_hash, '', @sd_now, @sd_now_ran);\n",
		"ELSE BEGIN UPDATE dbo._sd_idempotency SET request_hash = @sd_hash, rows_affected = '', [at] = @sd_now, ran = @sd_now_ran WHERE key_hash = @sd_key AND [at] = @sd_at AND ran = @sd_ran;\n",
		"IF @@ROWCOUNT = 0 ", refuse(KindAgain), "END;\nSET @sd_k = N'';\n")
}

// keyHash declares the parameter for the hash of a key.
func (b *builder) keyHash(id *api.Idempotency) {
	sum := sha256.Sum256([]byte(id.Key))
	b.param("sd_key", "BINARY(32)", sqltypes.Type{Kind: sqltypes.Binary, Length: len(sum)}, sqltypes.Bytes(sum[:]))
}

// statement runs executions first (inclusive) to last (exclusive) of a request's statement i.
func (b *builder) statement(i int, st *contract.Statement, first, last int) error {
	n := strconv.Itoa(i)
	if !b.declared[i] {
		b.declared[i] = true
		b.add("DECLARE @sd_r", n, " BIGINT = 0;\n")
		b.words("t"+n, "VARCHAR(128)", OwnName(st.Table))
	}
	b.add("SET @sd_i = ", n, "; SET @sd_j = ", strconv.Itoa(first), ";\n")
	switch st.Effect {
	case api.EffectCreateTable:
		return b.createTable(n, st)
	case api.EffectAlterTable:
		return b.alterTable(n, st)
	case api.EffectDropTable:
		b.dropTable(n, st)
		return nil
	}
	b.checkTable(n, st)
	b.executions(n, st, first, last)
	switch st.Effect {
	case api.EffectInsert:
		b.deltas = append(b.deltas, delta{OwnName(st.Table), i, "+"})
	case api.EffectDelete:
		b.deltas = append(b.deltas, delta{OwnName(st.Table), i, "-"})
	}
	return nil
}

// checkTable checks that the table has the version that the statement was built for, and locks it
// until the transaction ends.
func (b *builder) checkTable(n string, st *contract.Statement) {
	if v, ok := b.checked[OwnName(st.Table)]; ok && v == st.SchemaVersion {
		return
	}
	b.checked[OwnName(st.Table)] = st.SchemaVersion
	b.words("v"+n, "VARCHAR(64)", st.SchemaVersion)
	b.add("SET @sd_v = NULL; SELECT @sd_v = version FROM dbo._sd_tables", holdRow, " WHERE name = @t", n, ";\n",
		"IF @sd_v IS NULL OR @sd_v <> @v", n, " ", refuse(KindTable))
}

// executions calls the statement for each of its rows.
func (b *builder) executions(n string, st *contract.Statement, first, last int) {
	count := "@@ROWCOUNT"
	if st.Effect == api.EffectCreateIndex {
		count = "0" // after such a statement, @@ROWCOUNT may be stale
	}
	b.words("q"+n, "NVARCHAR(MAX)", st.SQL+"\nSET @sd_n = "+count+";")
	decl := declare(st.Params)
	if decl != "" {
		decl += ", "
	}
	b.words("d"+n, "NVARCHAR(MAX)", decl+"@sd_n BIGINT OUTPUT")
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
				b.param(name, types[k], st.Params[k], v)
				b.add(", @", ParameterName(k), " = @", name)
			}
		}
		b.add(", @sd_n = @sd_n OUTPUT; SET @sd_r", n, " = @sd_r", n, " + @sd_n;\n")
	}
}

// createTable records the table and creates it. The record comes first, here and when tables are
// dropped: whoever reads or writes a table locks its record first, and only then the table.
func (b *builder) createTable(n string, st *contract.Statement) error {
	def, err := json.Marshal(st.Definition)
	if err != nil {
		return fmt.Errorf("the definition of table %s: %w", st.Table, err)
	}
	b.checked[OwnName(st.Table)] = st.Definition.Version()
	b.words("v"+n, "VARCHAR(16)", st.Definition.Version())
	b.words("f"+n, "NVARCHAR(MAX)", string(def))
	b.words("q"+n, "NVARCHAR(MAX)", st.SQL)
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

// alterTable replaces the table's record and alters the table.
func (b *builder) alterTable(n string, st *contract.Statement) error {
	def, err := json.Marshal(st.Definition)
	if err != nil {
		return fmt.Errorf("the definition of table %s: %w", st.Table, err)
	}
	b.checked[OwnName(st.Table)] = st.Definition.Version()
	b.words("v"+n, "VARCHAR(64)", st.SchemaVersion)
	b.words("w"+n, "VARCHAR(16)", st.Definition.Version())
	b.words("f"+n, "NVARCHAR(MAX)", string(def))
	b.words("q"+n, "NVARCHAR(MAX)", st.SQL)
	b.add("SET @sd_v = NULL; SELECT @sd_v = version FROM dbo._sd_tables WITH (UPDLOCK) WHERE name = @t", n, ";\n",
		"IF @sd_v IS NULL OR @sd_v <> @v", n, " ", refuse(KindTable),
		"UPDATE dbo._sd_tables SET definition = @f", n, ", version = @w", n, " WHERE name = @t", n, " AND version = @sd_v;\nIF @@ROWCOUNT = 0 ", refuse(KindAgain),
		"EXEC sys.sp_executesql @q", n, ";\n")
	return nil
}

// dropTable deletes the table's record and drops the table.
func (b *builder) dropTable(n string, st *contract.Statement) {
	delete(b.checked, OwnName(st.Table))
	// Earlier writes of the request, and their counts, go with the table.
	b.deltas = slices.DeleteFunc(b.deltas, func(d delta) bool { return d.table == OwnName(st.Table) })
	b.words("v"+n, "VARCHAR(64)", st.SchemaVersion)
	b.words("q"+n, "NVARCHAR(MAX)", st.SQL)
	b.add("SET @sd_v = NULL; SELECT @sd_v = version FROM dbo._sd_tables WITH (UPDLOCK) WHERE name = @t", n, ";\n",
		"IF @sd_v IS NULL OR @v", n, " <> '' AND @sd_v <> @v", n, " ", refuse(KindTable),
		"DELETE FROM dbo._sd_tables WHERE name = @t", n, " AND version = @sd_v;\nIF @@ROWCOUNT = 0 ", refuse(KindAgain),
		"DELETE FROM dbo._sd_rows WHERE table_name = @t", n, ";\nEXEC sys.sp_executesql @q", n, ";\n")
}

// counts adds the statements' changes to the counts of their tables, in the order of the tables'
// names to avoid deadlocks.
func (b *builder) counts() {
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
func (b *builder) count(table, sum string) {
	b.add("IF ", sum, " <> 0\nBEGIN\nUPDATE dbo._sd_rows SET row_count = row_count + (", sum, ") WHERE table_name = ", table,
		" AND stripe = @@SPID % ", strconv.Itoa(stripes), ";\nIF @@ROWCOUNT = 0 ", refuse(KindAgain), "END;\n")
}

// affected adds the rows affected by a request's n statements to the response.
func (b *builder) affected(n int) {
	for i := range n {
		b.add("SET @sd_a = @sd_a + N',' + CAST(@sd_r", strconv.Itoa(i), " AS NVARCHAR(20));\n")
	}
}

// remember stores the response under the request's key.
func (b *builder) remember() {
	b.add("UPDATE dbo._sd_idempotency SET rows_affected = @sd_a WHERE key_hash = @sd_key;\n")
}
