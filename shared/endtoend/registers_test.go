package endtoend_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

const (
	registerTable = "Registers"
	// registers is the number of keys in use at a time. They are replaced by new ones, since the
	// check of a key's history takes exponentially longer the more outcomes in it are unknown.
	registers       = 4
	registerClients = 10
	// opsPerEpoch and unknownPerEpoch are the numbers of operations, and of unknown outcomes,
	// after which new keys are used.
	opsPerEpoch     = 200
	unknownPerEpoch = 4
	// checkTimeout bounds the check of all histories.
	checkTimeout = 3 * time.Minute
)

// An access is an operation on a register: a read, a write, or a write on the condition that
// the register has the old value. All values written are different.
type access struct {
	kind     string // "read", "write", "cas"
	key      int
	old, new int
}

// A result is what the client was told.
type result struct {
	value   int  // that was read
	done    bool // the condition held
	unknown bool // it may have happened, at any time since it was sent, or not at all
}

// registerModel is a register for each key, with the value 0 at first.
var registerModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[int][]porcupine.Operation{}
		for _, op := range history {
			k := op.Input.(access).key
			byKey[k] = append(byKey[k], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range byKey {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		value, in, out := state.(int), input.(access), output.(result)
		switch {
		case in.kind == "read":
			return out.value == value, value
		case in.kind == "write":
			return true, in.new
		case in.old == value:
			return out.done || out.unknown, in.new
		default:
			return !out.done, value
		}
	},
	Equal: func(a, b any) bool { return a == b },
	DescribeOperation: func(input, output any) string {
		in, out := input.(access), output.(result)
		outcome := fmt.Sprint(out.done)
		if out.unknown {
			outcome = "unknown"
		}
		switch in.kind {
		case "read":
			return fmt.Sprintf("read %d: %d", in.key, out.value)
		case "write":
			return fmt.Sprintf("write %d = %d: %s", in.key, in.new, outcome)
		}
		return fmt.Sprintf("write %d = %d if %d: %s", in.key, in.new, in.old, outcome)
	},
}

// TestTheModelOfARegister: the check finds what it is meant to find.
func TestTheModelOfARegister(t *testing.T) {
	const never = math.MaxInt64
	op := func(call, done int64, in access, out result) porcupine.Operation {
		return porcupine.Operation{Input: in, Call: call, Output: out, Return: done}
	}
	write := access{kind: "write", new: 7}
	for name, tt := range map[string]struct {
		history []porcupine.Operation
		want    bool
	}{
		"a write is read": {[]porcupine.Operation{op(1, 2, write, result{done: true}), op(3, 4, access{kind: "read"}, result{value: 7})}, true},
		"a stale read":    {[]porcupine.Operation{op(1, 2, write, result{done: true}), op(3, 4, access{kind: "read"}, result{value: 0})}, false},
		"an unknown write may be applied late": {[]porcupine.Operation{op(1, never, write, result{unknown: true}),
			op(3, 4, access{kind: "read"}, result{value: 0}), op(5, 6, access{kind: "read"}, result{value: 7})}, true},
		"but not undone": {[]porcupine.Operation{op(1, never, write, result{unknown: true}),
			op(3, 4, access{kind: "read"}, result{value: 7}), op(5, 6, access{kind: "read"}, result{value: 0})}, false},
		"a condition that cannot have held": {[]porcupine.Operation{op(1, 2, write, result{done: true}),
			op(3, 4, access{kind: "cas", old: 0, new: 8}, result{done: true})}, false},
		"a condition that must have held": {[]porcupine.Operation{op(1, 2, write, result{done: true}),
			op(3, 4, access{kind: "cas", old: 7, new: 8}, result{})}, false},
		"two that both won": {[]porcupine.Operation{op(1, 5, access{kind: "cas", old: 0, new: 8}, result{done: true}),
			op(1, 5, access{kind: "cas", old: 0, new: 9}, result{done: true})}, false},
	} {
		if got := porcupine.CheckOperations(registerModel, tt.history); got != tt.want {
			t.Errorf("%s: linearizable: %v", name, got)
		}
	}
}

// TestRegistersAreLinearizable: whichever master a client asks, each row behaves as if all
// operations on it had happened one after another, each at some moment between its request and its
// response, while processes are killed and paused, masters take over, and answers are lost.
func TestRegistersAreLinearizable(t *testing.T) {
	t.Parallel()
	seed := seeded(t)
	s := newStorm(t, seed, 2)
	s.table(registerTable, api.Object[string]{{Name: "id", Value: "INT PRIMARY KEY"}, {Name: "v", Value: "INT NOT NULL"}}, "id")
	g := &registerLog{start: time.Now(), ledger: newLedger()}
	first := &registerClient{storm: s, log: g, rng: rand.New(rand.NewPCG(seed, 0))}
	if !first.create(t.Context(), 0) {
		t.FailNow()
	}
	s.run(g.ledger, registerClients, scale(2, 3, 80), func(ctx context.Context, i int, stop <-chan struct{}) {
		c := &registerClient{storm: s, log: g, name: i, rng: rand.New(rand.NewPCG(seed, uint64(i)+1)), known: map[int]int{}}
		c.run(ctx, stop)
	})
	g.verify(t)
	s.watch.verify()
}

// registerLog is the history. It is safe for concurrent use.
type registerLog struct {
	start  time.Time
	ledger *ledger

	mu      sync.Mutex
	epoch   int
	ops     int // in this epoch
	unknown int // the outcomes that are unknown in this epoch
	history []porcupine.Operation

	creating bool // a client creates the registers of the next epoch
}

func (g *registerLog) now() int64 { return int64(time.Since(g.start)) }

// keys returns the first key in use, and whether the caller is to create the next registers.
// readOnly is set if it must not write these any more, and others do not exist yet.
func (g *registerLog) keys() (first int, create, readOnly bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	full := g.unknown >= unknownPerEpoch
	create = (full || g.ops >= opsPerEpoch) && !g.creating
	g.creating = g.creating || create
	return g.epoch * registers, create, full && !create
}

// next has clients use the next registers, which exist now.
func (g *registerLog) next() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.epoch++
	g.ops, g.unknown, g.creating = 0, 0, false
}

