package service

import (
	"testing"

	"shardeck/master/scatter"
	"shardeck/shared/api"
)

func TestPartialAnswerRequiresOneCompleteShard(t *testing.T) {
	late := api.NewProblem(api.CodeShardTimeout, "late")
	q := &query{
		allowPartial: true,
		partial:      []api.Problem{*late}, // a shard that was lost from the start
		streams:      []*scatter.Stream{{Shard: 1}, {Shard: 2}},
	}
	g := q.gathering()
	if err := g.Failed(0, late); err != nil {
		t.Errorf("one of two that answered: %v", err)
	}
	if err := g.Failed(1, late); api.CodeOf(err) != api.CodeShardTimeout {
		t.Errorf("the last of them: %v", err)
	}
	if len(q.partial) != 2 || *q.partial[1].Shard != 1 {
		t.Errorf("partial: %+v", q.partial)
	}
	whole := &query{streams: []*scatter.Stream{{Shard: 0}, {Shard: 1}}}
	if err := whole.gathering().Failed(0, late); err == nil {
		t.Error("an answer that must be complete continued without a shard")
	}
}
