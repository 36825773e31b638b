package endtoend_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// ledgerTable has no primary key, so that a row written twice would show twice.
const ledgerTable = "Ledger"

var ledgerColumns = api.Object[string]{
	{Name: "id", Value: "BIGINT NOT NULL"},
	{Name: "value", Value: "NVARCHAR(40) NOT NULL"},
}

// tooLong is a value that is too long for its column.
var tooLong = strings.Repeat("x", 41)

// pace is the pause before a failed write is retried, so that writers do not spin against a
// closed port.
const pace = 10 * time.Millisecond

func key(id int64) string { return strconv.FormatInt(id, 10) }

// writer writes its own rows and records the responses in the ledger.
type writer struct {
	t       *testing.T
	masters []*client.Master
	ledger  *ledger
	rng     *rand.Rand
	name    int
	last    int64   // id
	keys    int     // used so far
	mine    []int64 // existing rows
}

func newWriter(r *rig, l *ledger, seed uint64, name int) *writer {
	return &writer{t: r.t, masters: r.masters, ledger: l, name: name,
		rng: rand.New(rand.NewPCG(seed, uint64(name))), last: int64(name) * 1_000_000}
}

// run writes until stop is closed. It finishes the write it has begun.
func (w *writer) run(ctx context.Context, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		default:
		}
		switch n := w.rng.IntN(100); {
		case n < 35:
			w.insert(ctx, 1)
		case n < 55:
			w.insert(ctx, 2+w.rng.IntN(6))
		case n < 70:
			w.insertOnce(ctx, 1+w.rng.IntN(4))
		case n < 75:
			w.insertRefused(ctx)
		case n < 83:
			w.update(ctx)
		case n < 90:
			w.updateSeveral(ctx)
		default:
			w.remove(ctx)
		}
	}
}

func (w *writer) master() *client.Master { return w.masters[w.rng.IntN(len(w.masters))] }

// rows generates n new rows.
func (w *writer) rows(n int) (*api.InsertRequest, map[int64]string) {
	req := &api.InsertRequest{DB: db, Table: ledgerTable}
	values := map[int64]string{}
	for range n {
		w.last++
		values[w.last] = fmt.Sprintf("row %d", w.last)
		req.Rows = append(req.Rows, ledgerRow(w.last, values[w.last]))
	}
	return req, values
}

func ledgerRow(id int64, value string) api.Object[jsontext.Value] {
	return api.Object[jsontext.Value]{{Name: "id", Value: number(id)}, {Name: "value", Value: text(value)}}
}

type writeFunc func(ctx context.Context, m *client.Master, key client.CallOption) (*api.WriteResponse, error)

// settle sends a write with one key through any of the masters again and again until its outcome
// is known. ok is false if the test ended first.
func (w *writer) settle(ctx context.Context, write writeFunc) (resp *api.WriteResponse, err error, ok bool) {
	w.keys++
	idem := client.IdempotencyKey(fmt.Sprintf("writer-%d-%d", w.name, w.keys))
	for {
		resp, err = once(ctx, w.master(), idem, write)
		w.ledger.try(resp, err)
		if err == nil || !retryable(err) {
			return resp, err, true
		}
		select {
		case <-time.After(pace):
		case <-ctx.Done():
			w.t.Errorf("writer %d: the outcome is still unknown: %v", w.name, err)
			return nil, err, false
		}
	}
}

func once(ctx context.Context, m *client.Master, idem client.CallOption, write writeFunc) (*api.WriteResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return write(ctx, m, idem)
}

func (w *writer) insert(ctx context.Context, n int) {
	req, values := w.rows(n)
	resp, err, ok := w.settle(ctx, func(ctx context.Context, m *client.Master, idem client.CallOption) (*api.WriteResponse, error) {
		return m.Insert(ctx, req, idem)
	})
	if !ok {
		return
	}
	if err != nil || resp.RowsAffected != int64(n) {
		w.t.Errorf("writer %d: insert of %d rows: %+v, %v", w.name, n, resp, err)
		return
	}
	for id, value := range values {
		w.ledger.set(id, entry{present, value})
		w.mine = append(w.mine, id)
	}
	if w.rng.IntN(4) == 0 {
		w.readBack(ctx, w.mine[len(w.mine)-1], values)
	}
}

// readBack reads an acknowledged row at once, through any master.
func (w *writer) readBack(ctx context.Context, id int64, values map[int64]string) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	resp, err := w.master().Select(ctx, &api.SelectRequest{DB: db, Table: ledgerTable, Columns: api.NameList{"value"}, ShardKey: number(id)})
	switch {
	case err != nil && !retryable(err):
		w.t.Errorf("writer %d: read of row %d: %v", w.name, id, err)
	case err == nil && (len(resp.Rows) != 1 || string(resp.Rows[0]) != fmt.Sprintf("[%q]", values[id])):
		w.t.Errorf("writer %d: row %d was acknowledged and then read as %s", w.name, id, resp.Rows)
	}
}

