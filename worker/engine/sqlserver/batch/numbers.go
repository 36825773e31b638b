package batch

import (
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
)

// numberCodes maps SQL Server's numbers for errors that are not about a value (those are in
// contract.NumberCode).
var numberCodes = map[int32]api.Code{
	mssqlerr.UnknownColumn:   api.CodeUnknownColumn,
	mssqlerr.UnknownTable:    api.CodeUnknownTable,
	mssqlerr.CannotDrop:      api.CodeUnknownTable,
	mssqlerr.CannotAlter:     api.CodeUnknownTable,
	mssqlerr.ObjectExists:    api.CodeTableExists,
	mssqlerr.UnknownDatabase: api.CodeUnknownDatabase,
	mssqlerr.DatabaseExists:  api.CodeDatabaseExists,

	// Contention: nothing was done, and the same request can succeed in a moment.
	mssqlerr.Deadlock:             api.CodeOverloaded,
	mssqlerr.LockTimeout:          api.CodeOverloaded,
	mssqlerr.SnapshotConflict:     api.CodeOverloaded,
	mssqlerr.SnapshotSchemaChange: api.CodeOverloaded,
	mssqlerr.NoLocks:              api.CodeOverloaded,
	mssqlerr.VersionNotFound:      api.CodeOverloaded,
	mssqlerr.VersionStoreVictim:   api.CodeOverloaded,

	// Memory, and the limits of Azure SQL: likewise.
	mssqlerr.OutOfPoolMemory:   api.CodeOverloaded,
	mssqlerr.OutOfBufferMemory: api.CodeOverloaded,
	mssqlerr.MemoryTimeout:     api.CodeOverloaded,
	mssqlerr.MemoryGrant:       api.CodeOverloaded,
	mssqlerr.ResourceLimit:     api.CodeOverloaded,
	mssqlerr.ResourceMinimum:   api.CodeOverloaded,
	mssqlerr.ServiceBusy:       api.CodeOverloaded,

	// The server, the database or the login is not operational.
	mssqlerr.CannotOpenDatabase: api.CodeShardUnavailable,
	mssqlerr.LoginFailed:        api.CodeShardUnavailable,
	mssqlerr.UntrustedDomain:    api.CodeShardUnavailable,
	mssqlerr.LoginLocked:        api.CodeShardUnavailable,
	mssqlerr.PasswordExpired:    api.CodeShardUnavailable,
	mssqlerr.PasswordChange:     api.CodeShardUnavailable,
	mssqlerr.ObjectPermission:   api.CodeShardUnavailable,
	mssqlerr.ColumnPermission:   api.CodeShardUnavailable,
	mssqlerr.DatabasePermission: api.CodeShardUnavailable,
	mssqlerr.ActionPermission:   api.CodeShardUnavailable,
	mssqlerr.DatabaseAccess:     api.CodeShardUnavailable,
	mssqlerr.NoSpace:            api.CodeShardUnavailable,
	mssqlerr.LogFull:            api.CodeShardUnavailable,
	mssqlerr.ReadOnly:           api.CodeShardUnavailable,
	mssqlerr.EmergencyMode:      api.CodeShardUnavailable,
	mssqlerr.ShuttingDown:       api.CodeShardUnavailable,
	mssqlerr.Paused:             api.CodeShardUnavailable,
	mssqlerr.SingleUser:         api.CodeShardUnavailable,
	mssqlerr.Restoring:          api.CodeShardUnavailable,
	mssqlerr.Offline:            api.CodeShardUnavailable,
	mssqlerr.FilesInaccessible:  api.CodeShardUnavailable,
	mssqlerr.InTransition:       api.CodeShardUnavailable,
	mssqlerr.NoPage:             api.CodeShardUnavailable,
	mssqlerr.DefaultDatabase:    api.CodeShardUnavailable,
	mssqlerr.ReplicaNotReadable: api.CodeShardUnavailable,
	mssqlerr.ReplicaReadIntent:  api.CodeShardUnavailable,
	mssqlerr.ReplicaRole:        api.CodeShardUnavailable,
	mssqlerr.ServiceError:       api.CodeShardUnavailable,
	mssqlerr.ServiceUnavailable: api.CodeShardUnavailable,

	// Too large for the server.
	mssqlerr.NestedTooDeeply:   api.CodeTooComplex,
	mssqlerr.TooManyParameters: api.CodeTooComplex,
	mssqlerr.NoPlan:            api.CodeTooComplex,
	mssqlerr.StackLimit:        api.CodeTooComplex,
	mssqlerr.ExpressionLimit:   api.CodeTooComplex,
	mssqlerr.SortFailed:        api.CodeTooComplex,
	mssqlerr.SortRowTooLarge:   api.CodeTooComplex,
	mssqlerr.WorktableTooWide:  api.CodeTooComplex,
	mssqlerr.OptimizerStack:    api.CodeTooComplex,

	// Tables and keys that SQL Server cannot create: too wide, or of types that it cannot index.
	// For a key declared with its table the server only returns ConstraintNotCreated.
	mssqlerr.RowDefinitionTooLarge: api.CodeUnsupported,
	mssqlerr.TooManyColumns:        api.CodeUnsupported,
	mssqlerr.ConstraintNotCreated:  api.CodeUnsupported,
	mssqlerr.IndexTooManyColumns:   api.CodeUnsupported,
	mssqlerr.InvalidKeyType:        api.CodeUnsupported,
	mssqlerr.IndexKeyTooLong:       api.CodeUnsupported,

	// Conversions that T-SQL does not support, whatever the value.
	mssqlerr.TypeClash:   api.CodeConversionFailed,
	mssqlerr.NotImplicit: api.CodeConversionFailed,
	mssqlerr.NotExplicit: api.CodeConversionFailed,
}

// sameRefusal maps the several numbers that SQL Server has for one error to the one that Shardeck
// uses on every engine (see shared/sqltypes).
var sameRefusal = map[int32]int32{
	mssqlerr.OverflowOfInteger:   mssqlerr.Overflow,
	mssqlerr.OverflowOfFloat:     mssqlerr.Overflow,
	mssqlerr.OverflowOfInt2:      mssqlerr.Overflow,
	mssqlerr.OverflowOfInt4:      mssqlerr.Overflow,
	mssqlerr.DateAddOverflow:     mssqlerr.Overflow,
	mssqlerr.NumberTooLong:       mssqlerr.Overflow,
	mssqlerr.TruncationUnnamed:   mssqlerr.Truncation,
	mssqlerr.DuplicateIndexKey:   mssqlerr.DuplicateKey,
	mssqlerr.DateOutOfRange:      mssqlerr.DateConversion,
	mssqlerr.SmallDateConversion: mssqlerr.DateConversion,
	mssqlerr.SmallDateOutOfRange: mssqlerr.DateConversion,
	mssqlerr.InvalidLengthOf:     mssqlerr.InvalidSubstringLength,
}
