package tsqltoken

import (
	"slices"
	"strings"
)

// Keyword is a word of the grammar, which cannot be a bare name. The order of the constants has
// no meaning.
type Keyword uint8

// The keywords. Reserved is any reserved word that no grammar here uses.
const (
	NoKeyword Keyword = iota
	Reserved
	All
	And
	Any
	As
	Asc
	Between
	By
	Case
	Coalesce
	Collate
	Constraint
	Convert
	Create
	Cross
	CurrentTimestamp
	Default
	Delete
	Desc
	Distinct
	Drop
	Else
	End
	Escape
	Except
	Exists
	Fetch
	From
	Full
	Group
	Having
	If
	In
	Inner
	Insert
	Intersect
	Into
	Is
	Join
	Left
	Like
	Not
	Null
	NullIf
	On
	Or
	Order
	Outer
	Over
	Primary
	Right
	Select
	Set
	Some
	Table
	Then
	Top
	TryConvert
	Union
	Unique
	Update
	Values
	When
	Where
	With
	keywords // the number of keywords
)

// use says how a word is used.
type use uint8

const (
	// condition is a keyword that can appear in a standalone condition or in a column definition.
	condition use = 1 << iota
	// statement is a keyword of statements.
	statement
	// refused is a reserved word that no grammar here uses.
	refused
	// tolerated is a reserved word that is accepted as a bare name where that is unambiguous.
	tolerated
	// contextual is a word that T-SQL recognizes in some places but does not reserve.
	contextual
)

// word is a row of the table: a word, its use, and its keyword.
type word struct {
	text    string // upper case
	use     use
	keyword Keyword
}

// table lists every word that is more than a name. It is never modified.
var table = append([]word{
	{"ALL", statement, All},
	{"AND", condition, And},
	{"ANY", statement, Any},
	{"AS", statement, As},
	{"ASC", condition, Asc},
	{"BETWEEN", condition, Between},
	{"BY", statement, By},
	{"CASE", statement, Case},
	{"COALESCE", statement, Coalesce},
	{"COLLATE", condition, Collate},
	{"CONSTRAINT", condition, Constraint},
	{"CONVERT", statement, Convert},
	{"CREATE", statement, Create},
	{"CROSS", statement, Cross},
	{"CURRENT_TIMESTAMP", statement, CurrentTimestamp},
	{"DEFAULT", condition, Default},
	{"DELETE", statement, Delete},
	{"DESC", condition, Desc},
	{"DISTINCT", statement, Distinct},
	{"DROP", statement, Drop},
	{"ELSE", statement, Else},
	{"END", statement, End},
	{"ESCAPE", condition, Escape},
	{"EXCEPT", statement, Except},
	{"EXISTS", statement, Exists},
	{"FETCH", statement, Fetch},
	{"FROM", statement, From},
	{"FULL", statement, Full},
	{"GROUP", statement, Group},
	{"HAVING", statement, Having},
	{"IF", statement, If},
	{"IN", condition, In},
	{"INNER", statement, Inner},
	{"INSERT", statement, Insert},
	{"INTERSECT", statement, Intersect},
	{"INTO", statement, Into},
	{"IS", condition, Is},
	{"JOIN", statement, Join},
	{"LEFT", statement, Left},
	{"LIKE", condition, Like},
	{"NOT", condition, Not},
	{"NULL", condition, Null},
	{"NULLIF", statement, NullIf},
	{"ON", statement, On},
	{"OR", condition, Or},
	{"ORDER", statement, Order},
	{"OUTER", statement, Outer},
	{"OVER", statement, Over},
	{"PRIMARY", condition, Primary},
	{"RIGHT", statement, Right},
	{"SELECT", statement, Select},
	{"SET", statement, Set},
	{"SOME", statement, Some},
	{"TABLE", statement, Table},
	{"THEN", statement, Then},
	{"TOP", statement, Top},
	{"TRY_CONVERT", statement, TryConvert},
	{"UNION", statement, Union},
	{"UNIQUE", condition, Unique},
	{"UPDATE", statement, Update},
	{"VALUES", statement, Values},
	{"WHEN", statement, When},
	{"WHERE", statement, Where},
	{"WITH", statement, With},
}, others()...)

