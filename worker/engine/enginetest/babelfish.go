package enginetest

import "strings"

// onBabelfish says whether the engine works on Babelfish, which is not SQL Server,
// but speaks its protocol. The suite follows SQL Server; what Babelfish does
// otherwise is left out there, case by case:
//
//   - 515 does not name the column in SQL Server's words
//   - values that sqlservertest.BeyondBabelfish tells of
func (r *rig) onBabelfish() bool { return strings.Contains(r.e.Version(), "Babelfish") }