// insertOnce inserts without a key and trusts the response.
func (w *writer) insertOnce(ctx context.Context, n int) {
	req, values := w.rows(n)
	resp, err := once(ctx, w.master(), client.CallOption{}, func(ctx context.Context, m *client.Master, _ client.CallOption) (*api.WriteResponse, error) {
		return m.Insert(ctx, req)
	})
	w.ledger.try(resp, err)
	if err != nil && !retryable(err) {
		w.t.Errorf("writer %d: insert without a key: %v", w.name, err)
	}
	ids := slices.Sorted(maps.Keys(values)) // in the order of the request
	w.ledger.judge(ids, values, err)
}

// insertRefused inserts rows of which the last is invalid: none of them may ever appear.
func (w *writer) insertRefused(ctx context.Context) {
	req, values := w.rows(3)
	req.Rows = append(req.Rows, ledgerRow(w.last+1, tooLong))
	w.last++
	_, err, ok := w.settle(ctx, func(ctx context.Context, m *client.Master, idem client.CallOption) (*api.WriteResponse, error) {
		return m.Insert(ctx, req, idem)
	})
	if ok && api.CodeOf(err) != api.CodeValueTooLong {
		w.t.Errorf("writer %d: a value that is too long: %v", w.name, err)
	}
	for id := range values {
		w.ledger.set(id, entry{fate: absent})
	}
}

// pick returns one of the writer's existing rows; false if there is none.
func (w *writer) pick() (i int, id int64, ok bool) {
	if len(w.mine) == 0 {
		return 0, 0, false
	}
	i = w.rng.IntN(len(w.mine))
	return i, w.mine[i], true
}

func (w *writer) update(ctx context.Context) {
	_, id, ok := w.pick()
	if !ok {
		return
	}
	value := fmt.Sprintf("row %d change %d", id, w.keys)
	resp, err, ok := w.settle(ctx, func(ctx context.Context, m *client.Master, idem client.CallOption) (*api.WriteResponse, error) {
		return m.Update(ctx, &api.UpdateRequest{DB: db, Table: ledgerTable, ShardKey: number(id),
			Set: api.Object[jsontext.Value]{{Name: "value", Value: text(value)}}}, idem)
	})
	if !ok {
		return
	}
	if err != nil || resp.RowsAffected != 1 {
		w.t.Errorf("writer %d: update of row %d: %+v, %v", w.name, id, resp, err)
	}
	w.ledger.set(id, entry{present, value})
}

// updateSeveral changes rows of several shards in one statement.
func (w *writer) updateSeveral(ctx context.Context) {
	const several = 5
	if len(w.mine) < several {
		return
	}
	var ids []int64
	var list []string
	for _, i := range w.rng.Perm(len(w.mine))[:several] {
		ids = append(ids, w.mine[i])
		list = append(list, key(w.mine[i]))
	}
	value := fmt.Sprintf("several %d of %d", w.keys, w.name)
	req := &api.UpdateRequest{DB: db, Table: ledgerTable, Condition: "id IN (" + strings.Join(list, ", ") + ")",
		Set: api.Object[jsontext.Value]{{Name: "value", Value: text(value)}}}
	resp, err, ok := w.settle(ctx, func(ctx context.Context, m *client.Master, idem client.CallOption) (*api.WriteResponse, error) {
		return m.Update(ctx, req, idem)
	})
	if !ok {
		return
	}
	if err != nil || resp.RowsAffected != several {
		w.t.Errorf("writer %d: update of rows %v: %+v, %v", w.name, ids, resp, err)
	}
	for _, id := range ids {
		w.ledger.set(id, entry{present, value})
	}
}

func (w *writer) remove(ctx context.Context) {
	i, id, ok := w.pick()
	if !ok {
		return
	}
	resp, err, ok := w.settle(ctx, func(ctx context.Context, m *client.Master, idem client.CallOption) (*api.WriteResponse, error) {
		return m.Delete(ctx, &api.DeleteRequest{DB: db, Table: ledgerTable, Condition: "id = " + key(id)}, idem)
	})
	if !ok {
		return
	}
	// A delete applied twice would find nothing the second time.
	if err != nil || resp.RowsAffected != 1 {
		w.t.Errorf("writer %d: delete of row %d: %+v, %v", w.name, id, resp, err)
	}
	w.mine[i] = w.mine[len(w.mine)-1]
	w.mine = w.mine[:len(w.mine)-1]
	w.ledger.set(id, entry{fate: absent})
}
