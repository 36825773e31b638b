package answer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
)

// Kind is the kind of a line of a plan.
type Kind uint8

// The kinds of line.
const (
	Text   Kind = iota // plain words
	Head               // title of a section
	SQL                // text that is sent to a shard
	Value              // a parameter
	Blank              // between two sections
	Remark             // detail that can be skipped
)

// Line is a line of a plan. Depth is its level of indentation.
type Line struct {
	Kind  Kind
	Depth int
	Text  string
}

// shownParams bounds the rows of parameters that are shown for one statement.
const shownParams = 3

// Plan describes a plan: the route and why, what is sent to each shard, what the master
// does with the answers. Shards that are sent the same are grouped. What is run first comes first.
func Plan(e *api.Explain) []Line {
	var p plan
	for i := range e.Before {
		p.section("Step %d, run first", i+1)
		for _, l := range Plan(&e.Before[i]) {
			l.Depth++
			p.lines = append(p.lines, l)
		}
	}
	p.route(e)
	for rest := e.Fragments; len(rest) > 0; {
		n := 1
		for n < len(rest) && sameWork(&rest[0], &rest[n]) {
			n++
		}
		p.shards(rest[:n])
		rest = rest[n:]
	}
	p.steps(e.Steps)
	return p.lines
}

type plan struct{ lines []Line }

func (p *plan) add(kind Kind, depth int, format string, args ...any) {
	p.lines = append(p.lines, Line{kind, depth, fmt.Sprintf(format, args...)})
}

// section begins a section with its title.
func (p *plan) section(format string, args ...any) {
	if len(p.lines) > 0 {
		p.add(Blank, 0, "")
	}
	p.add(Head, 0, format, args...)
}

// PlanRoute returns the route of a plan, or nil if it has none. The rest of the
// planner's document is ignored.
func PlanRoute(e *api.Explain) *api.Route {
	var doc struct {
		Route *api.Route `json:"route"`
	}
	if err := json.Unmarshal(e.Plan, &doc); err != nil {
		return nil
	}
	return doc.Route
}

func (p *plan) route(e *api.Explain) {
	r := PlanRoute(e)
	if r == nil {
		return
	}
	p.section("Route: %s", r.Kind)
	p.add(Text, 1, "%s", Route(r))
	for i := range r.Keys {
		p.add(Value, 1, "%s", Key(&r.Keys[i]))
	}
	if more := MoreKeys(r); more != "" {
		p.add(Remark, 1, "%s", more)
	}
}

func sameWork(a, b *api.ExplainFragment) bool {
	return a.Engine == b.Engine && slices.EqualFunc(a.Statements, b.Statements, func(x, y api.ExplainStatement) bool {
		return x.SQL == y.SQL && x.ParamsRows == y.ParamsRows && slices.Equal(x.Types, y.Types) &&
			slices.EqualFunc(x.Params, y.Params, func(v, w jsontext.Value) bool { return string(v) == string(w) })
	})
}

// shards describes fragments that differ only in the shard.
func (p *plan) shards(same []api.ExplainFragment) {
	f := &same[0]
	if len(same) == 1 {
		p.section("Shard %d: %s, %s", f.Shard, f.Worker, f.Engine)
	} else {
		numbers := make([]int, len(same))
		for i := range same {
			numbers[i] = same[i].Shard
		}
		title := Shards(numbers)
		p.section("%s: each is sent the same, %s", strings.ToUpper(title[:1])+title[1:], f.Engine)
	}
	for i := range f.Statements {
		p.statement(&f.Statements[i])
	}
	if len(f.EngineComputes) > 0 {
		p.add(Remark, 1, "computed by the server itself: %s", strings.Join(f.EngineComputes, "; "))
	}
	for i := range same {
		if text := measured(same[i].Rows, same[i].MS); text != "" {
			p.add(Text, 1, "shard %d, %s: %s", same[i].Shard, same[i].Worker, text)
		}
	}
}

func (p *plan) statement(s *api.ExplainStatement) {
	for line := range strings.SplitSeq(s.SQL, "\n") {
		p.add(SQL, 1, "%s", line)
	}
	total := max(s.ParamsRows, len(s.Params))
	for i, row := range s.Params {
		if i == shownParams {
			break
		}
		cells := Cells(row, 200)
		if total > 1 {
			texts := make([]string, len(cells))
			for k, c := range cells {
				texts[k] = c.Text
			}
			p.add(Value, 2, "row %d: %s", i+1, strings.Join(texts, ", "))
			continue
		}
		for k, c := range cells {
			kind := ""
			if k < len(s.Types) {
				kind = "  " + s.Types[k]
			}
			p.add(Value, 2, "@p%d = %s%s", k+1, c.Text, kind)
		}
	}
	if more := total - min(len(s.Params), shownParams); more > 0 && len(s.Params) > 0 {
		p.add(Remark, 2, "… and %s more", Counted(int64(more), "row"))
	}
}

func (p *plan) steps(steps []api.ExplainStep) {
	if len(steps) == 0 {
		return
	}
	p.section("Master")
	width := 0
	for i := range steps {
		width = max(width, len(steps[i].Name))
	}
	for i := range steps {
		s := &steps[i]
		text := fmt.Sprintf("%d %-*s  %s", i+1, width, s.Name, s.Detail)
		if m := measured(s.Rows, s.MS); m != "" {
			text += "  (" + m + ")"
		}
		p.add(Text, 1, "%s", text)
	}
}

// measured formats what analyze measured; "" if nothing was.
func measured(rows *int64, ms *float64) string {
	var parts []string
	if rows != nil {
		parts = append(parts, Rows(*rows))
	}
	if ms != nil {
		parts = append(parts, strconv.FormatFloat(*ms, 'f', 2, 64)+" ms")
	}
	return strings.Join(parts, " in ")
}
