package statement

import (
	"strconv"
	"strings"

	"shardeck/shared/tsqltoken"
)

// segment is a part of a text from behind one separator up to the end of the next. It holds
// no part of the text itself, which would keep every version of it in memory.
type segment struct {
	reading
	end    int  // of the separator
	isGo   bool // it is not a semicolon
	repeat int  // the count of GO
}

// reading is the state of a splitter between two tokens. All of it concerns the text since the
// last separator, so that two splitters in the same state go on alike. Offsets are -1 for none.
type reading struct {
	start int  // where the last separator ends
	stray bool // that is a semicolon behind another, or behind GO
	// The first comment before the statement, and the first that does not begin in the line in
	// which start is.
	comment, ownLine int
	looked           int // up to there no line break was found since start
	from, to         int // the tokens that are no comments
	kind             classifier
	last             int // the end of the last token that is no comment
	skip             int // what begins before this offset is a part of a line that was GO
	seen             int // the text has been looked at up to here, to tell whether a word is GO
}

func begin(at int) reading {
	return reading{start: at, comment: -1, ownLine: -1, looked: at, from: -1, to: -1, last: at, skip: at}
}

// forget drops what does not matter for tokens from an offset on.
func (r *reading) forget(at int) {
	if r.skip <= at {
		r.skip = 0
	}
	if r.seen <= at {
		r.seen = 0
	}
}

// moved is the state with the offsets behind the start of a replaced part of the text moved.
func (r reading) moved(behind, by int) reading {
	for _, p := range [...]*int{&r.start, &r.comment, &r.ownLine, &r.looked, &r.from, &r.to, &r.last, &r.skip, &r.seen} {
		if *p > behind {
			*p += by
		}
	}
	return r
}

// splitter divides a text while it is read.
type splitter struct {
	text string
	reading
	segments []segment
	params   []param
}

// param is a parameter in a text.
type param struct {
	at   int
	name string // without the @
}

func (s *splitter) token(t *tsqltoken.Token) {
	switch {
	case t.Start < s.skip:
		return
	case t.Kind == tsqltoken.KindComment:
		// A comment behind the statement is in it only if more of the statement follows.
		if s.from < 0 {
			s.leading(t.Start)
		}
		return
	case t.Kind == tsqltoken.KindOp && t.Op == ';':
		s.separate(t.End, false, 1)
		return
	case s.goLine(t):
		return
	}
	if s.from < 0 {
		s.from = t.Start
	}
	s.to, s.last = t.End, t.End
	s.kind.token(t)
	if name := strings.TrimPrefix(t.Text, "@"); t.Kind == tsqltoken.KindParam && name != "" {
		// A part of the text would keep all of it in memory.
		s.params = append(s.params, param{at: t.Start, name: strings.Clone(name)})
	}
}

// leading records a comment before the statement.
func (s *splitter) leading(at int) {
	if s.comment < 0 {
		s.comment = at
	}
	if s.ownLine >= 0 {
		return
	}
	if strings.IndexByte(s.text[s.looked:at], '\n') >= 0 {
		s.ownLine = at
	}
	s.looked = at
}

// separate ends the segment with a separator up to an offset.
func (s *splitter) separate(end int, isGo bool, repeat int) {
	stray := !isGo && s.from < 0 && s.comment < 0
	if !stray {
		s.segments = append(s.segments, segment{reading: s.reading, end: end, isGo: isGo, repeat: repeat})
	}
	seen := s.seen
	s.reading = begin(end)
	s.stray, s.seen = stray, seen
}

// goLine ends the batch if a token is GO in a line of its own, and reports whether it is.
func (s *splitter) goLine(t *tsqltoken.Token) bool {
	if t.Kind != tsqltoken.KindWord || !strings.EqualFold(t.Text, "GO") {
		return false
	}
	if s.last > 0 && !strings.Contains(s.text[s.last-1:t.Start], "\n") {
		return false
	}
	repeat, end, ok := s.goTail(t)
	s.seen = max(s.seen, end)
	if ok {
		s.separate(end, true, repeat)
	}
	return ok
}

// goTail reads what follows GO in its line: nothing, a count, or comments. It returns the end
// of the line with its line break.
func (s *splitter) goTail(word *tsqltoken.Token) (repeat, end int, ok bool) {
	line, end := s.text[word.End:], len(s.text)
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line, end = line[:i], word.End+i+1
	}
	repeat = 1
	scan := tsqltoken.NewScanner(line)
	var t tsqltoken.Token
	for n := 0; scan.Next(&t); n++ {
		switch {
		case t.Kind == tsqltoken.KindComment && t.Fault == tsqltoken.NoFault:
		case t.Kind == tsqltoken.KindInt && n == 0:
			count, err := strconv.Atoi(t.Text)
			if err != nil || count > MaxRepeat {
				return 0, end, false
			}
			repeat = count
		default:
			return 0, end, false
		}
	}
	return repeat, end, true
}

// folder makes statements of segments.
type folder struct {
	text  string
	all   []Statement
	fresh int // the statements of the batch begin here in all
}

// segment adds a segment. Of the last one, which has no separator, end is where its tokens end.
func (f *folder) segment(s *segment) {
	end := s.end
	if n := len(f.all); s.stray && n > 0 && strings.Trim(f.text[f.all[n-1].End:s.start], " \t\r\n;") == "" {
		f.all[n-1].End = s.start
	}
	if s.from >= 0 {
		f.all = append(f.all, Statement{From: f.begins(&s.reading), To: s.to, End: end, Repeat: 1, Kind: s.kind.kind(), Declares: s.kind.first == declareWord})
	}
	if !s.isGo {
		return
	}
	for i := f.fresh; i < len(f.all); i++ {
		f.all[i].Repeat = s.repeat
		if i+1 == len(f.all) {
			f.all[i].End = end // also if a semicolon and comments are between
			f.all[i].Ends = true
		}
	}
	f.fresh = len(f.all)
}

// begins returns where the statement of a segment begins: with the first comment that is not in
// the line in which the statement before ends.
func (f *folder) begins(s *reading) int {
	at := s.comment
	if n := len(f.all); n > 0 && at >= 0 && strings.IndexByte(f.text[f.all[n-1].End-1:s.start], '\n') < 0 {
		at = s.ownLine
	}
	if at < 0 {
		return s.from
	}
	return at
}
