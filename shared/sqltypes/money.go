package sqltypes

import (
	"strings"
	"unicode/utf8"

	"shardeck/shared/mssqlerr"
)

// MONEY and SMALLMONEY are decimals of four fraction digits whose range is that of an integer of
// eight or four bytes (https://learn.microsoft.com/sql/t-sql/data-types/money-and-smallmoney-transact-sql).
const (
	moneyScale    = 4
	maxSmallMoney = 1<<31 - 1
)

// inMoneyRange reports whether d, of scale moneyScale, is in the range of t; true for other types.
func (d decimal) inMoneyRange(t Type) bool {
	switch t.Kind {
	case Money:
		return d.normal().large == nil
	case SmallMoney:
		return d.normal().large == nil && d.small >= -maxSmallMoney-1 && d.small <= maxSmallMoney
	}
	return true
}

// currencies are the symbols that an amount of money may have, of those that T-SQL knows.
const currencies = "$¢£¤¥৲৳฿៛₠₡₢₣₤₥₦₧₨₩₪₫€₭₮₯₰₱₲₳₴₵₸₹₺₽₿"

// textToMoney converts a string to money: a sign and a currency symbol in either order, digits
// with commas anywhere before the point, which are ignored. Text without any digit is 0.
func textToMoney(t Type, s string) (Value, error) {
	digits, ok := plainAmount(s)
	if !ok {
		number := mssqlerr.MoneyConversion
		if t.Kind == SmallMoney {
			number = mssqlerr.SmallMoneyConversion
		}
		return Value{}, newError(number, ConversionFailed, "%s cannot be converted to %s", quoteClip(s), t).
			hinted("use a number, or its digits in a string such as \"$1,234.50\"")
	}
	n, ok := parseNumber(digits)
	if !ok {
		return Value{}, errConversion(t, s)
	}
	v, err := n.toDecimal(t, digits)
	if err != nil {
		number := mssqlerr.MoneyOverflow
		if t.Kind == SmallMoney {
			number = mssqlerr.SmallMoneyOverflow
		}
		return Value{}, newError(number, OutOfRange, "%s is out of the range of %s", quoteClip(s), t).hinted("%s", rangeHint(t))
	}
	return v, nil
}

// plainAmount returns the number of an amount of money, without its symbol and commas.
func plainAmount(s string) (string, bool) {
	s = strings.Trim(s, " ")
	sign, symbol := "", false
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case (r == '-' || r == '+') && sign == "":
			sign = s[:1]
		case !symbol && r != utf8.RuneError && strings.ContainsRune(currencies, r):
			symbol = true
		case r == ' ' && (sign != "" || symbol):
		default:
			return plainDigits(sign, s)
		}
		s = s[size:]
	}
	return "0", true
}

func plainDigits(sign, s string) (string, bool) {
	whole, frac, _ := strings.Cut(s, ".")
	whole = strings.ReplaceAll(whole, ",", "")
	if len(s) > maxDigits || digitsAt(whole, 0) != len(whole) || digitsAt(frac, 0) != len(frac) {
		return "", false
	}
	return sign + "0" + whole + "." + frac + "0", true
}

// moneyText formats money in a style of CONVERT: 0 with two fraction digits, 1 with commas too,
// 2 with four fraction digits.
func moneyText(s string, style int) string {
	const two, four = 2, moneyScale
	digits := two
	if style == 2 || style == styleISO {
		digits = four
	}
	d, ok := parseDecimal(s)
	if !ok {
		return s
	}
	v, err := d.value(DecimalType(MaxPrecision, digits))
	if err != nil || style != 1 {
		return v.Str
	}
	whole, frac, _ := strings.Cut(v.Str, ".")
	sign := ""
	if rest, neg := strings.CutPrefix(whole, "-"); neg {
		sign, whole = "-", rest
	}
	const group = 3
	for i := len(whole) - group; i > 0; i -= group {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + "." + frac
}
