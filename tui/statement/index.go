package statement

import (
	"slices"

	"shardeck/shared/tsqltoken"
)

// Index is the statements and parameters of a text that is being edited. After a change only the
// part around it is read again. The zero value is that of an empty text. An Index must be used by
// one goroutine only.
type Index struct {
	text     string
	segments []segment
	params   []param
	marks    []mark
	rest     reading // behind the last segment
	all      []Statement
	folded   bool
}

// mark is the state in which the splitter read the token that begins at an offset.
type mark struct {
	at int
	reading
	segments, params int // how many there were
}

// markEvery is the distance of marks, in bytes, unless a token is longer.
const markEvery = 2 << 10

// Statements returns the statements of a text in order, as [Split] does. They remain valid and
// must not be modified.
func (x *Index) Statements(text string) []Statement {
	x.update(text)
	if !x.folded {
		f := folder{text: text, all: make([]Statement, 0, len(x.segments)+1)}
		for i := range x.segments {
			f.segment(&x.segments[i])
		}
		f.segment(&segment{reading: x.rest, end: x.rest.to})
		x.all, x.folded = f.all, true
	}
	return x.all
}

// Params returns the names of the parameters in a text without their @, each once.
func (x *Index) Params(text string) []string {
	x.update(text)
	var names []string
	known := map[string]bool{}
	for _, p := range x.params {
		if !known[p.name] {
			known[p.name] = true
			names = append(names, p.name)
		}
	}
	return names
}

// update follows the text.
func (x *Index) update(text string) {
	from, to, by := changed(x.text, text)
	if len(x.marks) > 0 && from == to && by == 0 {
		return
	}
	if len(x.marks) == 0 {
		x.marks = []mark{{reading: begin(0)}}
	}
	// What was read before the change holds, unless it was looked at beyond that.
	keep := len(x.marks)
	for keep > 1 && max(x.marks[keep-1].at, x.marks[keep-1].seen-1, x.marks[keep-1].skip-1) >= from {
		keep--
	}
	start := x.marks[keep-1]
	older := x.marks[keep:]
	s := splitter{text: text, reading: start.reading}
	scan := tsqltoken.NewScanner(text[start.at:])
	var fresh []mark
	last := start.at
	var t tsqltoken.Token
	for scan.Next(&t) {
		t.Start, t.End = t.Start+start.at, t.End+start.at
		s.forget(t.Start)
		for len(older) > 0 && (older[0].at <= to || older[0].last <= to || older[0].at+by < t.Start) {
			older = older[1:]
		}
		if len(older) > 0 && older[0].at+by == t.Start {
			if r := older[0].reading; r.moved(from, by) == s.reading {
				x.join(&s, keep, fresh, older, from, by)
				x.text, x.folded = text, false
				return
			}
			older = older[1:]
		}
		if t.Start >= last+markEvery {
			last = t.Start
			fresh = append(fresh, mark{at: last, reading: s.reading, segments: start.segments + len(s.segments), params: start.params + len(s.params)})
		}
		s.token(&t)
	}
	x.segments = append(x.segments[:start.segments], s.segments...)
	x.params = append(x.params[:start.params], s.params...)
	x.marks = append(x.marks[:keep], fresh...)
	x.rest = s.reading
	x.text, x.folded = text, false
}

// join puts what was read anew between what was before it and what follows the first of the
// older marks, at which both agree.
func (x *Index) join(s *splitter, keep int, fresh, older []mark, from, by int) {
	first, agreed := x.marks[keep-1], older[0]
	x.segments = slices.Replace(x.segments, first.segments, agreed.segments, s.segments...)
	for i := first.segments + len(s.segments); i < len(x.segments); i++ {
		x.segments[i].reading = x.segments[i].moved(from, by)
		x.segments[i].end += by
	}
	x.params = slices.Replace(x.params, first.params, agreed.params, s.params...)
	for i := first.params + len(s.params); i < len(x.params); i++ {
		x.params[i].at += by
	}
	segments := first.segments + len(s.segments) - agreed.segments
	params := first.params + len(s.params) - agreed.params
	x.marks = slices.Replace(x.marks, keep, len(x.marks)-len(older), fresh...)
	for i := keep + len(fresh); i < len(x.marks); i++ {
		m := &x.marks[i]
		m.at, m.reading = m.at+by, m.moved(from, by)
		m.segments, m.params = m.segments+segments, m.params+params
	}
	x.rest = x.rest.moved(from, by)
}

// changed returns the part [from, to) of a text that another text replaces by one that is longer
// by so many bytes.
func changed(old, text string) (from, to, by int) {
	const block = 4 << 10
	n := min(len(old), len(text))
	for from+block <= n && old[from:from+block] == text[from:from+block] {
		from += block
	}
	for from < n && old[from] == text[from] {
		from++
	}
	tail := 0
	for tail+block <= n-from && old[len(old)-tail-block:len(old)-tail] == text[len(text)-tail-block:len(text)-tail] {
		tail += block
	}
	for tail < n-from && old[len(old)-1-tail] == text[len(text)-1-tail] {
		tail++
	}
	return from, len(old) - tail, len(text) - len(old)
}
