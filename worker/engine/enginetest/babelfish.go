package enginetest

import "strings"

// onBabelfish reports whether the engine runs on Babelfish, which speaks SQL Server's protocol
// but behaves differently in places. The suite follows SQL Server; differences are skipped case
// by case:
//
//   - 515 does not name the column in SQL Server's words
//   - the values listed by sqlservertest.BeyondBabelfish
func (r *rig) onBabelfish() bool { return strings.Contains(r.e.Version(), "Babelfish") }
