package enginetest

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"shardeck/shared/sqltypes"
)

// onBabelfish says whether the engine works on Babelfish, which is not SQL Server,
// but speaks its protocol. The suite follows SQL Server; what Babelfish does
// otherwise is left out there, case by case:
//
//   - 515 does not name the column in SQL Server's words
//   - values that beyondBabelfish tells of
func (r *rig) onBabelfish() bool { return strings.Contains(r.e.Version(), "Babelfish") }

// beyondBabelfish says whether Babelfish cannot hold the sample as SQL Server
// does: it has no U+0000; a VARCHAR or CHAR of its own is in a code page, so that
// other characters than ASCII have other lengths; NCHAR takes no characters beyond
// the BMP; and a second has six digits of fraction.
func (s *valueSample) beyondBabelfish(t *testing.T) bool {
	t.Helper()
	typ := mustParse(s.Type)
	var text string
	if s.Wire == nil || json.Unmarshal(s.Wire, &text) != nil {
		return false
	}
	beyond := func(limit rune) bool {
		return strings.ContainsFunc(text, func(r rune) bool { return r > limit })
	}
	switch {
	case typ.Kind.IsString() && strings.ContainsRune(text, 0):
		return true
	case typ.Kind == sqltypes.VarChar || typ.Kind == sqltypes.Char:
		return beyond(0x7F)
	case typ.Kind == sqltypes.NChar:
		return beyond(0xFFFF)
	case typ.Kind == sqltypes.Time || typ.Kind == sqltypes.DateTime2:
		_, fraction, _ := strings.Cut(text, ".")
		return len(fraction) > 6
	}
	return false
}
