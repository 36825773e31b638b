package statement

import "sort"

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
	var x Index
	return x.Statements(text)
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
