package editor

// Ring is the texts that were cut, copied or killed, the latest last. Several editors may
// share one. The zero value is empty.
type Ring struct {
	texts []string
	size  int
}

const (
	maxRing     = 64
	maxRingText = 2 * MaxText // in all, in bytes
)

// Push adds a text.
func (r *Ring) Push(text string) {
	if text == "" {
		return
	}
	r.texts = append(r.texts, text)
	r.size += len(text)
	for len(r.texts) > 1 && (len(r.texts) > maxRing || r.size > maxRingText) {
		r.size -= len(r.texts[0])
		r.texts = r.texts[1:]
	}
}

// extend adds a text to the latest one, before or after it.
func (r *Ring) extend(text string, before bool) {
	last := len(r.texts) - 1
	if last < 0 {
		r.Push(text)
		return
	}
	r.size += len(text)
	if before {
		r.texts[last] = text + r.texts[last]
	} else {
		r.texts[last] += text
	}
}

// at returns the text n before the latest one, going round.
func (r *Ring) at(n int) string {
	if len(r.texts) == 0 {
		return ""
	}
	return r.texts[len(r.texts)-1-n%len(r.texts)]
}
