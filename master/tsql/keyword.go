package tsql

// keyword is a word that cannot be a bare name. Those the grammar knows have
// constants of their own; the others are reserved, and refused by name where they
// stand.
type keyword uint8

const (
	notKeyword keyword = iota
	kwReserved
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
)

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
	case "AND":
		return kwAnd
	case "ASC":
		return kwAsc
	case "BETWEEN":
		return kwBetween
	case "CONSTRAINT":
		return kwConstraint
	case "DEFAULT":
		return kwDefault
	case "DESC":
		return kwDesc
	case "ESCAPE":
		return kwEscape
	case "IN":
		return kwIn
	case "IS":
		return kwIs
	case "LIKE":
		return kwLike
	case "NOT":
		return kwNot
	case "NULL":
		return kwNull
	case "OR":
		return kwOr
	case "PRIMARY":
		return kwPrimary
	case "UNIQUE":
		return kwUnique
	case "ALL", "ALTER", "ANY", "AS", "BEGIN", "BULK", "BY", "CASE", "CHECK", "COALESCE", "COLLATE", "COMMIT",
		"CONTAINS", "CONVERT", "CREATE", "CROSS", "CURRENT_TIMESTAMP", "CURRENT_USER", "CURSOR", "DECLARE", "DELETE",
		"DISTINCT", "DROP", "ELSE", "END", "EXCEPT", "EXEC", "EXECUTE", "EXISTS", "FETCH", "FOREIGN", "FREETEXT", "FROM",
		"FULL", "GRANT", "GROUP", "HAVING", "IDENTITY", "IF", "INNER", "INSERT", "INTERSECT", "INTO", "JOIN", "LEFT",
		"MERGE", "NULLIF", "ON", "OPENROWSET", "ORDER", "OUTER", "OVER", "PIVOT", "REFERENCES", "REVOKE", "RIGHT",
		"ROLLBACK", "SELECT", "SESSION_USER", "SET", "SHUTDOWN", "SOME", "SYSTEM_USER", "TABLE", "THEN", "TOP", "TRAN",
		"TRANSACTION", "TRUNCATE", "TRY_CONVERT", "UNION", "UNPIVOT", "UPDATE", "USE", "VALUES", "WAITFOR", "WHEN",
		"WHERE", "WHILE", "WITH":
		return kwReserved
	}
	return notKeyword
}
