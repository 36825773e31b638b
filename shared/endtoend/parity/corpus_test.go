package parity

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shardeck/shared/api"
)

// record is a statement or query of a corpus file, with its expected result.
type record struct {
	line  int // line number of its first line, from 1
	lines []string

	only []condition // onlyif: all must hold
	skip []condition // skipif: none may

	query   bool
	ordered bool
	fold    bool
	code    api.Code // the expected error code; empty for none
	number  int      // SQL Server's; 0 if not checked
	rows    int64    // affected; -1 if not checked
	text    string

	answerAt int // index in lines of ----; -1 for a statement
	columns  string
	answer   []string
}

// condition is an onlyif or skipif line.
type condition struct {
	on         string
	difference string // the row of the documented table, if one is named
}

// engines are the names a condition may use, apart from the ways to send a statement.
var engines = []string{"sqlite", "sqlserver", "babelfish", endpointsWay, queryWay}

// readCorpus reads all files of the corpus.
func readCorpus(t *testing.T) map[string][]*record {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.slt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	all := map[string][]*record{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if all[file], err = parseFile(string(text)); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return all
}

// parseFile splits a file into records; comment-only blocks are records without text, so that
// nothing is lost when the file is written again.
func parseFile(text string) ([]*record, error) {
	var records []*record
	var r *record
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if line == "" {
			r = nil
			continue
		}
		if r == nil {
			r = &record{line: i + 1, rows: -1, answerAt: -1}
			records = append(records, r)
		}
		r.lines = append(r.lines, line)
	}
	for _, r := range records {
		if err := r.parse(); err != nil {
			return nil, fmt.Errorf("line %d: %w", r.line, err)
		}
	}
	return records, nil
}

func (r *record) parse() error {
	headed := false
	for i, line := range r.lines {
		words := strings.Fields(line)
		switch {
		case r.answerAt >= 0 && r.columns == "":
			r.columns = line
		case r.answerAt >= 0:
			r.answer = append(r.answer, line)
		case headed && line == "----":
			r.answerAt = i
		case headed:
			r.text += line + "\n"
		case strings.HasPrefix(line, "#"):
		case words[0] == "onlyif" || words[0] == "skipif":
			if err := r.condition(words); err != nil {
				return err
			}
		default:
			headed = true
			if err := r.head(words); err != nil {
				return err
			}
		}
	}
	switch {
	case headed && r.text == "":
		return fmt.Errorf("there is no text")
	case r.query != (r.answerAt >= 0):
		return fmt.Errorf("a query has ---- and a result, a statement has neither")
	}
	return nil
}

func (r *record) condition(words []string) error {
	if len(words) < 2 || len(words) > 3 || !slices.Contains(engines, words[1]) {
		return fmt.Errorf("%q: want one of %v and optionally a difference", words, engines)
	}
	c := condition{on: words[1]}
	if len(words) == 3 {
		c.difference = words[2]
	}
	if words[0] == "skipif" {
		r.skip = append(r.skip, c)
		return nil
	}
	if c.difference == "" {
		return fmt.Errorf("%q names no difference", words)
	}
	r.only = append(r.only, c)
	return nil
}

func (r *record) head(words []string) error {
	r.query = words[0] == "query"
	switch {
	case r.query && len(words) == 2 && (words[1] == "ordered" || words[1] == "unordered"):
		r.ordered = words[1] == "ordered"
		return nil
	case r.query && slices.Equal(words[1:], []string{"unordered", "fold"}):
		r.fold = true
		return nil
	case words[0] == "statement" && len(words) > 1 && words[1] == "ok" && len(words) <= 3:
		if len(words) == 2 {
			return nil
		}
		var err error
		r.rows, err = strconv.ParseInt(words[2], 10, 64)
		return err
	case words[0] == "statement" && len(words) > 2 && words[1] == "error" && len(words) <= 4:
		r.code = api.Code(words[2])
		if !slices.Contains(api.Codes(), r.code) {
			return fmt.Errorf("there is no code %q", r.code)
		}
		if len(words) == 3 {
			return nil
		}
		var err error
		r.number, err = strconv.Atoi(words[3])
		return err
	}
	return fmt.Errorf("%q is invalid", words)
}

// runsOn reports whether the conditions let the record run there.
func (r *record) runsOn(what []string) bool {
	holds := func(c condition) bool { return slices.Contains(what, c.on) }
	for _, c := range r.only {
		if !holds(c) {
			return false
		}
	}
	return r.text != "" && !slices.ContainsFunc(r.skip, holds)
}

// put replaces the expected result.
func (r *record) put(columns string, rows []string) {
	r.columns, r.answer = columns, rows
	r.lines = append(append(r.lines[:r.answerAt+1:r.answerAt+1], columns), rows...)
}

// formatFile is the inverse of parseFile.
func formatFile(records []*record) []byte {
	var b bytes.Buffer
	for i, r := range records {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, line := range r.lines {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func TestCorpusFilesRoundTrip(t *testing.T) {
	for file, records := range readCorpus(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(formatFile(records)) != string(text) {
			t.Errorf("%s has more than one blank line somewhere, or none at its end", file)
		}
		for _, r := range records {
			if !r.runsOn([]string{endpointsWay}) && len(r.only) == 0 {
				continue
			}
			if _, err := parse(r.text); err != nil {
				t.Errorf("%s:%d: %v", file, r.line, err)
			}
		}
	}
}

func TestBadRecordsAreRefused(t *testing.T) {
	for _, text := range []string{
		"statement maybe\nSELECT 1",
		"statement ok x\nDROP TABLE T",
		"statement error no_such_code\nDROP TABLE T",
		"statement ok",
		"query\nSELECT a FROM T\n----\na INT",
		"query sometimes\nSELECT a FROM T\n----\na INT",
		"query ordered\nSELECT a FROM T",
		"statement ok\nDROP TABLE T\n----\na INT",
		"onlyif sqlite\nstatement ok\nDROP TABLE T",
		"onlyif oracle x\nstatement ok\nDROP TABLE T",
	} {
		if _, err := parseFile(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
