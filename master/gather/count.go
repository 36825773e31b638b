package gather

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// MaxGroups limits the groups of one count, all of which are held in memory.
const MaxGroups = 100_000

// Counts are the combined counts of the sources.
type Counts struct {
	Total    int64
	PerShard []int64          // by source
	Groups   []api.CountGroup // ordered by the keys; nil without group columns
}

// Count adds up counts. Each row consists of a group's columns followed by its count, and
// rows are ordered by keys, one for each group column; without group columns each source
// has one row. Groups that are equal in the keys' collation are combined, and spelled as
// in the first source. A group's Shards are indexed by shardOf(source) and have length
// shards.
func (g *Gathering) Count(keys []plan.MergeKey, shards int, shardOf func(source int) int) (*Counts, error) {
	m := newMerger(g, keys)
	width := len(keys)
	m.need = width + 1
	out := &Counts{PerShard: make([]int64, len(g.Sources))}
	var group *api.CountGroup
	groupValues := make([]sqltypes.Value, width)
	bigint := sqltypes.BigIntType
	for {
		c, err := m.next()
		if err != nil {
			return nil, g.finish(err)
		}
		if c == nil {
			return out, nil
		}
		v, err := sqltypes.DecodeWire(bigint, c.split.Element(c.row, width))
		if err == nil {
			err = checkCount(out.Total, v)
		}
		if err != nil {
			if err := m.drop(c, errGarbage()); err != nil {
				return nil, g.finish(err)
			}
			continue
		}
		out.Total += v.Int
		out.PerShard[c.source] += v.Int
		if width == 0 {
			continue
		}
		if group == nil || compareKeys(keys, groupValues, c.values) != 0 {
			if len(out.Groups) == MaxGroups {
				return nil, g.finish(api.NewProblem(api.CodeTooComplex, "the count has more than %d groups", MaxGroups).
					At("group_by").Hinted("group by fewer columns, or narrow the condition"))
			}
			copy(groupValues, c.values)
			key := bytes.Clone(c.row[:c.split.End(width-1)+1])
			key[len(key)-1] = ']'
			out.Groups = append(out.Groups, api.CountGroup{Key: jsontext.Value(key), Shards: make([]int64, shards)})
			group = &out.Groups[len(out.Groups)-1]
		}
		group.Count += v.Int
		group.Shards[shardOf(c.source)] += v.Int
	}
}
