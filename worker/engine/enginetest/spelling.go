package enginetest

import (
	"bytes"
	"math/big"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// spelled returns the rows with one spelling for each value. The JSON encoders of other languages
// escape other characters and write 1e+21 differently, which a client does not notice; it would
// notice a lost digit or the sign of a zero, so those remain different.
func (r *rig) spelled(rows []string) []string {
	r.Helper()
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = r.spelledRow(row)
	}
	return out
}

func (r *rig) spelledRow(row string) string {
	r.Helper()
	var b bytes.Buffer
	values := jsontext.NewDecoder(strings.NewReader(row))
	for {
		token, err := values.ReadToken()
		if err != nil {
			if values.InputOffset() != int64(len(row)) {
				r.Fatalf("the row %.200q is not JSON: %v", row, err)
			}
			return b.String()
		}
		text := token.String()
		switch token.Kind() {
		case '"':
			quoted, err := jsontext.AppendQuote(nil, text)
			if err != nil {
				r.Fatalf("the row %.200q: %v", row, err)
			}
			text = string(quoted)
		case '0':
			// A float's exponent has at most three digits: none needs much memory.
			if n, ok := new(big.Rat).SetString(text); ok && (n.Sign() != 0 || text[0] != '-') {
				text = n.RatString()
			}
		}
		b.WriteString(text + " ")
	}
}
