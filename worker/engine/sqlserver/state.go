package sqlserver

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlserver/batch"
)

func scanState(ctx context.Context, q querier, read *batch.Call) (api.WorkerState, error) {
	var st api.WorkerState
	var term, version int64
	if err := queryRow(ctx, q, read).Scan(&term, &version, &st.Leader, &st.Shard); err != nil {
		return st, fmt.Errorf("read the worker's state: %w", err)
	}
	st.Term, st.MapVersion = uint64(term), uint64(version)
	return st, nil
}

// State implements engine.Engine.
func (e *Engine) State(ctx context.Context) (api.WorkerState, error) {
	if err := e.admit(ctx); err != nil {
		return api.WorkerState{}, err
	}
	st, err := scanState(ctx, e.state, batch.State())
	return st, problemOrNil(err)
}

// SetState implements engine.Engine. It waits for the writes that have begun: in this process
// through the gate, in others through their lock on the state.
func (e *Engine) SetState(ctx context.Context, up api.StateUpdate) (api.WorkerState, error) {
	return e.changeState(ctx, func(cur api.WorkerState) (api.WorkerState, *api.Problem) {
		return contract.UpdateState(cur, up)
	})
}

// raise stores a request's fence if it is newer than the state.
func (e *Engine) raise(ctx context.Context, f api.Fence) error {
	_, err := e.changeState(ctx, func(cur api.WorkerState) (api.WorkerState, *api.Problem) {
		next, _ := contract.RaiseFence(cur, f)
		return next, nil
	})
	return err
}

// changeState replaces the state by the result of next, retrying if another process changed it
// meanwhile.
func (e *Engine) changeState(ctx context.Context, next func(api.WorkerState) (api.WorkerState, *api.Problem)) (api.WorkerState, error) {
	e.gate.Lock()
	defer e.gate.Unlock()
	if e.closed {
		return api.WorkerState{}, contract.Closed()
	}
	if err := ctx.Err(); err != nil {
		return api.WorkerState{}, contract.ContextProblem(err)
	}
	for {
		cur, err := scanState(ctx, e.state, batch.State())
		if err != nil {
			return cur, problem(err, batch.PhaseIdle)
		}
		want, p := next(cur)
		if p != nil {
			return cur, p
		}
		if want == cur {
			return cur, nil
		}
		stored, err := e.storeState(ctx, cur, want)
		if err != nil {
			return cur, problem(err, batch.PhaseWrite)
		}
		if stored {
			return want, nil
		}
	}
}

// storeState replaces cur by next; it returns false if the state is no longer cur.
func (e *Engine) storeState(ctx context.Context, cur, next api.WorkerState) (bool, error) {
	res, err := execCall(ctx, e.state, batch.StoreState(cur, next))
	if err != nil {
		return false, fmt.Errorf("store the worker's state: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// underFence runs work that cannot be part of a transaction while the fence it was requested
// under cannot change.
func (e *Engine) underFence(ctx context.Context, f api.Fence, work func(context.Context) error) error {
	if p := contract.CheckTerm("fence.term", f.Term); p != nil {
		return p
	}
	if err := e.raise(ctx, f); err != nil {
		return err
	}
	e.gate.RLock()
	defer e.gate.RUnlock()
	tx, err := e.state.BeginTx(ctx, nil)
	if err != nil {
		return problem(err, batch.PhaseIdle)
	}
	defer tx.Rollback()
	st, err := scanState(ctx, tx, batch.HeldState())
	if err != nil {
		return problem(err, batch.PhaseIdle)
	}
	if p := contract.CheckFence(&st, f); p != nil {
		return p
	}
	return work(ctx)
}

// lockWait bounds the wait for another process to release the records.
const lockWait = 30 * time.Second

// lockRecords keeps other processes from creating, dropping and recovering databases until unlock
// is called. It is a session lock: it is released if this process dies.
func (e *Engine) lockRecords(ctx context.Context) (unlock func(), _ error) {
	conn, err := e.state.Conn(ctx)
	if err != nil {
		return nil, problem(err, batch.PhaseIdle)
	}
	// In any case, a connection that may hold the lock is never reused.
	discard := func() {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = conn.Close()
	}
	var got int
	if err := queryRow(ctx, conn, batch.LockRecords(lockWait)).Scan(&got); err != nil {
		discard()
		return nil, problem(err, batch.PhaseIdle)
	}
	if got < 0 {
		discard()
		return nil, api.NewProblem(api.CodeOverloaded, "another worker is creating or dropping a database").Hinted("send the request again")
	}
	return discard, nil
}
