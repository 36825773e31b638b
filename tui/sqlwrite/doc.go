// Package sqlwrite writes T-SQL: names and literals that read back as what they were, rows as
// INSERT statements, and the UPDATE of one edited value.
//
// Values are display text, as package answer has it, and the type of a column says how they are
// written: the text '5' of a string is N'5', that of an INT is 5. Text that is no value of
// its type is never written as if it were one. The package is pure.
package sqlwrite