// others returns the words that have no keyword of their own.
func others() []word {
	var all []word
	for _, group := range []struct {
		use     use
		keyword Keyword
		words   string
	}{
		{refused, Reserved, `ALTER BEGIN BULK CHECK COMMIT CONTAINS CURRENT_USER CURSOR DECLARE
			EXEC EXECUTE FOREIGN FREETEXT GRANT IDENTITY MERGE OPENROWSET PIVOT REFERENCES
			REVOKE ROLLBACK SESSION_USER SHUTDOWN SYSTEM_USER TRAN TRANSACTION TRUNCATE UNPIVOT
			USE WAITFOR WHILE`},
		{tolerated, NoKeyword, `ADD AUTHORIZATION BACKUP BREAK BROWSE CASCADE CHECKPOINT CLOSE CLUSTERED COLUMN COMPUTE CONTAINSTABLE
			CONTINUE CURRENT CURRENT_DATE CURRENT_TIME DATABASE DBCC DEALLOCATE DENY DISK DISTRIBUTED DOUBLE DUMP
			ERRLVL EXIT EXTERNAL FILE FILLFACTOR FOR FREETEXTTABLE FUNCTION GOTO HOLDLOCK IDENTITYCOL IDENTITY_INSERT
			INDEX KEY KILL LINENO LOAD NATIONAL NOCHECK NONCLUSTERED OF OFF OFFSETS OPEN OPENDATASOURCE OPENQUERY
			OPENXML OPTION PERCENT PLAN PRECISION PRINT PROC PROCEDURE PUBLIC RAISERROR READ READTEXT RECONFIGURE
			REPLICATION RESTORE RESTRICT RETURN REVERT ROWCOUNT ROWGUIDCOL RULE SAVE SCHEMA SECURITYAUDIT SETUSER
			STATISTICS TABLESAMPLE TEXTSIZE TO TRIGGER TSEQUAL UPDATETEXT USER VARYING VIEW WITHIN WRITETEXT`},
		{contextual, NoKeyword, `FIRST NEXT OFFSET ONLY ROW ROWS TIES`},
	} {
		for text := range strings.FieldsSeq(group.words) {
			all = append(all, word{text, group.use, group.keyword})
		}
	}
	return all
}

// slots is the size of the index: a power of two, several times the number of words, so that most
// plain names hit an empty slot.
const slots = 1024

// index is an open-addressing hash table over table: each entry is a row number plus one, or 0.
// It is never modified.
var index = func() (index [slots]uint8) {
	for i, w := range table {
		at := hash(w.text)
		for index[at] != 0 {
			at = (at + 1) % slots
		}
		index[at] = uint8(i + 1)
	}
	return index
}()

// bare[kw] reports whether the keyword can appear in a standalone condition. It is never
// modified.
var bare = func() (bare [keywords]bool) {
	for _, w := range table {
		if w.use == condition {
			bare[w.keyword] = true
		}
	}
	bare[NoKeyword] = true
	return bare
}()

// upperMask clears the bit that distinguishes lower-case from upper-case ASCII letters.
const upperMask = ^byte('a' - 'A')

// hash returns the slot of a word, ignoring case.
func hash(text string) uint {
	h := uint(len(text))
	for i := range len(text) {
		h = h*37 + uint(text[i]&upperMask)
	}
	return h % slots
}

// find returns the row of a word, ignoring case, or -1 for any other name. It does not allocate.
func find(text string) int {
	if len(text) > maxWord {
		return -1
	}
	for at := hash(text); index[at] != 0; at = (at + 1) % slots {
		row := int(index[at]) - 1
		if w := table[row].text; len(w) == len(text) && spells(text, w) {
			return row
		}
	}
	return -1
}

// lookup returns the keyword that text spells.
func lookup(text string) Keyword {
	if row := find(text); row >= 0 {
		return table[row].keyword
	}
	return NoKeyword
}

// useOf returns the use of a word, 0 for a plain name.
func useOf(text string) use {
	if row := find(text); row >= 0 {
		return table[row].use
	}
	return 0
}

// maxWord is the length of the longest word of the table.
const maxWord = len("CURRENT_TIMESTAMP")

// spells reports whether text, which has the same length, equals the word ignoring case.
func spells(text, word string) bool {
	for i := range len(word) {
		if text[i]&upperMask != word[i] {
			return false
		}
	}
	return true
}

// InCondition reports whether the word, or a name, can appear in a standalone condition.
func (kw Keyword) InCondition() bool { return bare[kw] }

// IsReserved reports whether T-SQL reserves the word, so that a name spelled like it needs
// brackets.
func IsReserved(text string) bool {
	return useOf(text)&(condition|statement|refused|tolerated) != 0
}

// IsWord reports whether T-SQL gives the word a meaning anywhere.
func IsWord(text string) bool { return useOf(text) != 0 }

// Words returns the words that the grammar here uses, in capitals and sorted: keywords, and
// words that have a meaning in some places only.
func Words() []string {
	var words []string
	for _, w := range table {
		if w.use&(condition|statement|contextual) != 0 {
			words = append(words, w.text)
		}
	}
	slices.Sort(words)
	return words
}

// IsBareName reports whether a name can be written without brackets.
func IsBareName(name string) bool {
	if name == "" || !isLetter(name[0]) || IsReserved(name) {
		return false
	}
	for i := range len(name) {
		if !isNameByte(name[i]) {
			return false
		}
	}
	return true
}
