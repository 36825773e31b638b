package statement

import (
	"slices"
	"sort"
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
	// Declares means that it declares variables, which the rest of its batch may use.
	Declares bool
	// Ends means that a GO follows, which ends the batch.
	Ends bool
}

// Text returns the statement's part of the text that it was split from.
func (s Statement) Text(text string) string { return text[s.From:s.To] }

// MaxRepeat bounds the count of GO.
const MaxRepeat = 1_000_000

// Split returns the statements of a text in order. Parts without a statement, such as
// comments at the end, are in none.
func Split(text string) []Statement {
	var x Index
	return x.Statements(text)
}

// Together makes one statement of those of each batch that declares variables, as they have to be sent
// together.
func Together(statements []Statement) []Statement {
	var all []Statement
	for from := 0; from < len(statements); {
		to, declares := from, false
		for ; to < len(statements); to++ {
			declares = declares || statements[to].Declares
			if statements[to].Ends {
				to++
				break
			}
		}
		batch := statements[from:to]
		from = to
		if !declares {
			all = append(all, batch...)
			continue
		}
		s := batch[0]
		for _, next := range batch[1:] {
			s.To, s.End, s.Repeat, s.Ends = next.To, next.End, next.Repeat, next.Ends
			if s.Kind == Read || next.Kind != Read {
				s.Kind = next.Kind
			}
		}
		all = append(all, s)
	}
	return all
}

// Alone reports whether statement i can be sent by itself: no variable is declared in its batch.
func Alone(statements []Statement, i int) bool {
	from, to := i, i
	for from > 0 && !statements[from-1].Ends {
		from--
	}
	for to < len(statements)-1 && !statements[to].Ends {
		to++
	}
	return !slices.ContainsFunc(statements[from:to+1], func(s Statement) bool { return s.Declares })
}

// At returns the index of the statement at an offset of the text, -1 if there is none: the
// one that it is in, or else the one before it; the first one if it is before all.
func At(statements []Statement, offset int) int {
	after := sort.Search(len(statements), func(i int) bool { return statements[i].From > offset })
	if after == 0 && len(statements) > 0 {
		return 0
	}
	return after - 1
}
