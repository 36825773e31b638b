package sqlserver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
)

// readState selects the worker's state. With the hint the row stays locked against changes, but
// not reads, until the transaction ends.
func readState(table, hint string) string {
	return "SELECT term, map_version, leader, shard FROM " + table + hint + " WHERE id = 1"
}

// holdRow locks a row that was read against changes until the transaction ends. Babelfish ignores
// it: between processes, a fence is only checked there, not held.
const holdRow = " WITH (REPEATABLEREAD)"

const stateTable = "dbo._sd_state"

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func scanState(ctx context.Context, q querier, text string) (api.WorkerState, error) {
	var st api.WorkerState
	var term, version int64
	if err := q.QueryRowContext(ctx, text).Scan(&term, &version, &st.Leader, &st.Shard); err != nil {
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
	st, err := scanState(ctx, e.state, readState(stateTable, ""))
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
		cur, err := scanState(ctx, e.state, readState(stateTable, ""))
		if err != nil {
			return cur, problem(err, phaseIdle)
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
			return cur, problem(err, phaseWrite)
		}
		if stored {
			return want, nil
		}
	}
}

// storeState replaces cur by next; it returns false if the state is no longer cur. Terms and
// versions only grow, and a leader is only ever added to a term: if all three are equal the state
// is the same except for the shard, which is set once.
func (e *Engine) storeState(ctx context.Context, cur, next api.WorkerState) (bool, error) {
	res, err := e.state.ExecContext(ctx, `UPDATE `+stateTable+` SET term = @term, map_version = @map, leader = @leader, shard = @shard
		WHERE id = 1 AND term = @was_term AND map_version = @was_map AND leader = @was_leader AND shard = @was_shard`,
		sql.Named("term", int64(next.Term)), sql.Named("map", int64(next.MapVersion)),
		sql.Named("leader", next.Leader), sql.Named("shard", next.Shard),
		sql.Named("was_term", int64(cur.Term)), sql.Named("was_map", int64(cur.MapVersion)),
		sql.Named("was_leader", cur.Leader), sql.Named("was_shard", cur.Shard))
	if err != nil {
		return false, fmt.Errorf("store the worker's state: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// underFence runs work that cannot be part of a transaction while the fence it was requested
// under cannot change.
func (e *Engine) underFence(ctx context.Context, f api.Fence, work func(context.Context) error) error {
	if err := e.raise(ctx, f); err != nil {
		return err
	}
	e.gate.RLock()
	defer e.gate.RUnlock()
	tx, err := e.state.BeginTx(ctx, nil)
	if err != nil {
		return problem(err, phaseIdle)
	}
	defer tx.Rollback()
	st, err := scanState(ctx, tx, readState(stateTable, holdRow))
	if err != nil {
		return problem(err, phaseIdle)
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
		return nil, problem(err, phaseIdle)
	}
	// In any case, a connection that may hold the lock is never reused.
	discard := func() {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = conn.Close()
	}
	var got int
	err = conn.QueryRowContext(ctx, `DECLARE @got INT;
		EXEC @got = sp_getapplock @Resource = N'_sd_databases', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = @wait;
		SELECT @got`, sql.Named("wait", lockWait.Milliseconds())).Scan(&got)
	if err != nil {
		discard()
		return nil, problem(err, phaseIdle)
	}
	if got < 0 {
		discard()
		return nil, api.NewProblem(api.CodeOverloaded, "another worker is creating or dropping a database").Hinted("send the request again")
	}
	return discard, nil
}
