package tsqltoken

import "strings"

// Keyword is a word that the grammar reads, and so no bare name. The order of the
// constants means nothing.
type Keyword uint8

// The keywords. Reserved is any word that no grammar here knows and that cannot be a
// name either.
const (
	NoKeyword Keyword = iota
	Reserved
	All
	And
	As
	Asc
	Between
	By
	Case
	Coalesce
	Constraint
	Convert
	Create
	Default
	Delete
	Desc
	Distinct
	Drop
	Else
	End
	Escape
	Exists
	Fetch
	From
	Group
	Having
	If
	In
	Inner
	Insert
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
	Primary
	Right
	Select
	Set
	Table
	Then
	Top
	Unique
	Update
	Values
	When
	Where
	With
	keywords // their number
)

// use is what becomes of a word.
type use uint8

const (
	// condition is a keyword that can stand in a condition without any other part of a
	// statement, or in the definition of a column.
	condition use = 1 << iota
	// statement is a keyword of statements.
	statement
	// refused is a reserved word that no grammar here knows.
	refused
	// tolerated is a reserved word that is understood as a bare name all the same,
	// where that can be meant.
	tolerated
	// contextual is a word that T-SQL reads in some places and does not reserve.
	contextual
)

// word is a row of the table: a word, what becomes of it, and its keyword.
type word struct {
	text    string // upper case
	use     use
	keyword Keyword
}

// table has every word that is more than a name. Nobody changes it.
var table = append([]word{
	{"ALL", statement, All},
	{"AND", condition, And},
	{"AS", statement, As},
	{"ASC", condition, Asc},
	{"BETWEEN", condition, Between},
	{"BY", statement, By},
	{"CASE", statement, Case},
	{"COALESCE", statement, Coalesce},
	{"CONSTRAINT", condition, Constraint},
	{"CONVERT", statement, Convert},
	{"CREATE", statement, Create},
	{"DEFAULT", condition, Default},
	{"DELETE", statement, Delete},
	{"DESC", condition, Desc},
	{"DISTINCT", statement, Distinct},
	{"DROP", statement, Drop},
	{"ELSE", statement, Else},
	{"END", statement, End},
	{"ESCAPE", condition, Escape},
	{"EXISTS", statement, Exists},
	{"FETCH", statement, Fetch},
	{"FROM", statement, From},
	{"GROUP", statement, Group},
	{"HAVING", statement, Having},
	{"IF", statement, If},
	{"IN", condition, In},
	{"INNER", statement, Inner},
	{"INSERT", statement, Insert},
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
	{"PRIMARY", condition, Primary},
	{"RIGHT", statement, Right},
	{"SELECT", statement, Select},
	{"SET", statement, Set},
	{"TABLE", statement, Table},
	{"THEN", statement, Then},
	{"TOP", statement, Top},
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
		{refused, Reserved, `ALTER ANY BEGIN BULK CHECK COLLATE COMMIT CONTAINS CROSS CURRENT_TIMESTAMP CURRENT_USER CURSOR DECLARE
			EXCEPT EXEC EXECUTE FOREIGN FREETEXT FULL GRANT IDENTITY INTERSECT MERGE OPENROWSET OVER PIVOT REFERENCES
			REVOKE ROLLBACK SESSION_USER SHUTDOWN SOME SYSTEM_USER TRAN TRANSACTION TRUNCATE TRY_CONVERT UNION UNPIVOT
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

// slots is the number of places of the index: a power of two, and several times
// the number of words, so that most names that are no word meet an empty place.
const slots = 1024

// index is a hash table of table with open addressing: of each place the row's
// number in it plus one, or 0. Nobody changes it.
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

// bare[kw] says whether the keyword can stand in a condition alone. Nobody changes it.
var bare = func() (bare [keywords]bool) {
	for _, w := range table {
		if w.use == condition {
			bare[w.keyword] = true
		}
	}
	bare[NoKeyword] = true
	return bare
}()

// upperMask clears the bit by which ASCII's small letters differ from its capitals.
const upperMask = ^byte('a' - 'A')

// hash returns the place of a word in any case.
func hash(text string) uint {
	h := uint(len(text))
	for i := range len(text) {
		h = h*37 + uint(text[i]&upperMask)
	}
	return h % slots
}

// find returns the row of a word in any case, -1 for any other name. It does not
// allocate.
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

// useOf returns what becomes of a word, 0 for a plain name.
func useOf(text string) use {
	if row := find(text); row >= 0 {
		return table[row].use
	}
	return 0
}

// maxWord is the length of the longest word of the table.
const maxWord = len("CURRENT_TIMESTAMP")

// spells says whether text, which is as long, spells the word in any case.
func spells(text, word string) bool {
	for i := range len(word) {
		if text[i]&upperMask != word[i] {
			return false
		}
	}
	return true
}

// InCondition says whether the word, or a name, can stand in a condition that is
// not part of a statement.
func (kw Keyword) InCondition() bool { return bare[kw] }

// IsReserved says whether T-SQL reserves a word, so that a name like it needs brackets.
func IsReserved(text string) bool {
	return useOf(text)&(condition|statement|refused|tolerated) != 0
}

// IsWord says whether T-SQL reads a word anywhere as more than a name.
func IsWord(text string) bool { return useOf(text) != 0 }

// IsBareName says whether a name is written without brackets.
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
