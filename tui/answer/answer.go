// Package answer turns the masters' answers into text: values, the route and why, a plan
// line by line, the position of an error in a statement, the outcome of a security check.
// The commands and the console's screens share it, so they agree.
//
// It is pure: it knows neither terminals nor colours. What it returns may contain values
// from a database, which the caller must sanitize before it displays them.
package answer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/jsonrow"
	"shardeck/shared/sharding"
)

// Cell is a value as display text.
type Cell struct {
	Text string
	Null bool // if so, Text is NULL
}

// Cells returns the values of a row, a JSON array, as text; strings lose their quotes.
// A value longer than limit bytes is cut to whole characters and ends in "…"; a
// limit of 0 cuts nothing. Anything but an array becomes one cell.
func Cells(row jsontext.Value, limit int) []Cell {
	cells := []Cell{}
	for v, ok := range jsonrow.Elements(row) {
		if !ok {
			return []Cell{{Text: clip(string(row), limit)}}
		}
		cells = append(cells, CellOf(v, limit))
	}
	return cells
}

// CellOf returns one value of a row, as [Cells] does.
func CellOf(v jsontext.Value, limit int) Cell {
	switch v.Kind() {
	case 'n':
		return Cell{Text: "NULL", Null: true}
	case '"':
		if s, err := jsontext.AppendUnquote(nil, v); err == nil {
			return Cell{Text: clip(string(s), limit)}
		}
	}
	return Cell{Text: clip(string(v), limit)}
}

func clip(s string, limit int) string {
	if limit <= 0 || len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// Name is a column's display name; an expression without an alias has no name.
func Name(c api.Column) string {
	if c.Name == "" {
		return "(no name)"
	}
	return c.Name
}

// Numeric reports whether a column's values are numbers, which are right-aligned.
func Numeric(c api.Column) bool {
	name, _, _ := strings.Cut(c.Type, "(")
	switch name {
	case "TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL", "REAL", "FLOAT":
		return true
	}
	return false
}

// Rows formats a number of rows: "1 row", "3 rows".
func Rows(n int64) string { return Counted(n, "row") }

// Counted formats a number of things: "1 shard", "3 shards".
func Counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + noun + "s"
}

// Shards names the shards of a route: "no shard", "shard 2", "shards 0, 1, 2",
// or only their number if there are many.
func Shards(shards []int) string {
	const most = 8
	if len(shards) > most {
		return fmt.Sprintf("%d shards", len(shards))
	}
	return sharding.Names(shards)
}

// Applied lists what was written by the shards that succeeded when others failed: "shard 0 (worker-0): 3 rows, shard 2 (worker-2): 1 row".
func Applied(parts []api.ShardResult) string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = fmt.Sprintf("shard %d (%s): %s", p.Shard, p.Worker, Rows(p.Rows))
	}
	return strings.Join(texts, ", ")
}

// Route says where a statement went and why: "shard 1: order_id = 1 is in slot 3964 ...".
func Route(r *api.Route) string { return Answered(r, nil) }

// Answered says which shards of a route answered, which did not, and why it went there:
// "shards 0, 2, without shard 1: no condition fixes id".
func Answered(r *api.Route, omitted []api.Problem) string {
	text := AnsweredShards(r, omitted)
	if r.Why != "" {
		text += ": " + r.Why
	}
	return text
}

// AnsweredShards names the shards of a route that answered, and those that were omitted.
func AnsweredShards(r *api.Route, omitted []api.Problem) string {
	var missing []int
	for i := range omitted {
		if s := omitted[i].Shard; s != nil && !slices.Contains(missing, *s) {
			missing = append(missing, *s)
		}
	}
	if len(missing) == 0 {
		return Shards(r.Shards)
	}
	slices.Sort(missing)
	answered := slices.DeleteFunc(slices.Clone(r.Shards), func(s int) bool { return slices.Contains(missing, s) })
	return Shards(answered) + ", without " + Shards(missing)
}

// Causes returns the causes of a problem, without those that repeat the problem itself.
func Causes(p *api.Problem) []api.Problem {
	return slices.DeleteFunc(slices.Clone(p.Causes), func(c api.Problem) bool {
		sameShard := p.Shard == nil && c.Shard == nil || p.Shard != nil && c.Shard != nil && *p.Shard == *c.Shard
		return sameShard && c.Code == p.Code && c.Detail == p.Detail
	})
}

// NoMaster reports whether a call failed because no master answered it. The code then speaks
// of a shard, which would mislead: it is what a worker's client would say. All of a
// master's own problems carry a request ID.
func NoMaster(p *api.Problem) bool {
	switch p.Code {
	case api.CodeShardUnavailable, api.CodeShardTimeout, api.CodeShardBadAnswer:
		return p.RequestID == "" && p.Shard == nil
	}
	return false
}

// Key shows how a shard key maps to its shard.
func Key(k *api.RouteKey) string {
	return fmt.Sprintf("%s → FNV-1a %d → slot %d → shard %d", k.Key, k.Hash, k.Slot, k.Shard)
}

// MoreKeys says how many more keys a route has than it lists; "" if it lists them all.
func MoreKeys(r *api.Route) string {
	if more := r.KeysTotal - len(r.Keys); more > 0 {
		return fmt.Sprintf("… and %d more keys", more)
	}
	return ""
}

// Fault is the position of an error in a statement's text.
type Fault struct {
	Line   int    // from 1
	Before string // that line up to the error
	After  string // and from there on
}

// FaultAt returns an offset in a statement that can be shown: one outside it is clamped to
// the nearest end, and one behind the last text, where a part is missing, is moved back to it.
func FaultAt(sql string, offset int) int {
	return min(max(offset, 0), len(strings.TrimRight(sql, " \t\r\n")))
}

// Locate finds the byte at offset in a statement, as [FaultAt] returns it.
func Locate(sql string, offset int) Fault {
	offset = FaultAt(sql, offset)
	from := strings.LastIndexByte(sql[:offset], '\n') + 1
	after, _, _ := strings.Cut(sql[offset:], "\n")
	return Fault{
		Line:   1 + strings.Count(sql[:from], "\n"),
		Before: sql[from:offset],
		After:  strings.TrimSuffix(after, "\r"),
	}
}
