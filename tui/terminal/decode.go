package terminal

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"

	"shardeck/tui/keymap"
)

// MaxPaste is the longest paste that is accepted, in bytes. A master accepts 1 MiB in a
// statement; the rest is room for files of several.
const MaxPaste = 8 << 20

// The marks around a bracketed paste.
const (
	pasteStart = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// How long a beginning waits for its end.
const (
	escapeWait = 50 * time.Millisecond  // a lone Esc, which may begin a sequence
	cutWait    = 500 * time.Millisecond // a sequence or a character that a read has cut
	pasteWait  = 2 * time.Second        // a paste whose end mark does not come
)

// maxSequence bounds a control sequence, and maxString one that carries text. What is longer
// is none.
const (
	maxSequence = 64
	maxString   = 4096
)

// decoder turns what the terminal sends into messages. It keeps what a read has cut.
type decoder struct {
	keys uv.EventDecoder
	rest []byte // the beginning of a sequence or a character, with the text before it

	pasting bool
	paste   []byte
	skipped int // bytes of a paste that is too long
	seen    int // how much of paste has been searched for the end mark
}

// feed takes in bytes that arrived together, and returns their messages.
func (d *decoder) feed(chunk []byte, at time.Time) []any {
	data := chunk
	if len(d.rest) > 0 {
		data = append(d.rest, chunk...)
		d.rest = nil
	}
	var out []any
	for len(data) > 0 {
		if d.pasting {
			data = d.pasted(data, &out)
			continue
		}
		i := bytes.IndexByte(data, 0x1b)
		if i != 0 {
			unit := data
			if i > 0 {
				unit = data[:i]
			} else if cutRune(unit) {
				d.keep(data)
				return out
			}
			out = append(out, together(unit, at)...)
			data = data[len(unit):]
			continue
		}
		n := sequence(data)
		if n == 0 {
			d.keep(data)
			return out
		}
		if string(data[:n]) == pasteStart {
			d.pasting = true
		} else {
			out = d.decode(out, data[:n], at)
		}
		data = data[n:]
	}
	return out
}

// keep holds back what is not complete; the reader uses its buffer again.
func (d *decoder) keep(data []byte) { d.rest = bytes.Clone(data) }

// wait returns how long to wait for the rest of what has begun, 0 if nothing has.
func (d *decoder) wait() time.Duration {
	switch {
	case d.pasting:
		return pasteWait
	case len(d.rest) == 0:
		return 0
	case d.rest[0] == 0x1b && len(d.rest) <= 2:
		return escapeWait
	}
	return cutWait
}

// flush returns the messages of what has begun and is not going to be completed.
func (d *decoder) flush(at time.Time) []any {
	if d.pasting {
		return append([]any(nil), d.endPaste(d.paste))
	}
	b := d.rest
	d.rest = nil
	var out []any
	switch {
	case len(b) == 0:
		return nil
	case b[0] != 0x1b:
		return together(b, at)
	case len(b) == 1:
		return d.decode(out, b, at)
	case b[1] == 0x1b:
		out = d.decode(out, b[:1], at)
		d.rest = b[1:]
		return append(out, d.flush(at)...)
	case len(b) == 2, strings.IndexByte("PX^_", b[1]) >= 0, b[1] == ']' && (b[2] < '0' || b[2] > '9'):
		// A key with Alt that could also have begun a sequence.
		out = append(out, keymap.Key{Name: "alt+" + string(rune(b[1])), At: at})
		out = append(out, d.feed(b[2:], at)...)
		return append(out, d.flush(at)...)
	}
	return nil // a sequence of which a part was lost
}

// pasted takes in a part of a bracketed paste, and returns what follows its end.
func (d *decoder) pasted(data []byte, out *[]any) []byte {
	before := len(d.paste)
	d.paste = append(d.paste, data...)
	from := max(d.seen-len(pasteEnd)+1, 0)
	if i := bytes.Index(d.paste[from:], []byte(pasteEnd)); i >= 0 {
		end := from + i
		after := end + len(pasteEnd) - before
		*out = append(*out, d.endPaste(d.paste[:end]))
		return data[after:]
	}
	if over := len(d.paste) - (MaxPaste + len(pasteEnd)); over > 0 || d.skipped > 0 {
		tail := min(len(pasteEnd)-1, len(d.paste)) // the end mark may be cut too
		d.skipped += len(d.paste) - tail
		d.paste = append(d.paste[:0], d.paste[len(d.paste)-tail:]...)
	}
	d.seen = len(d.paste)
	return nil
}

func (d *decoder) endPaste(text []byte) any {
	n := d.skipped + len(text)
	msg := pasteOf(text, n)
	d.pasting, d.paste, d.skipped, d.seen = false, nil, 0, 0
	return msg
}

// pasteOf returns the paste, or that it is too long, of n bytes.
func pasteOf(text []byte, n int) any {
	if n > MaxPaste {
		return PasteTooLong{Bytes: n, Limit: MaxPaste}
	}
	return keymap.Paste{Text: lineBreaks.Replace(string(text))}
}

// lineBreaks undoes what terminals do to pasted line breaks: they send each as Enter.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// together returns the messages of text and control characters that arrived at once, with
// no escape sequence among them.
func together(unit []byte, at time.Time) []any {
	var out []any
	// A paste hardly begins with a control character, but the key that clears a line is often
	// followed by text so soon that they arrive together.
	for len(unit) > 0 && isControl(unit[0]) && !bytes.ContainsRune([]byte("\r\n\t"), rune(unit[0])) {
		out = append(out, keymap.Key{Name: controlName(unit[0]), At: at})
		unit = unit[1:]
	}
	if isPaste(unit) {
		return append(out, pasteOf(unit, len(unit)))
	}
	for len(unit) > 0 {
		if isControl(unit[0]) {
			out = append(out, keymap.Key{Name: controlName(unit[0]), At: at})
			unit = unit[1:]
			continue
		}
		n := bytes.IndexFunc(unit, func(r rune) bool { return r < utf8.RuneSelf && isControl(byte(r)) })
		if n < 0 {
			n = len(unit)
		}
		out = append(out, typed(strings.ToValidUTF8(string(unit[:n]), "\uFFFD"), at))
		unit = unit[n:]
	}
	return out
}

// typed returns text as a key if it is one character.
func typed(text string, at time.Time) any {
	if utf8.RuneCountInString(text) == 1 {
		return keymap.Key{Name: text, Text: text, At: at}
	}
	return keymap.Typed{Text: text, At: at}
}

// isPaste reports whether the unit holds text and a newline or a tab.
func isPaste(unit []byte) bool {
	return bytes.ContainsAny(unit, "\r\n\t") && bytes.IndexFunc(unit, func(r rune) bool { return r >= ' ' && r != 0x7f }) >= 0
}

func isControl(b byte) bool { return b < ' ' || b == 0x7f }

// cutRune reports whether the last character lacks bytes.
func cutRune(b []byte) bool {
	for i := 1; i <= min(utf8.UTFMax-1, len(b)); i++ {
		if utf8.RuneStart(b[len(b)-i]) {
			return !utf8.FullRune(b[len(b)-i:])
		}
	}
	return false
}

// sequence returns the length of the escape sequence that b begins with, 0 if it may go on
// after the end of b.
func sequence(b []byte) int {
	if len(b) == 1 {
		return 0
	}
	switch b[1] {
	case 0x1b: // Esc twice, or a key with Alt that is a sequence itself
		switch {
		case len(b) == 2:
			return 0
		case b[2] != '[' && b[2] != 'O':
			return 1
		}
		if n := sequence(b[1:]); n > 0 {
			return n + 1
		}
		return 0
	case '[':
		return controlSequence(b)
	case 'O':
		i := 2
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		switch {
		case i == len(b):
			return 0
		case isControl(b[i]) || b[i] >= utf8.RuneSelf:
			return 2
		}
		return i + 1
	case ']', 'P', '_', '^', 'X':
		return stringSequence(b)
	}
	if !utf8.FullRune(b[1:]) {
		return 0
	}
	_, n := utf8.DecodeRune(b[1:])
	return 1 + n
}

// controlSequence is sequence for those that begin with CSI. One with an invalid byte ends
// before that.
func controlSequence(b []byte) int {
	i := 2
	if len(b) > 2 && b[2] == '[' { // function keys of the Linux console
		i = 3
	}
	for ; i < len(b); i++ {
		switch {
		case b[i] >= 0x40 && b[i] <= 0x7e:
			return i + 1
		case b[i] < 0x20 || b[i] > 0x7e || i >= maxSequence:
			return i
		}
	}
	return 0
}

// stringSequence is sequence for those that end with ST or BEL, such as the answer to a
// question about a colour.
func stringSequence(b []byte) int {
	for i := 2; i < len(b); i++ {
		switch {
		case b[i] == 0x07 && b[1] == ']':
			return i + 1
		case b[i] == 0x1b && i+1 == len(b):
			return 0
		case b[i] == 0x1b && b[i+1] == '\\':
			return i + 2
		case b[i] == 0x1b, i >= maxString:
			return i
		}
	}
	return 0
}

// decode appends the message of one escape sequence; most that are not keys have none.
func (d *decoder) decode(out []any, seq []byte, at time.Time) []any {
	if len(seq) == 4 && string(seq[:3]) == "\x1b[[" && seq[3] >= 'A' && seq[3] <= 'E' { // of the Linux console
		return append(out, keymap.Key{Name: "f" + string(seq[3]-'A'+'1'), At: at})
	}
	_, event := d.keys.Decode(seq)
	if several, ok := event.(uv.MultiEvent); ok && len(several) > 0 {
		event = several[0] // Shift-F3, or where the cursor is, which nobody here asks
	}
	switch event := event.(type) {
	case uv.KeyPressEvent:
		if name, text := keyName(uv.Key(event)); name != "" {
			out = append(out, keymap.Key{Name: name, Text: text, At: at})
		}
	case uv.BackgroundColorEvent:
		out = append(out, Background{Dark: event.IsDark()})
	}
	return out
}
