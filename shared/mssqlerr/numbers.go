package mssqlerr

// Parsing and binding.
const (
	Syntax               = 102   // the statement is not well-formed near some token
	OrderBySet           = 104   // ORDER BY after a set operator names something outside the select list
	UnknownPrefix        = 107   // the prefix of `*` names no table or alias of the query
	OrderPosition        = 108   // a position in ORDER BY is beyond the select list
	FewerValues          = 109   // an INSERT names more columns than a row has values
	MoreValues           = 110   // an INSERT names fewer columns than a row has values
	SubqueryColumns      = 116   // a subquery that is used as a value selects more than one column
	FewerSelected        = 120   // an INSERT names more columns than its SELECT list has
	MoreSelected         = 121   // an INSERT names fewer columns than its SELECT list has
	NegativeTop          = 127   // the number of rows of TOP or FETCH is negative
	NestedAggregate      = 130   // an aggregate is applied to an expression that contains an aggregate or a subquery
	SizeTooLarge         = 131   // a length exceeds the maximum of every data type
	DeclaredTwice        = 134   // a variable is declared twice in one batch
	UndeclaredVariable   = 137   // a variable is used that was not declared
	AssignAndSelect      = 141   // a SELECT both assigns to variables and returns rows
	AggregateInGroupBy   = 144   // GROUP BY contains an aggregate
	OrderByDistinct      = 145   // with SELECT DISTINCT, ORDER BY names something outside the select list
	AggregateInWhere     = 147   // WHERE contains an aggregate
	UnknownDatepart      = 155   // a word is not one of the options the function takes, such as a datepart
	AggregateInSet       = 157   // the SET list of an UPDATE contains an aggregate
	AggregateInOutput    = 158   // OUTPUT contains an aggregate
	GroupByConstant      = 164   // an expression of GROUP BY contains no column
	OrderByDuplicate     = 169   // ORDER BY names a column more than once
	ColumnWithoutType    = 173   // a column definition has no data type
	ArgumentCount        = 174   // a function is called with the wrong number of arguments
	NestedTooDeeply      = 191   // a statement is nested too deeply
	UnknownFunction      = 195   // a name is not that of a built-in function
	SetOperands          = 205   // the queries of a set operator have different numbers of columns
	TypeClash            = 206   // two data types are incompatible
	UnknownColumn        = 207   // a column does not exist
	UnknownTable         = 208   // an object, such as a table, does not exist
	AmbiguousColumn      = 209   // a column name could belong to several tables
	ValueCount           = 213   // the number of values does not match the columns of the table
	SplitSeparator       = 214   // an argument such as the separator of STRING_SPLIT is not of the expected type
	SameCommonTables     = 239   // two common table expressions have the same name
	NoTableForStar       = 263   // `*` is selected without FROM
	DuplicateColumn      = 264   // a column is assigned more than once in a SET clause or a column list
	IncompatibleOperands = 402   // an operator does not take operands of these data types
	OrderByConstant      = 408   // ORDER BY contains a constant expression
	CollateType          = 447   // COLLATE is applied to an expression that is not a string
	UnknownCollation     = 448   // a collation does not exist
	CollationConflict    = 468   // two strings have different collations
	SubqueryRows         = 512   // a subquery that is used as a value has more than one row
	InvalidLength        = 1001  // a length or precision is invalid
	InvalidScale         = 1002  // a scale is not valid
	SameExposedNames     = 1013  // two tables of FROM have the same exposed name
	OrderByInSubquery    = 1033  // ORDER BY in a subquery, derived table or common table expression without TOP or OFFSET
	RowCountNotInteger   = 1060  // the number of rows of TOP or FETCH is not an integer
	TiesWithoutOrder     = 1062  // TOP WITH TIES requires ORDER BY
	UnknownType          = 2715  // a data type does not exist
	NoWidth              = 2716  // the data type takes no length
	PrecisionTooLarge    = 2750  // a precision exceeds the maximum
	ScaleTooLarge        = 2751  // a scale exceeds the precision
	UnboundIdentifier    = 4104  // a multi-part identifier matches no table of the statement
	WindowNotAllowed     = 4108  // a window function is not in the select list or ORDER BY
	NestedWindow         = 4109  // a window function is nested in another or in an aggregate
	WindowWithoutOrder   = 4112  // a window function requires ORDER BY in OVER
	SeriesStep           = 4199  // the step of GENERATE_SERIES is 0
	WindowOrderConstant  = 5308  // ORDER BY in OVER contains a constant
	ArgumentType         = 8116  // a function does not take an argument of this data type
	OperandType          = 8117  // an operator or aggregate does not take an operand of this data type
	SelectNotGrouped     = 8120  // the select list uses a column that is neither aggregated nor in GROUP BY
	HavingNotGrouped     = 8121  // HAVING uses a column that is neither aggregated nor in GROUP BY
	OrderByNotGrouped    = 8127  // ORDER BY uses a column that is neither aggregated nor in GROUP BY
	OnlyNullResults      = 8133  // every result of a CASE is the constant NULL
	UnnamedColumn        = 8155  // a column of a derived table has no name
	SameColumnNames      = 8156  // two columns of a derived table have the same name
	MoreColumns          = 8158  // a derived table has more columns than its alias names
	FewerColumns         = 8159  // a derived table has fewer columns than its alias names
	WindowOffset         = 8730  // the offset of LAG or LEAD is negative
	SeparatorNotConstant = 8733  // the separator of STRING_AGG is neither a constant nor a variable
	DatepartOfType       = 9810  // the data type has no such datepart
	TranslateLengths     = 9828  // two arguments of TRANSLATE differ in their number of characters
	StringAggTooLong     = 9829  // the result of STRING_AGG exceeds 8000 bytes and is of no MAX type
	SubqueryInOutput     = 10705 // OUTPUT contains a subquery
	RowLengths           = 10709 // the rows of a table value constructor differ in length
	TopWithOffset        = 10741 // TOP and OFFSET are mutually exclusive in one query
	NegativeOffset       = 10742 // the number of rows of OFFSET is negative
	FetchNotPositive     = 10744 // the number of rows of FETCH is less than one
	WindowFrame          = 10752 // a window function that takes no frame has one
	WindowWithoutOver    = 10753 // a window function has no OVER
	DistinctOver         = 10759 // an aggregate with OVER has DISTINCT
)

