// Package answer puts what POST /query answers into words and cells: values, the
// route and why, a plan line by line, the place of a fault in a statement. The
// query command and the console's Query screen say the same, because both ask here.
//
// It is pure: it knows neither terminals nor colours. What it returns may hold what
// a database holds; who shows it makes it safe first.
package answer

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/jsonrow"
	"shardeck/shared/sharding"
)

// Cell is a value as text for people.
type Cell struct {
	Text string
	Null bool // then Text is NULL
}

// Cells returns the values of a row, a JSON array: strings without their quotes.
// A value longer than limit bytes is cut to whole characters and ends in "…"; a
// limit of 0 cuts nothing. What is no array is one cell.
func Cells(row jsontext.Value, limit int) []Cell {
	cells := []Cell{}
	for v, ok := range jsonrow.Elements(row) {
		if !ok {
			return []Cell{{Text: clip(string(row), limit)}}
		}
		cells = append(cells, cell(v, limit))
	}
	return cells
}

func cell(v jsontext.Value, limit int) Cell {
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

// Name is a column's name for people; an expression without an alias has none.
func Name(c api.Column) string {
	if c.Name == "" {
		return "(no name)"
	}
	return c.Name
}

// Numeric says whether a column's values are numbers, which are shown at the right.
func Numeric(c api.Column) bool {
	name, _, _ := strings.Cut(c.Type, "(")
	switch name {
	case "TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL", "REAL", "FLOAT":
		return true
	}
	return false
}

// Rows words a number of rows: "1 row", "3 rows".
func Rows(n int64) string { return counted(n, "row") }

func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + noun + "s"
}

// Shards names the shards of a route: "no shard", "shard 2", "shards 0, 1, 2",
// and for many only how many there are.
func Shards(shards []int) string {
	const most = 8
	if len(shards) > most {
		return fmt.Sprintf("%d shards", len(shards))
	}
	return sharding.Names(shards)
}

// Applied says what shards did of a write that failed elsewhere: "shard 0 (worker-0): 3 rows, shard 2 (worker-2): 1 row".
func Applied(parts []api.ShardResult) string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = fmt.Sprintf("shard %d (%s): %s", p.Shard, p.Worker, Rows(p.Rows))
	}
	return strings.Join(texts, ", ")
}

// Route says where a statement went and why: "shard 1: order_id = 1 is in slot 3964 ...".
func Route(r *api.Route) string {
	text := Shards(r.Shards)
	if r.Why != "" {
		text += ": " + r.Why
	}
	return text
}

// Key says how a shard key leads to its shard.
func Key(k *api.RouteKey) string {
	return fmt.Sprintf("%s → FNV-1a %d → slot %d → shard %d", k.Key, k.Hash, k.Slot, k.Shard)
}

// MoreKeys says how many keys a route has that it does not list, "" for none.
func MoreKeys(r *api.Route) string {
	if more := r.KeysTotal - len(r.Keys); more > 0 {
		return fmt.Sprintf("… and %d more keys", more)
	}
	return ""
}

// Fault is the place of a fault in a statement's text.
type Fault struct {
	Line   int    // from 1
	Before string // that line up to the fault
	After  string // and from it on
}

// Locate finds the byte at offset in a statement. An offset outside of it is taken
// for the nearest end.
func Locate(sql string, offset int) Fault {
	offset = min(max(offset, 0), len(sql))
	from := strings.LastIndexByte(sql[:offset], '\n') + 1
	after, _, _ := strings.Cut(sql[offset:], "\n")
	return Fault{
		Line:   1 + strings.Count(sql[:from], "\n"),
		Before: sql[from:offset],
		After:  strings.TrimSuffix(after, "\r"),
	}
}
