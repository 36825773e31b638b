package sqlite

import (
	"math/big"
	"strconv"
	"strings"

	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// decimal is unscaled / 10^scale, exactly.
type decimal struct {
	unscaled *big.Int
	scale    int
}

var ten = big.NewInt(10)

func pow10(n int) *big.Int { return new(big.Int).Exp(ten, big.NewInt(int64(n)), nil) }

// maxDigits bounds what is read as a decimal: T-SQL's have 38 digits at most, and
// a float's text a few hundred.
const maxDigits = 400

// parseDecimal reads plain decimal text: an optional sign, digits, and a fraction.
func parseDecimal(s string) (decimal, bool) {
	whole, frac, _ := strings.Cut(s, ".")
	if len(s) > maxDigits {
		return decimal{}, false
	}
	n, ok := new(big.Int).SetString(whole+frac, 10)
	if !ok || strings.Contains(s, "_") {
		return decimal{}, false
	}
	return decimal{n, len(frac)}, true
}

// to returns the number with another scale: when digits must go, rounded half away from zero.
func (d decimal) to(scale int) decimal {
	switch {
	case scale > d.scale:
		return decimal{new(big.Int).Mul(d.unscaled, pow10(scale-d.scale)), scale}
	case scale < d.scale:
		unit := pow10(d.scale - scale)
		q, r := new(big.Int).QuoRem(d.unscaled, unit, new(big.Int))
		if r.Abs(r).Lsh(r, 1).Cmp(unit) >= 0 {
			q.Add(q, big.NewInt(int64(d.unscaled.Sign())))
		}
		return decimal{q, scale}
	}
	return d
}

// text writes the number as DECIMAL(precision, d.scale) is stored; false when it has too many digits.
func (d decimal) text(precision int) (string, bool) {
	digits := new(big.Int).Abs(d.unscaled).String()
	if d.unscaled.Sign() != 0 && len(digits) > precision {
		return "", false
	}
	if n := d.scale + 1 - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	if d.scale > 0 {
		digits = digits[:len(digits)-d.scale] + "." + digits[len(digits)-d.scale:]
	}
	if d.unscaled.Sign() < 0 {
		digits = "-" + digits
	}
	return digits, true
}

// decimalOps compute exactly, and to scale s where the result has no end.
var decimalOps = map[string]func(a, b decimal, s int) (decimal, error){
	"sd_dec_add": func(a, b decimal, _ int) (decimal, error) {
		s := max(a.scale, b.scale)
		return decimal{new(big.Int).Add(a.to(s).unscaled, b.to(s).unscaled), s}, nil
	},
	"sd_dec_sub": func(a, b decimal, _ int) (decimal, error) {
		s := max(a.scale, b.scale)
		return decimal{new(big.Int).Sub(a.to(s).unscaled, b.to(s).unscaled), s}, nil
	},
	"sd_dec_mul": func(a, b decimal, _ int) (decimal, error) {
		return decimal{new(big.Int).Mul(a.unscaled, b.unscaled), a.scale + b.scale}, nil
	},
	"sd_dec_div": divDecimal,
	"sd_dec_mod": func(a, b decimal, _ int) (decimal, error) {
		if b.unscaled.Sign() == 0 {
			return decimal{}, errDivideByZero()
		}
		s := max(a.scale, b.scale)
		return decimal{new(big.Int).Rem(a.to(s).unscaled, b.to(s).unscaled), s}, nil
	},
}

// divDecimal divides as SQL Server does: digits beyond the scale are cut off (2.0 / 3 is 0.666666).
func divDecimal(a, b decimal, s int) (decimal, error) {
	if b.unscaled.Sign() == 0 {
		return decimal{}, errDivideByZero()
	}
	// a/b = (ua / ub) * 10^(sb - sa); scaled by 10^s.
	num, den := new(big.Int).Set(a.unscaled), new(big.Int).Set(b.unscaled)
	if shift := s + b.scale - a.scale; shift >= 0 {
		num.Mul(num, pow10(shift))
	} else {
		den.Mul(den, pow10(-shift))
	}
	return decimal{num.Quo(num, den), s}, nil
}

func decimalCall(args []raw.Arg, r *raw.Result, op func(a, b decimal, s int) (decimal, error)) error {
	typ, err := decimalType(args[2], args[3])
	if err != nil {
		return err
	}
	a, ok1 := decimalArg(args[0])
	b, ok2 := decimalArg(args[1])
	if !ok1 || !ok2 {
		return errOperand("a number")
	}
	c, err := op(a, b, typ.Scale)
	if err != nil {
		return err
	}
	text, ok := c.to(typ.Scale).text(typ.Precision)
	if !ok {
		return errOverflow(typ.String())
	}
	r.Text(text)
	return nil
}

func decimalArg(a raw.Arg) (decimal, bool) {
	switch a.Class() {
	case raw.ClassInteger:
		return decimal{big.NewInt(a.Int()), 0}, true
	case raw.ClassFloat:
		return parseDecimal(strconv.FormatFloat(a.Float(), 'f', -1, 64))
	case raw.ClassText:
		return parseDecimal(a.View())
	}
	return decimal{}, false
}

// decimalType returns DECIMAL(p,s).
func decimalType(p, s raw.Arg) (sqltypes.Type, error) {
	t := sqltypes.Type{Kind: sqltypes.Decimal, Precision: int(p.Int()), Scale: int(s.Int())}
	if t.Precision < 1 || t.Precision > 38 || t.Scale < 0 || t.Scale > t.Precision {
		return t, errOperand("a precision of 1 to 38 and a scale within it")
	}
	return t, nil
}
