package api

import "strings"

// MaxIdentifier is the maximum length of a database, table or column name, in bytes. SQL Server
// allows 128 characters; the worker's suffix needs some of them.
const MaxIdentifier = 100

// ReservedPrefix begins the names of Shardeck's own columns and tables (such as the hidden
// _slot); users' names must not begin with it.
const ReservedPrefix = "_"

// CheckIdentifier returns nil if name is a valid database, table or column name: an ASCII letter
// followed by ASCII letters, digits and underscores, at most [MaxIdentifier] bytes. Anything else
// (quotes, brackets, NUL, look-alike letters of other scripts) is an invalid_identifier problem
// with field as its field.
func CheckIdentifier(field, name string) *Problem {
	if name == "" {
		return NewProblem(CodeMissingField, "%s is missing or empty", field).At(field).
			Hinted("send %s as a non-empty string", field)
	}
	if len(name) > MaxIdentifier {
		return NewProblem(CodeInvalidIdentifier, "%s is %d bytes long; at most %d are allowed", field, len(name), MaxIdentifier).At(field).
			Hinted("choose a shorter name")
	}
	for i := range len(name) {
		if !identByte(name[i], i == 0) {
			return NewProblem(CodeInvalidIdentifier, "%s has an invalid character at byte %d", field, i).At(field).
				Hinted("use an ASCII letter, then ASCII letters, digits and underscores")
		}
	}
	return nil
}

func identByte(c byte, first bool) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return true
	case '0' <= c && c <= '9', c == '_':
		return !first
	}
	return false
}

// SameName reports whether two identifiers are equal, ignoring case as SQL Server's default
// collation does.
func SameName(a, b string) bool { return strings.EqualFold(a, b) }