// Values: conversion, range, length and arithmetic.
const (
	OverflowOfInteger      = 220  // an integer is out of the range of the data type
	OverflowOfFloat        = 232  // a floating-point value is out of the range of the data type
	MoneyResultSpace       = 234  // the result is too short for a MONEY as text
	MoneyConversion        = 235  // a character string cannot be converted to MONEY
	MoneyOverflow          = 236  // a character string is out of the range of MONEY
	DateConversion         = 241  // a character string cannot be converted to a date or time
	DateOutOfRange         = 242  // a conversion between date types gives a value out of range
	OverflowOfInt2         = 244  // a character string is out of the range of a one- or two-byte integer
	IntConversion          = 245  // a value cannot be converted to the data type, often an integer
	OverflowOfInt4         = 248  // a character string is out of the range of INT
	NotImplicit            = 257  // a conversion exists, but not implicitly
	InvalidStyle           = 281  // CONVERT has no such style for these data types
	InvalidDateParts       = 289  // a date cannot be constructed of these parts
	SmallMoneyConversion   = 293  // a character string cannot be converted to SMALLMONEY
	SmallMoneyOverflow     = 294  // a character string is out of the range of SMALLMONEY
	SmallDateConversion    = 295  // a character string cannot be converted to SMALLDATETIME
	SmallDateOutOfRange    = 296  // a character string gives a SMALLDATETIME out of range
	InvalidEscape          = 506  // the escape character of LIKE is invalid
	RowTooLarge            = 511  // a row exceeds the maximum size of a row
	DateAddOverflow        = 517  // adding to a date gives a value out of range
	NotExplicit            = 529  // no conversion exists, not even explicitly
	DateDiffOverflow       = 535  // a difference of dates does not fit the result
	InvalidLengthOf        = 536  // a length passed to a string function is invalid
	InvalidSubstringLength = 537  // a length passed to LEFT or SUBSTRING is invalid
	NumberTooLong          = 1007 // a numeric literal has more than 38 digits
	Truncation             = 2628 // a string or binary value would be truncated; names the column
	InvalidFloat           = 3623 // a mathematical function is not defined for its argument
	TypeConversion         = 8114 // a value cannot be converted between two data types
	Overflow               = 8115 // an expression overflows its data type
	DivideByZero           = 8134 // an expression divides by zero
	TruncationUnnamed      = 8152 // what [Truncation] was before SQL Server 2019: no column is named
	GUIDConversion         = 8169 // a character string cannot be converted to UNIQUEIDENTIFIER
	GUIDResultSpace        = 8170 // the result is too short for a UNIQUEIDENTIFIER
	BucketWidth            = 9834 // the width of DATE_BUCKET is not positive
	DateTooSmall           = 9837 // a date is before the first one of its data type
)

// Constraints.
const (
	NullViolation      = 515  // NULL is assigned to a column that does not allow it
	ConstraintConflict = 547  // a statement conflicts with a CHECK or FOREIGN KEY constraint
	IndexEntryTooLong  = 1946 // an index entry exceeds the maximum length of a key
	DuplicateIndexKey  = 2601 // a unique index has the key already
	DuplicateKey       = 2627 // a PRIMARY KEY or UNIQUE constraint has the key already
)

