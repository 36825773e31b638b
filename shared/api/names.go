package api

import "strings"

// MaxIdentifier is the greatest length of a database, table or column name, in
// bytes. SQL Server allows 128 characters; the worker's suffix needs some.
const MaxIdentifier = 100

// ReservedPrefix begins the names of Shardeck's own columns and tables (such as
// the hidden _slot); no name of a user's may begin with it.
const ReservedPrefix = "_"

// CheckIdentifier returns nil when name may name a database, table or column:
// an ASCII letter and then ASCII letters, digits and underscores, at most
// [MaxIdentifier] bytes. Anything else (quotes, brackets, NUL, letters of
// other scripts that look alike) is refused with an invalid_identifier problem
// that names field.
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
			return NewProblem(CodeInvalidIdentifier, "%s has a character that is not allowed at byte %d", field, i).At(field).
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

// SameName says whether two identifiers name the same thing. As in SQL Server's
// default collation, case does not matter.
func SameName(a, b string) bool { return strings.EqualFold(a, b) }
