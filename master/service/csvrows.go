package service

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/jsonrow"
)

// csvRows writes RFC 4180 CSV: a line of names, then a line for each row. NULL is an
// empty field, an empty string is "". If there is one column, NULL is the word NULL without
// quotation marks, which the text "NULL" always has: a blank line would be skipped by most
// readers, and the row lost. If an answer fails after it started, the
// connection is aborted, so that no client takes it for a complete one. A trailer
// reports whether max_rows truncated the answer.
type csvRows struct {
	w       http.ResponseWriter
	buf     bytes.Buffer
	one     bool // there is one column
	started bool
}

func newCSVRows(w http.ResponseWriter) *csvRows { return &csvRows{w: w} }

// Head starts the answer.
func (c *csvRows) Head(columns []api.Column) error {
	c.one = len(columns) == 1
	for i, col := range columns {
		if i > 0 {
			c.buf.WriteByte(',')
		}
		c.field([]byte(col.Name))
	}
	c.buf.WriteString("\r\n")
	return nil
}

// Block adds rows.
func (c *csvRows) Block(block []byte, _ int64) error {
	var text []byte
	for line := range bytes.Lines(block) {
		first := true
		for elem, ok := range jsonrow.Elements(line) {
			if !ok {
				return api.NewProblem(api.CodeShardBadAnswer, "a row is not a JSON array of the expected columns")
			}
			if !first {
				c.buf.WriteByte(',')
			}
			first = false
			switch {
			case string(elem) == "null":
				if c.one {
					c.buf.WriteString("NULL")
				}
			case elem[0] == '"':
				var err error
				if text, err = jsontext.AppendUnquote(text[:0], elem); err != nil {
					return api.NewProblem(api.CodeShardBadAnswer, "a value is not a valid JSON string")
				}
				c.field(text)
			default:
				c.buf.Write(elem)
			}
		}
		c.buf.WriteString("\r\n")
	}
	if !c.started && c.buf.Len() < jsonBuffer {
		return nil
	}
	return c.flush()
}

// field writes a field, quoted if necessary. An empty string is quoted to distinguish it
// from NULL.
func (c *csvRows) field(text []byte) {
	if len(text) > 0 && string(text) != "NULL" && !bytes.ContainsAny(text, "\",\r\n") && text[0] != ' ' && text[len(text)-1] != ' ' {
		c.buf.Write(text)
		return
	}
	c.buf.WriteByte('"')
	c.buf.WriteString(strings.ReplaceAll(string(text), `"`, `""`))
	c.buf.WriteByte('"')
}

func (c *csvRows) flush() error {
	defer writeDeadline(c.w, c.started, c.buf.Len())()
	if !c.started {
		c.started = true
		h := c.w.Header()
		h.Set("Content-Type", api.MediaCSV+"; charset=utf-8; header=present")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Trailer", api.TrailerTruncated)
	}
	_, err := c.w.Write(c.buf.Bytes())
	c.buf.Reset()
	return err
}

// End completes the answer.
func (c *csvRows) End(info api.EndInfo) error {
	if err := c.flush(); err != nil {
		return err
	}
	truncated := "false"
	if info.Query != nil && info.Query.Truncated {
		truncated = "true"
	}
	c.w.Header().Set(api.TrailerTruncated, truncated)
	return nil
}

// Fail aborts an answer that was started.
func (c *csvRows) Fail(error) { panic(http.ErrAbortHandler) }

// Started reports whether part of the answer was sent.
func (c *csvRows) Started() bool { return c.started }

// Discard implements rowAnswer; there is nothing to release.
func (c *csvRows) Discard() {}
