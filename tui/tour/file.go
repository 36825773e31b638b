package tour

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"shardeck/shared/api"
)

// The bounds of a file.
const (
	MaxFile    = 256 << 10 // bytes
	maxSteps   = 200
	maxCaption = 300 // characters: a projector shows them at once
	maxNotes   = 4000
	maxItems   = 50 // of do and of expect
	maxSeconds = 3600
)

// Tour is a tour as its file describes it.
type Tour struct {
	Title string
	Steps []Step
}

// Step is one step: what is said, what is done and what should follow.
type Step struct {
	Caption string
	Notes   string // for the speaker
	Place   string // the numbered screen to show; "" stays where the tour is
	Do      []Action
	Expect  []Check
	After   time.Duration // when to go on without being asked; 0 for never
	Line    int           // of the file
}

// Parse reads a tour. places are the names of the screens that a step can show. Errors name the file
// and the line.
func Parse(name string, text []byte, places []string) (*Tour, error) {
	if len(text) > MaxFile {
		return nil, fmt.Errorf("%s is larger than %d KiB", name, MaxFile>>10)
	}
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		if d, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, column := d.Position()
			return nil, fmt.Errorf("%s, line %d, column %d: %w", name, row, column, err)
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := reader{name: name, places: places, lines: linesOf(text)}
	return r.tour(tree)
}

// reader checks what a file says.
type reader struct {
	name   string
	places []string
	lines  lines
}

// lines are the lines of the keys of a file: those at the top, and those of each step.
type lines struct {
	top   map[string]int
	steps []map[string]int // with the line of the heading as ""
}

// linesOf returns the lines of the keys of a text that is valid.
func linesOf(text []byte) lines {
	all := lines{top: map[string]int{}}
	table := all.top
	var p unstable.Parser
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		key, line := "", 0
		for it := e.Key(); it.Next() && key == ""; {
			key, line = string(it.Node().Data), p.Shape(it.Node().Raw).Start.Line
		}
		switch {
		case e.Kind == unstable.ArrayTable && key == "step":
			table = map[string]int{"": line}
			all.steps = append(all.steps, table)
		case e.Kind == unstable.Table, e.Kind == unstable.ArrayTable:
			all.top[key] = line
			table = map[string]int{}
		case table[key] == 0:
			table[key] = line
		}
	}
	return all
}

func (r *reader) fault(line int, format string, args ...any) error {
	return fmt.Errorf("%s, line %d: "+format, append([]any{r.name, max(line, 1)}, args...)...)
}

func (r *reader) tour(tree map[string]any) (*Tour, error) {
	t := new(Tour)
	var steps []any
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		ok := false
		switch key {
		case "title":
			t.Title, ok = tree[key].(string)
			ok = ok && t.Title != "" && utf8.RuneCountInString(t.Title) <= maxCaption
			if !ok {
				return nil, r.fault(r.lines.top[key], "title must be a text of 1 to %d characters", maxCaption)
			}
		case "step":
			if steps, ok = tree[key].([]any); !ok || len(steps) != len(r.lines.steps) {
				return nil, r.fault(r.lines.top[key], "each step begins with [[step]]")
			}
		default:
			return nil, r.fault(r.lines.top[key], "there is no setting %q%s", key, nearest(key, []string{"title", "step"}))
		}
	}
	switch {
	case t.Title == "":
		return nil, r.fault(1, `the tour has no title; begin with title = "..."`)
	case len(steps) == 0:
		return nil, r.fault(1, "the tour has no steps; each begins with [[step]]")
	case len(steps) > maxSteps:
		return nil, r.fault(r.lines.steps[maxSteps][""], "the tour has %d steps; at most %d are possible", len(steps), maxSteps)
	}
	had := map[string]bool{} // the actions so far
	for i, s := range steps {
		table, ok := s.(map[string]any)
		if !ok {
			return nil, r.fault(r.lines.steps[i][""], "each step begins with [[step]]")
		}
		step, err := r.step(table, r.lines.steps[i], had)
		if err != nil {
			return nil, err
		}
		t.Steps = append(t.Steps, *step)
	}
	return t, nil
}

// stepKeys are the settings of a step.
var stepKeys = []string{"caption", "notes", "place", "do", "expect", "seconds"}

