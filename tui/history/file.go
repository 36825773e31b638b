package history

import (
	"bytes"

	"github.com/go-json-experiment/json"

	"shardeck/tui/journal"
)

// The bounds of the file.
const (
	MaxEntries   = 2000     // loaded, the latest ones
	MaxBytes     = 4 << 20  // beyond this the older half is dropped
	MaxStatement = 64 << 10 // bytes; longer statements are not saved
)

// Path is the path of the user's file; "" if there is none.
func Path(getenv func(string) string) string { return journal.StateFile(getenv, "statements.jsonl") }

func file(path string) journal.File {
	return journal.File{Path: path, Max: MaxBytes, Keep: func(line []byte) bool { return bytes.Contains(line, []byte(`"favourite"`)) }}
}

// Load reads the latest entries, the oldest first. A missing file is empty, and lines that cannot
// be decoded are skipped. Of a file that something else has made huge only the end is read.
func Load(path string) ([]Entry, error) {
	b, err := file(path).Read()
	if err != nil {
		return nil, err
	}
	all := Merge(decode(b))
	return all[max(len(all)-MaxEntries, 0):], nil
}

func decode(b []byte) []Line {
	var lines []Line
	for text := range bytes.Lines(b) {
		var l Line
		if json.Unmarshal(bytes.TrimSpace(text), &l) == nil {
			lines = append(lines, l)
		}
	}
	return lines
}

// Append adds a line to the file, and makes it private. One with a statement that is longer than
// [MaxStatement] is dropped.
func Append(path string, l Line) error {
	if len(l.SQL) > MaxStatement {
		return nil
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return file(path).Append(append(text, '\n'))
}
