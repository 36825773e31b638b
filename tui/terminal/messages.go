package terminal

import "fmt"

// PasteTooLong says that a paste was refused because it is longer than [MaxPaste].
type PasteTooLong struct{ Bytes, Limit int }

// Error says what was refused and what to do instead.
func (p PasteTooLong) Error() string {
	return fmt.Sprintf("the paste of %.1f MiB was refused: it is longer than %d MiB; open it as a file instead", float64(p.Bytes)/(1<<20), p.Limit>>20)
}

// Background is the terminal's answer to the question of its background colour. It may come
// late or never.
type Background struct{ Dark bool }

// Resumed says that the program continues after it was suspended.
type Resumed struct{}

// CannotSuspend says why the program was not suspended.
type CannotSuspend struct{ Why string }

// Edited says that the editor on a file has ended. Err says why it could not be started or
// that it failed; the file is then as the editor left it.
type Edited struct {
	Path string
	Err  error
}

// Copied says what became of [Copy]: How is where the text is now, as a phrase.
type Copied struct {
	Bytes int
	How   string
	Err   error
}