func (r *reader) step(table map[string]any, at map[string]int, had map[string]bool) (*Step, error) {
	s := &Step{Line: at[""]}
	for _, key := range stepKeys {
		value, ok := table[key]
		if !ok {
			continue
		}
		if err := r.setting(s, key, value, had); err != nil {
			return nil, r.fault(at[key], "%w", err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(stepKeys, key) {
			return nil, r.fault(at[key], "a step has no setting %q%s", key, nearest(key, stepKeys))
		}
	}
	if s.Caption == "" {
		return nil, r.fault(s.Line, "the step has no caption")
	}
	return s, nil
}

// setting reads one setting of a step.
func (r *reader) setting(s *Step, key string, value any, had map[string]bool) (err error) {
	switch key {
	case "caption":
		s.Caption, err = textOf(value, maxCaption)
	case "notes":
		s.Notes, err = textOf(value, maxNotes)
	case "place":
		if s.Place, err = textOf(value, maxCaption); err == nil && !slices.Contains(r.places, s.Place) {
			err = fmt.Errorf("there is no screen %q; there are %s", s.Place, strings.Join(r.places, ", "))
		}
	case "seconds":
		n, ok := number(value)
		if !ok || n <= 0 || n > maxSeconds {
			err = fmt.Errorf("must be a number of seconds from 1 to %d", maxSeconds)
		}
		s.After = time.Duration(n * float64(time.Second))
	case "do":
		err = items(value, func(item any) error {
			a, err := actionOf(item)
			s.Do = append(s.Do, a)
			had[a.Verb] = true
			return err
		})
	case "expect":
		err = items(value, func(item any) error {
			c, err := checkOf(item)
			if err == nil {
				err = c.possible(had)
			}
			s.Expect = append(s.Expect, c)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// items reads the items of a list.
func items(value any, read func(any) error) error {
	list, ok := value.([]any)
	if !ok {
		return errors.New("must be a list in brackets")
	}
	if len(list) > maxItems {
		return fmt.Errorf("has %d items; at most %d are possible", len(list), maxItems)
	}
	for i, item := range list {
		if err := read(item); err != nil {
			return fmt.Errorf("item %d: %w", i+1, err)
		}
	}
	return nil
}

func textOf(value any, most int) (string, error) {
	s, ok := value.(string)
	if s = strings.TrimSpace(s); !ok || s == "" {
		return "", errors.New("must be a text in quotes")
	}
	if n := utf8.RuneCountInString(s); n > most {
		return "", fmt.Errorf("has %d characters; at most %d are possible", n, most)
	}
	return s, nil
}

func number(value any) (float64, bool) {
	switch n := value.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// smallNumber reads the number of a shard or a master, from min on.
func smallNumber(value any, from int64) (int, error) {
	n, ok := value.(int64)
	if !ok || n < from || n > 1000 {
		return 0, fmt.Errorf("must be a number from %d on", from)
	}
	return int(n), nil
}

// nearest suggests the known name that is most like one that is not known.
func nearest(name string, known []string) string {
	if near := api.Nearest(name, known); len(near) > 0 {
		return fmt.Sprintf("; did you mean %s?", near[0])
	}
	return "; there are " + strings.Join(known, ", ")
}

// entry splits an item of a list into its name, its value and its other members: "count", or
// { run = "SELECT 1" }. names are those that an item can have; exactly one of them must be there.
func entry(item any, names []string) (name string, value any, rest map[string]any, err error) {
	if s, ok := item.(string); ok {
		if !slices.Contains(names, s) {
			return "", nil, nil, fmt.Errorf("there is no %q%s", s, nearest(s, names))
		}
		return s, nil, nil, nil
	}
	table, ok := item.(map[string]any)
	if !ok {
		return "", nil, nil, errors.New(`must be a name in quotes, or a table such as { run = "SELECT 1" }`)
	}
	rest = map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		switch {
		case !slices.Contains(names, key):
			rest[key] = table[key]
		case name != "":
			return "", nil, nil, fmt.Errorf("%s and %s are two items; write each in braces of its own", name, key)
		default:
			name, value = key, table[key]
		}
	}
	if name == "" {
		for _, key := range slices.Sorted(maps.Keys(rest)) {
			return "", nil, nil, fmt.Errorf("there is no %q%s", key, nearest(key, names))
		}
		return "", nil, nil, errors.New("the table is empty")
	}
	return name, value, rest, nil
}

// onlyKeys refuses members other than those.
func onlyKeys(name string, rest map[string]any, known ...string) error {
	for _, key := range slices.Sorted(maps.Keys(rest)) {
		if !slices.Contains(known, key) {
			return fmt.Errorf("%s has no %q", name, key)
		}
	}
	return nil
}