// Databases, tables and keys.
const (
	UnknownDatabase       = 911  // a database does not exist
	RowDefinitionTooLarge = 1701 // the minimum size of a row of the new table exceeds the maximum
	TooManyColumns        = 1702 // a table has more columns than are allowed
	ConstraintNotCreated  = 1750 // a constraint or index was not created; an earlier error says why
	DatabaseExists        = 1801 // a database of this name exists
	DatabaseNotCreated    = 1802 // a database was not created; an earlier error says why
	ModelInUse            = 1807 // the model database is in use by another CREATE DATABASE
	IndexTooManyColumns   = 1904 // an index has more key columns than are allowed
	DuplicateIndexColumn  = 1909 // an index names a column twice
	UnknownKeyColumn      = 1911 // a key names a column that the table does not have
	IndexExists           = 1913 // a table has an index or statistics of this name
	InvalidKeyType        = 1919 // a column is of a data type that cannot be a key of an index
	IndexKeyTooLong       = 1944 // an index was not created: its key is longer than is allowed
	ColumnExists          = 2705 // a table would have two columns of one name
	ObjectExists          = 2714 // an object, such as a table, of this name exists
	CannotDrop            = 3701 // an object to drop does not exist, or may not be dropped
	AddedColumnNeedsValue = 4901 // a column is added that neither takes NULL nor has a DEFAULT
	CannotAlter           = 4902 // an object to alter does not exist, or may not be altered
	AlterDatabaseFailed   = 5069 // ALTER DATABASE failed; an earlier error says why
	TwoPrimaryKeys        = 8110 // a table is given a second PRIMARY KEY
	NullablePrimaryKey    = 8111 // a PRIMARY KEY names a column that allows NULL
)

// Transactions and contention.
const (
	TransactionCount         = 266  // a batch ends with another number of open transactions than it began with
	NoLocks                  = 1204 // no lock resources are left
	Deadlock                 = 1205 // the transaction was the victim of a deadlock
	LockTimeout              = 1222 // a lock was not granted in time
	VersionNotFound          = 3958 // a row version was not found, probably because tempdb is full
	SnapshotConflict         = 3960 // under snapshot isolation, another transaction changed the row
	SnapshotSchemaChange     = 3961 // under snapshot isolation, another transaction changed the object
	VersionStoreVictim       = 3966 // the transaction was rolled back to shrink the version store
	UncommittableTransaction = 3998 // a batch ends with a transaction that cannot be committed
)

// Resources and limits of the server.
const (
	OutOfPoolMemory   = 701   // a resource pool has too little memory for the query
	OutOfBufferMemory = 802   // the buffer pool has too little memory
	NoPage            = 1101  // a page cannot be allocated: the disk is full
	NoSpace           = 1105  // space for an object cannot be allocated: the filegroup is full
	SortFailed        = 1510  // a sort ran out of space or locks
	SortRowTooLarge   = 1540  // a row is too large to be sorted
	TooManyParameters = 8003  // a request has more parameters than are allowed
	WorktableTooWide  = 8618  // no plan exists: a worktable would exceed the maximum size of a row
	OptimizerStack    = 8621  // the query processor ran out of stack while optimizing
	NoPlan            = 8623  // the query is too complex for the query processor
	StackLimit        = 8631  // the limit of the server's stack is reached
	ExpressionLimit   = 8632  // the limit on the complexity of expressions is reached
	MemoryTimeout     = 8645  // memory for the query was not granted in time
	MemoryGrant       = 8651  // the minimum memory for the query is not available
	LogFull           = 9002  // the transaction log is full
	ResourceLimit     = 10928 // a resource limit of an Azure SQL database is reached
	ResourceMinimum   = 10929 // an Azure SQL server is too busy to give more than the guaranteed minimum
	ServiceBusy       = 40501 // the Azure SQL service is busy
)

// Logins, permissions and availability.
const (
	ObjectPermission   = 229   // a permission on an object is denied
	ColumnPermission   = 230   // a permission on a column is denied
	DatabasePermission = 262   // a permission in a database is denied
	ActionPermission   = 297   // the user may not perform the action
	DatabaseAccess     = 916   // the login has no access to the database
	SingleUser         = 924   // the database is in single-user mode and in use
	Restoring          = 927   // the database is being restored
	Offline            = 942   // the database is offline
	FilesInaccessible  = 945   // the database cannot be opened: files, memory or disk space are missing
	InTransition       = 952   // the database is changing its state
	ReplicaNotReadable = 976   // the replica of an availability group cannot be queried
	ReplicaReadIntent  = 978   // the replica of an availability group takes read-only connections alone
	ReplicaRole        = 983   // the replica of an availability group is neither primary nor secondary
	ReadOnly           = 3906  // the database is read-only
	EmergencyMode      = 3908  // the database is in emergency mode or damaged
	CannotOpenDatabase = 4060  // the database that the login asks for cannot be opened
	DefaultDatabase    = 4064  // the default database of the login cannot be opened
	ShuttingDown       = 6005  // the server is shutting down
	Paused             = 17142 // the server is paused
	UntrustedDomain    = 18452 // the login is from an untrusted domain
	LoginFailed        = 18456 // the login failed
	LoginLocked        = 18486 // the login failed: the account is locked
	PasswordExpired    = 18487 // the login failed: the password has expired
	PasswordChange     = 18488 // the login failed: the password must be changed
	ServiceError       = 40197 // the Azure SQL service met an error
	ServiceUnavailable = 40613 // the Azure SQL database is not available
)
