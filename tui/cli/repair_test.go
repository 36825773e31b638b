package cli

import (
	"bytes"
	"testing"

	"shardeck/shared/api"
)

func TestPrintRepair(t *testing.T) {
	from := 2
	resp := &api.RepairTableResponse{DB: "S", Table: "T\x1b[2J", FromShard: &from, Shards: []api.CopyResult{
		{Shard: 0, Worker: "worker-0", Rows: 9, Missing: 1, Extra: 2, Different: 3},
		{Shard: 2, Worker: "worker-2", Rows: 8, Problem: api.NewProblem(api.CodeShardUnavailable, "gone")},
	}}
	for name, tt := range map[string]struct {
		repaired bool
		change   func()
		last     string
	}{
		"compared":  {false, func() {}, `the copies of S.T\x1b[2J differ, here compared with shard 2's; --yes makes them equal to it`},
		"repaired":  {true, func() {}, `the copies of S.T\x1b[2J still differ`},
		"undecided": {false, func() { resp.FromShard = nil }, `the copies of S.T\x1b[2J differ, and none is that of the majority: --from-shard N --yes makes them equal to shard N's`},
		"all equal": {true, func() { resp.Equal = true }, `the copies of S.T\x1b[2J are equal`},
	} {
		t.Run(name, func(t *testing.T) {
			before := *resp
			tt.change()
			var b bytes.Buffer
			printRepair(&b, resp, tt.repaired)
			*resp = before
			want := "SHARD  WORKER    ROWS  MISSING  EXTRA  DIFFERENT  DELETED  INSERTED\n" +
				"    0  worker-0     9        1      2          3        0         0\n" +
				"    2  worker-2     8        0      0          0        0         0\n" +
				"! shard 2 (worker-2): gone\n" + tt.last + "\n"
			if b.String() != want {
				t.Errorf("got:\n%s", &b)
			}
		})
	}
}
