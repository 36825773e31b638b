package sqltypes

// Form is the representation of a Value.
type Form uint8

// The forms.
const (
	FormNull  Form = iota
	FormInt        // BIT and the integer types, in Int
	FormFloat      // REAL and FLOAT, in Float
	FormText       // strings, and the canonical text of DECIMAL, dates, times and GUIDs, in Str
	FormBytes      // BINARY and VARBINARY: the raw bytes, in Str
)

// Value is a SQL value without its type. The zero Value is NULL. Two values converted to the same
// type are identical exactly when == holds; the database may consider other strings equal too
// (see [Compare]).
type Value struct {
	Form  Form
	Int   int64
	Float float64
	Str   string
}

// Null returns NULL.
func Null() Value { return Value{} }

// Int64 returns a value of an integer type or of BIT.
func Int64(i int64) Value { return Value{Form: FormInt, Int: i} }

// Float64 returns a REAL or a FLOAT.
func Float64(f float64) Value { return Value{Form: FormFloat, Float: f} }

// Text returns a string, or the canonical text of a DECIMAL, a date, a time or a GUID.
func Text(s string) Value { return Value{Form: FormText, Str: s} }

// Bytes returns a binary value; it copies b.
func Bytes(b []byte) Value { return Value{Form: FormBytes, Str: string(b)} }

// IsNull reports whether v is NULL.
func (v Value) IsNull() bool { return v.Form == FormNull }
