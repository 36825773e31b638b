package contract

import (
	"fmt"
	"strings"
)

const suffixChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

// CheckSuffix refuses what cannot be added to a logical database name to get the physical one.
func CheckSuffix(suffix string) error {
	if strings.Trim(suffix, suffixChars) != "" {
		return fmt.Errorf("the database suffix %q may hold ASCII letters, digits and underscores only", suffix)
	}
	return nil
}