func (g *registerLog) add(op porcupine.Operation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.history = append(g.history, op)
	g.ops++
	if op.Output.(result).unknown {
		g.unknown++
	}
}

// verify checks the history. An operation whose outcome is unknown never ends.
func (g *registerLog) verify(t *testing.T) {
	t.Helper()
	unknown := 0
	for _, op := range g.history {
		if op.Output.(result).unknown {
			unknown++
		}
	}
	verdict, info := porcupine.CheckOperationsVerbose(registerModel, g.history, checkTimeout)
	t.Logf("%d operations on %d registers, %d of unknown outcome; responses %v; %s",
		len(g.history), (g.epoch+1)*registers, unknown, g.ledger.kinds, verdict)
	switch verdict {
	case porcupine.Ok:
		return
	case porcupine.Unknown:
		t.Errorf("the histories could not be checked within %s", checkTimeout)
		return
	}
	path := filepath.Join(t.ArtifactDir(), "history.html") // kept with go test -artifacts
	t.Errorf("the histories are not linearizable (%s); see %s, %v", verdict, path, porcupine.VisualizePath(registerModel, info, path))
	for _, part := range registerModel.Partition(g.history) {
		if !porcupine.CheckOperations(registerModel, part) {
			slices.SortFunc(part, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
			for _, op := range part {
				t.Logf("%12.6f to %12.6f  client %d  %s", time.Duration(op.Call).Seconds(), time.Duration(op.Return).Seconds(),
					op.ClientId, registerModel.DescribeOperation(op.Input, op.Output))
			}
			break
		}
	}
}

// registerClient does one operation after another.
type registerClient struct {
	*storm
	log    *registerLog
	name   int
	rng    *rand.Rand
	writes int
	known  map[int]int // the latest value it knows, by key
}

func (c *registerClient) run(ctx context.Context, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		default:
		}
		first, create, readOnly := c.log.keys()
		op := access{key: first + c.rng.IntN(registers)}
		switch {
		case readOnly:
			op.kind = "read"
		case create:
			if !c.create(ctx, first+registers) {
				return
			}
			c.log.next()
		}
		c.operate(ctx, op)
	}
}

