package sqlite

import (
	"errors"

	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlite/internal/raw"
)

func defineFunctions(conn *raw.Conn) error {
	var errs []error
	for name, cmp := range map[string]func(a, b string) int{
		"SHARDECK_TEXT":    sqltypes.CompareText,
		"SHARDECK_BIN":     sqltypes.CompareBinary,
		"SHARDECK_DECIMAL": sqltypes.CompareDecimal,
		"SHARDECK_GUID":    sqltypes.CompareGUID,
	} {
		errs = append(errs, conn.CreateCollation(name, cmp))
	}
	return errors.Join(errs...)
}
