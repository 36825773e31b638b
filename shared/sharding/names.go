package sharding

import "strconv"

// Names formats a list of shards: "no shard", "shard 1", "shards 0, 1, 2".
func Names(shards []int) string {
	switch len(shards) {
	case 0:
		return "no shard"
	case 1:
		return "shard " + strconv.Itoa(shards[0])
	}
	b := append(make([]byte, 0, 7+4*len(shards)), "shards "...)
	for i, s := range shards {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(b, int64(s), 10)
	}
	return string(b)
}