// create makes the registers of an epoch. Its attempts count, as the others may wait for it.
func (c *registerClient) create(ctx context.Context, first int) bool {
	req := &api.InsertRequest{DB: db, Table: registerTable}
	for k := range registers {
		req.Rows = append(req.Rows, api.Object[jsontext.Value]{{Name: "id", Value: number(int64(first + k))}, {Name: "v", Value: number(0)}})
	}
	w := &writer{t: c.t, masters: c.masters, ledger: c.log.ledger, name: 1000 + first, rng: c.rng}
	_, err, ok := w.settle(ctx, func(ctx context.Context, m *client.Master, idem client.CallOption) (*api.WriteResponse, error) {
		return m.Insert(ctx, req, idem)
	})
	if ok && err != nil {
		c.t.Errorf("creating registers: %v", err)
	}
	return ok && err == nil
}

// operate does an operation on a key, and notes it unless it certainly had no effect.
func (c *registerClient) operate(ctx context.Context, op access) {
	if op.kind == "" {
		op.kind = pickOne(c.rng, []string{"read", "read", "write", "cas", "cas"})
	}
	if op.kind != "read" {
		c.writes++
		op.old, op.new = c.known[op.key], 1+c.name*1_000_000+c.writes
	}
	m := pickOne(c.rng, c.masters)
	call := c.log.now()
	out, err := c.send(ctx, m, op)
	done := c.log.now()
	c.log.ledger.try(&api.WriteResponse{}, err)
	switch code := api.CodeOf(err); {
	case err == nil:
		if op.kind == "write" && !out.done {
			c.t.Errorf("client %d: register %d has no row to write", c.name, op.key)
		}
	case op.kind == "read" || notDone(code):
		select {
		case <-time.After(pace):
		case <-ctx.Done():
		}
		return
	case retryable(err):
		out, done = result{unknown: true}, math.MaxInt64
	default:
		c.t.Errorf("client %d: %+v: %v", c.name, op, err)
		return
	}
	switch {
	case op.kind == "read":
		c.known[op.key] = out.value
	case out.done:
		c.known[op.key] = op.new
	}
	c.log.add(porcupine.Operation{ClientId: c.name, Input: op, Call: call, Output: out, Return: done})
}

func (c *registerClient) send(ctx context.Context, m *client.Master, op access) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if op.kind == "read" {
		resp, err := m.Select(ctx, &api.SelectRequest{DB: db, Table: registerTable, Columns: api.NameList{"v"}, ShardKey: number(int64(op.key))})
		if err != nil {
			return result{}, err
		}
		var v int
		if len(resp.Rows) != 1 {
			c.t.Errorf("register %d is read as %s", op.key, resp.Rows)
		} else if _, err := fmt.Sscanf(string(resp.Rows[0]), "[%d]", &v); err != nil {
			c.t.Errorf("register %d is read as %s: %v", op.key, resp.Rows, err)
		}
		return result{value: v}, nil
	}
	req := &api.UpdateRequest{DB: db, Table: registerTable, Set: api.Object[jsontext.Value]{{Name: "v", Value: number(int64(op.new))}},
		Condition: fmt.Sprintf("id = %d", op.key)}
	if op.kind == "cas" {
		req.Condition += fmt.Sprintf(" AND v = %d", op.old)
	}
	resp, err := m.Update(ctx, req)
	if err != nil {
		return result{}, err
	}
	return result{done: resp.RowsAffected == 1}, nil
}
