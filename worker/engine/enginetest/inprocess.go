package enginetest

import (
	"runtime"
	"testing"

	"shardeck/shared/api"
)

// testInProcess tests what cannot be seen, or cannot be caused, over HTTP.
func (s *suite) testInProcess(t *testing.T) {
	s.group(t, map[string]func(*rig){
		// It measures the engine's own process. Of a worker, the suite asks for the first rows of an
		// endless result, which one that collects rows never sends.
		"memory does not grow with the result": (*rig).testBoundedMemory,
		// A worker that has been stopped does not answer at all.
		"nothing works after close": (*rig).testClosed,
		// No client can put these into a request. Bodies that are not JSON are tested by
		// worker/conformance.
		"rows that are not JSON": (*rig).testNotJSON,
	})
}

// heldBytes is the Go memory in use. The database's own memory is not included, but anything the
// engine would collect of a result is.
func heldBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (r *rig) testBoundedMemory() {
	const total, slack = 400_000, 4 << 20
	rows := 0
	var start, most uint64
	err := r.e.Query(r.Context(), r.numbers(total), func([]byte) error {
		rows++
		switch {
		case rows == 1:
			start = heldBytes()
		case rows%100_000 == 0:
			most = max(most, heldBytes())
		}
		return nil
	})
	if err != nil || rows != total {
		r.Fatalf("%d rows, %v; want %d", rows, err, total)
	}
	if most > start+slack {
		r.Errorf("%d bytes are held after %d rows, %d at the first", most, total, start)
	}
}

func (r *rig) testClosed() {
	tb := students()
	r.mustCreate(tb)
	e := r.e
	r.close()
	if _, err := e.Exec(r.Context(), request(tb.insert(student(1)))); err == nil {
		r.Error("Exec after Close was not refused")
	}
	if err := e.Query(r.Context(), tb.selectAll(), ignoreRow); err == nil {
		r.Error("Query after Close was not refused")
	}
	if _, err := e.CreateDB(r.Context(), "Other", fence1); err == nil {
		r.Error("CreateDB after Close was not refused")
	}
	if _, err := e.SetState(r.Context(), api.StateUpdate{Fence: fence(9, 9), Leader: "http://x", Shard: "0/3"}); err == nil {
		r.Error("SetState after Close was not refused")
	}
	if err := e.Close(); err != nil {
		r.Errorf("Close again: %v", err)
	}
}

func (r *rig) testNotJSON() {
	tb := students()
	r.mustCreate(tb)
	for _, row := range []string{
		"", "[", `[2,"a",1,"1"] [3]`, `[2,"a",1,]`, `[2,"a",,"1"]`, "[2,\"\xff\",1,\"1\"]", `[2,"\ud800",1,"1"]`, `[2,"a",1,"1"`, `[2 "a",1,"1"]`,
		"[2,\"a\n\",1,\"1\"]",
	} {
		if _, err := r.e.Exec(r.Context(), request(tb.insert(row))); err == nil {
			r.Errorf("the row %q was not refused", row)
		}
	}
	query := tb.selectWhere(`"student_id" = @p1`, []string{"INT"}, `[1`)
	if err := r.e.Query(r.Context(), query, ignoreRow); err == nil || api.AsProblem(err).Status/100 != 4 {
		r.Errorf("parameters that are not JSON: %v, want a problem of the request", err)
	}
	r.wantCount(tb, 0)
}
