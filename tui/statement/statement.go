package statement

import (
	"strconv"
	"strings"

	"shardeck/shared/tsqltoken"
)

// Statement is a statement in a text: the bytes from From up to To, without blanks around
// and without the separator, which follows from To up to End.
//
// The comments before a statement belong to it, but for those in the line in which the
// statement before it ends.
type Statement struct {
	From, To int
	// End is the end of the separators that follow, such as "; " or "\nGO\n"; blanks between
	// are included, those after it are not.
	End int
	// Repeat is how often the batch that the statement ends is to run: the count of GO, 1
	// without one.
	Repeat int
	Kind   Kind
}

// Text returns the statement's part of the text that it was split from.
func (s Statement) Text(text string) string { return text[s.From:s.To] }

// MaxRepeat bounds the count of GO.
const MaxRepeat = 1_000_000

// Split returns the statements of a text in order. Parts without a statement, such as
// comments at the end, are in none.
func Split(text string) []Statement {
	s := splitter{text: text, from: -1}
	scan := tsqltoken.NewScanner(text)
	var t tsqltoken.Token
	for scan.Next(&t) {
		s.token(&t)
	}
	s.end()
	return s.all
}

// splitter divides a text while it is read.
type splitter struct {
	text string
	all  []Statement

	from, to int // of the statement that is being read; from is -1 if there is none
	hasText  bool
	kind     classifier
	last     int // the end of the last token that is no comment
	skip     int // what begins before this offset is a part of a line that was GO
	fresh    int // the statements of the batch that is being read begin here in all
}

func (s *splitter) token(t *tsqltoken.Token) {
	switch {
	case t.Start < s.skip:
		return
	case t.Kind == tsqltoken.KindComment:
		// A comment behind the statement is in it only if more of the statement follows.
		if s.from < 0 && !s.trails(t.Start) {
			s.from = t.Start
		}
		return
	case t.Kind == tsqltoken.KindOp && t.Op == ';':
		s.separate(t.End)
	case s.isGo(t):
		s.goLine(t)
	default:
		if s.from < 0 {
			s.from = t.Start
		}
		s.to, s.hasText = t.End, true
		s.kind.token(t)
	}
	s.last = t.End
}

// trails reports whether what begins at an offset is in the line in which the statement
// before ends.
func (s *splitter) trails(at int) bool {
	if len(s.all) == 0 {
		return false
	}
	end := s.all[len(s.all)-1].End
	return !strings.Contains(s.text[end-1:at], "\n")
}

// separate ends the statement, if there is one, with a separator up to an offset.
func (s *splitter) separate(end int) {
	if s.hasText {
		s.all = append(s.all, Statement{From: s.from, To: s.to, End: end, Repeat: 1, Kind: s.kind.kind()})
	} else if n := len(s.all); n > 0 && s.from < 0 && strings.Trim(s.text[s.all[n-1].End:end], " \t\r\n;") == "" {
		s.all[n-1].End = end
	}
	s.from, s.hasText, s.kind = -1, false, classifier{}
}

func (s *splitter) end() {
	if s.hasText {
		s.separate(s.to)
	}
}

// isGo reports whether a token is GO in a line of its own.
func (s *splitter) isGo(t *tsqltoken.Token) bool {
	if t.Kind != tsqltoken.KindWord || !strings.EqualFold(t.Text, "GO") {
		return false
	}
	if s.last > 0 && !strings.Contains(s.text[s.last-1:t.Start], "\n") {
		return false
	}
	_, _, ok := s.goTail(t)
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
				return 0, 0, false
			}
			repeat = count
		default:
			return 0, 0, false
		}
	}
	return repeat, end, true
}

// goLine ends the batch.
func (s *splitter) goLine(t *tsqltoken.Token) {
	repeat, end, _ := s.goTail(t)
	s.separate(end)
	for i := s.fresh; i < len(s.all); i++ {
		s.all[i].Repeat = repeat
		if i+1 == len(s.all) {
			s.all[i].End = end // also if a semicolon and comments are between
		}
	}
	s.fresh, s.skip = len(s.all), end
	t.End = end
}

// At returns the index of the statement at an offset of the text, -1 if there is none: the
// one that it is in, or else the one before it; the first one if it is before all.
func At(statements []Statement, offset int) int {
	at := -1
	for i, s := range statements {
		if s.From > offset {
			break
		}
		at = i
	}
	if at < 0 && len(statements) > 0 {
		return 0
	}
	return at
}
