package terminal

import (
	"strconv"
	"unicode"

	uv "github.com/charmbracelet/ultraviolet"
)

// special are Bubble Tea's names of the keys that enter no text.
var special = map[rune]string{
	uv.KeyUp: "up", uv.KeyDown: "down", uv.KeyRight: "right", uv.KeyLeft: "left", uv.KeyBegin: "begin",
	uv.KeyFind: "home", uv.KeySelect: "end", uv.KeyInsert: "insert", uv.KeyDelete: "delete",
	uv.KeyPgUp: "pgup", uv.KeyPgDown: "pgdown", uv.KeyHome: "home", uv.KeyEnd: "end",
	uv.KeyKpUp: "up", uv.KeyKpDown: "down", uv.KeyKpRight: "right", uv.KeyKpLeft: "left", uv.KeyKpBegin: "begin",
	uv.KeyKpInsert: "insert", uv.KeyKpDelete: "delete", uv.KeyKpPgUp: "pgup", uv.KeyKpPgDown: "pgdown",
	uv.KeyKpHome: "home", uv.KeyKpEnd: "end", uv.KeyKpEnter: "enter",
	uv.KeyEnter: "enter", uv.KeyTab: "tab", uv.KeyBackspace: "backspace", uv.KeyEscape: "esc",
}

// keypad are the characters that a numeric keypad enters in application mode.
var keypad = map[rune]string{
	uv.KeyKpEqual: "=", uv.KeyKpMultiply: "*", uv.KeyKpPlus: "+", uv.KeyKpComma: ",", uv.KeyKpMinus: "-",
	uv.KeyKpDecimal: ".", uv.KeyKpDivide: "/", uv.KeyKpSep: ",",
	uv.KeyKp0: "0", uv.KeyKp1: "1", uv.KeyKp2: "2", uv.KeyKp3: "3", uv.KeyKp4: "4",
	uv.KeyKp5: "5", uv.KeyKp6: "6", uv.KeyKp7: "7", uv.KeyKp8: "8", uv.KeyKp9: "9",
}

// keyName returns Bubble Tea's name of a key, and the text that it enters. The name is "" for
// a key that no program can use, such as Shift on its own.
func keyName(k uv.Key) (name, text string) {
	mod := k.Mod &^ (uv.ModCapsLock | uv.ModNumLock | uv.ModScrollLock)
	base := special[k.Code]
	switch {
	case base != "":
	case keypad[k.Code] != "":
		base = keypad[k.Code]
		if mod &= ^uv.ModShift; mod == 0 {
			return base, base
		}
	case k.Code >= uv.KeyF1 && k.Code <= uv.KeyF63:
		base = "f" + strconv.Itoa(int(k.Code-uv.KeyF1)+1)
	case k.Code == ' ' && mod&uv.ModCtrl != 0:
		base = "@" // a terminal sends the same for both
	case k.Code > ' ' && k.Code <= unicode.MaxRune && unicode.IsGraphic(k.Code), k.Code == ' ', k.Text != "":
		base, mod = character(k, mod)
		if mod == 0 {
			return base, base
		}
	default:
		return "", ""
	}
	return prefix(mod) + base, ""
}

// character returns the character that a key stands for; Shift is part of that, as in A.
func character(k uv.Key, mod uv.KeyMod) (string, uv.KeyMod) {
	if k.Text != "" && mod&^uv.ModShift == 0 {
		return k.Text, 0
	}
	r := k.Code
	if mod&uv.ModShift != 0 && mod&uv.ModCtrl == 0 {
		if k.ShiftedCode != 0 {
			r = k.ShiftedCode
		} else {
			r = unicode.ToUpper(r)
		}
		mod &^= uv.ModShift
	}
	return string(r), mod
}

// prefix returns the modifiers in Bubble Tea's order.
func prefix(mod uv.KeyMod) string {
	s := ""
	for _, m := range []struct {
		mod  uv.KeyMod
		name string
	}{
		{uv.ModMeta, "meta+"}, {uv.ModSuper, "super+"}, {uv.ModHyper, "hyper+"},
		{uv.ModAlt, "alt+"}, {uv.ModCtrl, "ctrl+"}, {uv.ModShift, "shift+"},
	} {
		if mod&m.mod != 0 {
			s += m.name
		}
	}
	return s
}

// controlName returns Bubble Tea's name of a control character.
func controlName(b byte) string {
	switch b {
	case '\t':
		return "tab"
	case '\r':
		return "enter"
	case 0x1b:
		return "esc"
	case 0x7f:
		return "backspace"
	}
	if c := rune(b) + '@'; c >= 'A' && c <= 'Z' {
		return "ctrl+" + string(unicode.ToLower(c))
	} else {
		return "ctrl+" + string(c)
	}
}
