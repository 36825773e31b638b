package api_test

import (
	"testing"

	"shardeck/shared/api"
)

func TestIsSelect(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT 1":                     true,
		" \n\tselect*FROM t":           true,
		"-- what\nSELECT(1)":           true,
		"; -- empty\n ;SELECT 1":       true, // as the parser reads it
		"SELECT":                       true,
		"/* a /* nested */ SELECT 1":   false, // still inside the comment
		"[SELECT] 1":                   false,
		"\ufeffSELECT 1":               false, // not white space to the parser, which refuses it
		"/* a /* nested */ */SELECT 1": true,
		"/* never ends SELECT 1":       false,
		"SELECTED":                     false,
		"SELECT_ 1":                    false,
		"DELETE FROM t -- SELECT":      false,
		"":                             false,
	} {
		if got := (&api.SQLRequest{SQL: sql}).IsSelect(); got != want {
			t.Errorf("%q: %v, want %v", sql, got, want)
		}
	}
}
