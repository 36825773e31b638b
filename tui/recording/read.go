package recording

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
)

// Recording is a recording as it was read.
type Recording struct {
	Header  Header
	Entries []Entry
	// Cut says that the last line was incomplete, as when the program that wrote it was killed.
	Cut bool

	at []time.Duration // when each entry was made, since the start; never less than the one before
}

// Ended is why the recording ended, "" if it was cut short.
func (r *Recording) Ended() string {
	if n := len(r.Entries); n > 0 {
		return r.Entries[n-1].End
	}
	return ""
}

// Length is the time from its start to its end.
func (r *Recording) Length() time.Duration {
	if n := len(r.at); n > 0 {
		return r.at[n-1]
	}
	return 0
}

// VersionError says that a recording was made by a newer program.
type VersionError struct {
	Format  int
	Version string // of the program that made it
}

// Error says which program is required.
func (e *VersionError) Error() string {
	return fmt.Sprintf("the recording was made by shardeck %.40q in format %d, and this program reads formats up to %d; use that version to replay it",
		e.Version, e.Format, Format)
}

// LineError says which line of a recording cannot be understood.
type LineError struct {
	Line int
	Err  error
}

// Error says which line it is and what is wrong.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong.
func (e *LineError) Unwrap() error { return e.Err }

// Read reads a recording, compressed or not. An incomplete last line is left out.
func Read(from io.Reader) (*Recording, error) {
	text := bufio.NewReader(from)
	if magic, err := text.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		gz, err := gzip.NewReader(text)
		if err != nil {
			return nil, fmt.Errorf("it begins as a compressed file and is none: %w", err)
		}
		text = bufio.NewReader(gz)
	}
	lines := bufio.NewScanner(io.LimitReader(text, MaxSize+1))
	lines.Buffer(nil, maxLine+1)
	r, n, size := new(Recording), 0, 0
	var broken *LineError
	for lines.Scan() {
		n++
		if size += len(lines.Bytes()) + 1; size > MaxSize+1 {
			return nil, fmt.Errorf("it is longer than %d MiB", MaxSize>>20)
		}
		if broken != nil {
			return nil, broken // it is not the last line
		}
		if n == 1 {
			if err := r.head(lines.Bytes()); err != nil {
				return nil, err
			}
			continue
		}
		if err := r.add(lines.Bytes()); err != nil {
			broken = &LineError{n, err}
		}
	}
	err := lines.Err()
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, &LineError{n + 1, fmt.Errorf("longer than %d MiB", maxLine>>20)}
	case errors.Is(err, io.ErrUnexpectedEOF): // the compressed stream was cut short
		r.Cut = true
	case err != nil:
		return nil, err
	}
	if n == 0 {
		return nil, errors.New("it is empty; nothing was recorded")
	}
	r.Cut = r.Cut || broken != nil
	return r, nil
}

// head reads the first line.
func (r *Recording) head(line []byte) error {
	if err := json.Unmarshal(line, &r.Header); err != nil || r.Header.Format < 1 {
		return &LineError{1, errors.New("this is not a recording of shardeck")}
	}
	if r.Header.Format > Format {
		return &VersionError{r.Header.Format, r.Header.Version}
	}
	if len(r.Header.Masters) == 0 {
		return &LineError{1, errors.New("it names no master")}
	}
	return nil
}

// add reads another line.
func (r *Recording) add(line []byte) error {
	var e Entry
	if len(bytes.TrimSpace(line)) == 0 {
		return errors.New("it is empty")
	}
	if r.Ended() != "" {
		return errors.New("it follows the end of the recording")
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	if err := e.check(); err != nil {
		return err
	}
	// A clock that was set back must not make the order of the lines doubtful.
	r.at = append(r.at, max(r.Length(), e.At.Sub(r.Header.Start)))
	r.Entries = append(r.Entries, e)
	return nil
}

// check refuses what no console is ever told.
func (e *Entry) check() error {
	switch {
	case e.Poll != nil && (e.Poll.Metadata == nil) == (e.Poll.Err == nil):
		return errors.New("a poll has either an answer or an error")
	case e.Traffic != nil && (e.Traffic.Report == nil) == (e.Traffic.Err == nil):
		return errors.New("a look at the traffic has either an answer or an error")
	case e.Count != nil && e.Count.Answer != nil && e.Count.Err != nil,
		e.Security != nil && e.Security.Answer != nil && e.Security.Err != nil:
		return errors.New("it has both an answer and an error")
	case e.Failover != nil && (e.Failover.Answer == nil) == (e.Failover.Err == nil):
		return errors.New("a failover has either an answer or an error")
	case e.Interval < 0:
		return errors.New("the interval is negative")
	}
	return nil
}
