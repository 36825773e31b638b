package contract

import (
	"fmt"
	"strings"
)

const suffixChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

// CheckSuffix rejects an invalid suffix of physical database names.
func CheckSuffix(suffix string) error {
	if strings.Trim(suffix, suffixChars) != "" {
		return fmt.Errorf("the database suffix %q may only contain ASCII letters, digits and underscores", suffix)
	}
	return nil
}
