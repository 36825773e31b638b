package batch

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
)

// Write is a request to write.
type Write struct {
	*contract.Exec
	// Own is the worker's own database, which has its state.
	Own string
	// Age is the time of the request, and how long the response to a keyed one is kept.
	Age Age
}

// Age says which idempotency records have expired: those that are older than TTL both by the clock
// and by the running time. The clock may be set by any amount at any time, and a repeated request
// must not run again because of that. A record from the future shows that the clock was set back,
// so that only the running time counts.
type Age struct {
	Now time.Time
	Ran time.Duration // see RunningTime
	TTL time.Duration
}

// oldest and oldestRan are those of the newest expired record, in milliseconds.
func (a Age) oldest() int64    { return a.Now.Add(-a.TTL).UnixMilli() }
func (a Age) oldestRan() int64 { return (a.Ran - a.TTL).Milliseconds() }

// DecodeWrite validates a request, decodes its parameters, and refuses statements that are not
// what they are declared to be.
func DecodeWrite(req *api.ExecRequest) (*Write, error) {
	x, err := contract.DecodeExec(req)
	if err != nil {
		return nil, err
	}
	for i := range x.Decoded {
		if p := CheckStatement(x.Decoded[i].SQL, x.Decoded[i].Effect); p != nil {
			return nil, x.At(p, i, 0, -1)
		}
	}
	return &Write{Exec: x}, nil
}

// Limits of one batch. A call takes 2100 parameters, of which the worker needs a few for itself
// and for each statement; and a text with many calls has a separate plan for each number of them.
const (
	maxParams = 2060
	// MaxExecutions is the maximum number of executions of a part.
	MaxExecutions = 64
)

// InParts reports whether the write is too large for one batch. It is then a transaction of
// several batches, which the client begins and ends: [Write.Head], the parts of each statement,
// [Write.Finish]. The first whose outcome is not [KindDone] ends it.
func (w *Write) InParts() bool {
	params := 24
	for i := range w.Decoded {
		st := &w.Decoded[i]
		params += 5 + st.Executions*len(st.Params)
	}
	return w.Executions > MaxExecutions+len(w.Decoded) || params > maxParams
}

// Whole is the write as one batch.
func (w *Write) Whole() (*Call, error) {
	b := newBuilder(beginWhole)
	w.head(b)
	for i := range w.Decoded {
		st := &w.Decoded[i]
		if err := b.statement(i, st, 0, st.Executions); err != nil {
			return nil, err
		}
	}
	b.counts()
	b.affected(len(w.Decoded))
	if w.Idempotency != nil {
		b.remember()
	}
	return b.end(endWhole), nil
}

// head adds the checks that come first.
func (w *Write) head(b *builder) {
	b.fence(w.Own, w.Fence)
	if w.Idempotency != nil {
		b.key(w.Idempotency, w.Age)
	}
}

// Head is the first part: the checks.
func (w *Write) Head() *Call {
	b := newBuilder(beginPart)
	w.head(b)
	return b.end(endPart)
}

// Step is the number of executions of statement i in one part.
func (w *Write) Step(i int) int {
	if n := len(w.Decoded[i].Params); n > 0 {
		return max(1, min(MaxExecutions, (maxParams-24)/n))
	}
	return MaxExecutions
}

// Part runs executions first (inclusive) to last (exclusive) of statement i. The outcome has the
// rows affected.
func (w *Write) Part(i, first, last int) (*Call, error) {
	b := newBuilder(beginPart)
	if err := b.statement(i, &w.Decoded[i], first, last); err != nil {
		return nil, err
	}
	b.add("SET @sd_a = N',' + CAST(@sd_r", strconv.Itoa(i), " AS NVARCHAR(20));\n")
	return b.end(endPart), nil
}

// Table is a part that only checks the table of statement i, whose rows are written otherwise. The
// outcome's Affected is the table's definition.
func (w *Write) Table(i int) *Call {
	st := &w.Decoded[i]
	b := newBuilder(beginPart)
	b.words("t0", "VARCHAR(128)", OwnName(st.Table))
	b.add("SET @sd_i = ", strconv.Itoa(i), ";\n")
	b.checkTable("0", st)
	b.add("SELECT @sd_a = definition FROM dbo._sd_tables WHERE name = @t0;\n")
	return b.end(endPart)
}

// Finish is the last part: the counts and the response, given the rows affected by each statement.
func (w *Write) Finish(affected []int64) *Call {
	b := newBuilder(beginPart)
	for i, s := range w.sums(affected) {
		n := strconv.Itoa(i)
		b.words("t"+n, "VARCHAR(128)", s.table)
		b.number("c"+n, s.rows)
		b.count("@t"+n, "@c"+n)
	}
	for i, n := range affected {
		name := "r" + strconv.Itoa(i)
		b.number(name, n)
		b.add("SET @sd_a = @sd_a + N',' + CAST(@", name, " AS NVARCHAR(20));\n")
	}
	if w.Idempotency != nil {
		b.keyHash(w.Idempotency)
		b.remember()
	}
	return b.end(endPart)
}

// sum is the change of a table's count.
type sum struct {
	table string
	rows  int64
}

// sums adds up the statements' changes of the counts, in the order of the tables' names (see
// counts). Rows written to a table that is then dropped go with it.
func (w *Write) sums(affected []int64) []sum {
	var sums []sum
	for i := range w.Decoded {
		st := &w.Decoded[i]
		table := OwnName(st.Table)
		at := slices.IndexFunc(sums, func(s sum) bool { return s.table == table })
		if at < 0 {
			at = len(sums)
			sums = append(sums, sum{table: table})
		}
		switch st.Effect {
		case api.EffectInsert:
			sums[at].rows += affected[i]
		case api.EffectDelete:
			sums[at].rows -= affected[i]
		case api.EffectDropTable:
			sums[at].rows = 0
		}
	}
	slices.SortFunc(sums, func(x, y sum) int { return strings.Compare(x.table, y.table) })
	return sums
}
