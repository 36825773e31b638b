package tsql

import "strings"

// keyword is a word that cannot be a bare name. Those the grammar knows have
// constants of their own; the others are kwReserved, and refused by name where
// they stand.
type keyword uint8

const (
	notKeyword keyword = iota
	kwAnd
	kwAsc
	kwBetween
	kwConstraint
	kwDefault
	kwDesc
	kwEscape
	kwIn
	kwIs
	kwLike
	kwNot
	kwNull
	kwOr
	kwPrimary
	kwUnique

	// kwReserved is a word that no grammar here knows, and what follows it are words
	// of statements: in a condition alone, all of them do not belong.
	kwReserved
	kwAll
	kwAs
	kwBy
	kwCase
	kwConvert
	kwCoalesce
	kwCreate
	kwDelete
	kwDistinct
	kwDrop
	kwElse
	kwEnd
	kwExists
	kwFetch
	kwFrom
	kwGroup
	kwHaving
	kwIf
	kwInner
	kwInsert
	kwInto
	kwJoin
	kwLeft
	kwNullIf
	kwOn
	kwOrder
	kwOuter
	kwRight
	kwSelect
	kwSet
	kwTable
	kwThen
	kwTop
	kwUpdate
	kwValues
	kwWhen
	kwWhere
	kwWith
)

// reserved says whether the word belongs to no condition.
func (kw keyword) reserved() bool { return kw >= kwReserved }

// maxKeyword is the length of the longest keyword.
const maxKeyword = len("CURRENT_TIMESTAMP")

// lookupKeyword returns the keyword that word spells in any case. It does not allocate.
func lookupKeyword(word string) keyword {
	if len(word) < 2 || len(word) > maxKeyword {
		return notKeyword
	}
	var buf [maxKeyword]byte
	for i := range len(word) {
		c := word[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		buf[i] = c
	}
	// A switch over string(bytes) compiles without an allocation.
	switch string(buf[:len(word)]) {
	case "ALL":
		return kwAll
	case "AND":
		return kwAnd
	case "AS":
		return kwAs
	case "ASC":
		return kwAsc
	case "BETWEEN":
		return kwBetween
	case "BY":
		return kwBy
	case "CASE":
		return kwCase
	case "COALESCE":
		return kwCoalesce
	case "CONSTRAINT":
		return kwConstraint
	case "CONVERT":
		return kwConvert
	case "CREATE":
		return kwCreate
	case "DEFAULT":
		return kwDefault
	case "DELETE":
		return kwDelete
	case "DESC":
		return kwDesc
	case "DISTINCT":
		return kwDistinct
	case "DROP":
		return kwDrop
	case "ELSE":
		return kwElse
	case "END":
		return kwEnd
	case "ESCAPE":
		return kwEscape
	case "EXISTS":
		return kwExists
	case "FETCH":
		return kwFetch
	case "FROM":
		return kwFrom
	case "GROUP":
		return kwGroup
	case "HAVING":
		return kwHaving
	case "IF":
		return kwIf
	case "IN":
		return kwIn
	case "INNER":
		return kwInner
	case "INSERT":
		return kwInsert
	case "INTO":
		return kwInto
	case "IS":
		return kwIs
	case "JOIN":
		return kwJoin
	case "LEFT":
		return kwLeft
	case "LIKE":
		return kwLike
	case "NOT":
		return kwNot
	case "NULL":
		return kwNull
	case "NULLIF":
		return kwNullIf
	case "ON":
		return kwOn
	case "OR":
		return kwOr
	case "ORDER":
		return kwOrder
	case "OUTER":
		return kwOuter
	case "PRIMARY":
		return kwPrimary
	case "RIGHT":
		return kwRight
	case "SELECT":
		return kwSelect
	case "SET":
		return kwSet
	case "TABLE":
		return kwTable
	case "THEN":
		return kwThen
	case "TOP":
		return kwTop
	case "UNIQUE":
		return kwUnique
	case "UPDATE":
		return kwUpdate
	case "VALUES":
		return kwValues
	case "WHEN":
		return kwWhen
	case "WHERE":
		return kwWhere
	case "WITH":
		return kwWith
	case "ALTER", "ANY", "BEGIN", "BULK", "CHECK", "COLLATE", "COMMIT", "CONTAINS", "CROSS", "CURRENT_TIMESTAMP",
		"CURRENT_USER", "CURSOR", "DECLARE", "EXCEPT", "EXEC", "EXECUTE", "FOREIGN", "FREETEXT", "FULL", "GRANT",
		"IDENTITY", "INTERSECT", "MERGE", "OPENROWSET", "OVER", "PIVOT", "REFERENCES", "REVOKE", "ROLLBACK",
		"SESSION_USER", "SHUTDOWN", "SOME", "SYSTEM_USER", "TRAN", "TRANSACTION", "TRUNCATE", "TRY_CONVERT", "UNION",
		"UNPIVOT", "USE", "WAITFOR", "WHILE":
		return kwReserved
	}
	return notKeyword
}

// isSpoken says whether T-SQL reserves a word that lookupKeyword takes for a name.
// As a name it is understood bare, where that can be meant, but it is printed in
// brackets and never taken for an alias without AS.
func isSpoken(word string) bool {
	if len(word) < 2 || len(word) > maxKeyword {
		return false
	}
	switch strings.ToUpper(word) {
	case "ADD", "AUTHORIZATION", "BACKUP", "BREAK", "BROWSE", "CASCADE", "CHECKPOINT", "CLOSE", "CLUSTERED", "COLUMN",
		"COMPUTE", "CONTAINSTABLE", "CONTINUE", "CURRENT", "CURRENT_DATE", "CURRENT_TIME", "DATABASE", "DBCC",
		"DEALLOCATE", "DENY", "DISK", "DISTRIBUTED", "DOUBLE", "DUMP", "ERRLVL", "EXIT", "EXTERNAL", "FILE",
		"FILLFACTOR", "FOR", "FREETEXTTABLE", "FUNCTION", "GOTO", "HOLDLOCK", "IDENTITYCOL", "IDENTITY_INSERT",
		"INDEX", "KEY", "KILL", "LINENO", "LOAD", "NATIONAL", "NOCHECK", "NONCLUSTERED", "OF", "OFF", "OFFSETS",
		"OPEN", "OPENDATASOURCE", "OPENQUERY", "OPENXML", "OPTION", "PERCENT", "PLAN", "PRECISION", "PRINT", "PROC",
		"PROCEDURE", "PUBLIC", "RAISERROR", "READ", "READTEXT", "RECONFIGURE", "REPLICATION", "RESTORE", "RESTRICT",
		"RETURN", "REVERT", "ROWCOUNT", "ROWGUIDCOL", "RULE", "SAVE", "SCHEMA", "SECURITYAUDIT", "SETUSER",
		"STATISTICS", "TABLESAMPLE", "TEXTSIZE", "TO", "TRIGGER", "TSEQUAL", "UPDATETEXT", "USER", "VARYING", "VIEW",
		"WITHIN", "WRITETEXT":
		return true
	}
	return false
}
