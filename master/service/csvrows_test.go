package service

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/api"
)

// csvOf returns the CSV for rows of JSON arrays, one block each.
func csvOf(t *testing.T, names []string, rows ...string) string {
	t.Helper()
	w := httptest.NewRecorder()
	c := newCSVRows(w)
	columns := make([]api.Column, len(names))
	for i := range names {
		columns[i].Name = names[i]
	}
	errs := []error{c.Head(columns)}
	for _, r := range rows {
		errs = append(errs, c.Block([]byte(r+"\n"), 1))
	}
	if c.Started() {
		t.Error("a short answer was started before its end")
	}
	if err := errors.Join(append(errs, c.End(api.EndInfo{}))...); err != nil {
		t.Fatal(err)
	}
	resp := w.Result()
	if got := resp.Header.Get("Content-Type"); got != "text/csv; charset=utf-8; header=present" {
		t.Errorf("the media type is %s", got)
	}
	if got := resp.Trailer.Get(api.TrailerTruncated); got != "false" {
		t.Errorf("the trailer is %q", got)
	}
	return w.Body.String()
}

func TestCSV(t *testing.T) {
	for name, tt := range map[string]struct {
		names []string
		row   string
		want  string
	}{
		"plain values are as on the wire":           {[]string{"a", "b", "c"}, `[1,-2.5e3,true]`, "a,b,c\r\n1,-2.5e3,true\r\n"},
		"NULL is empty, an empty string is quoted":  {[]string{"a", "b"}, `[null,""]`, "a,b\r\n,\"\"\r\n"},
		"a single NULL is no blank line":            {[]string{"a"}, `[null]`, "a\r\nNULL\r\n"},
		"the text NULL is quoted":                   {[]string{"a"}, `["NULL"]`, "a\r\n\"NULL\"\r\n"},
		"a comma, a quote and line ends are quoted": {[]string{"a", "b", "c"}, `["x,y","say \"hi\"","1\r\n2"]`, "a,b,c\r\n\"x,y\",\"say \"\"hi\"\"\",\"1\r\n2\"\r\n"},
		"leading and trailing spaces are kept":      {[]string{"a", "b"}, `[" x","x "]`, "a,b\r\n\" x\",\"x \"\r\n"},
		"JSON escapes are decoded":                  {[]string{"a"}, `["\u00fc\t\\\/"]`, "a\r\nü\t\\/\r\n"},
		"names are quoted too":                      {[]string{"", "a,b"}, `[1,2]`, "\"\",\"a,b\"\r\n1,2\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, csvOf(t, tt.names, tt.row)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCSVRoundTrip reads the CSV with another implementation.
func TestCSVRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		width := rapid.IntRange(1, 4).Draw(rt, "columns")
		value := rapid.StringOf(rapid.SampledFrom([]rune("a ü,\"\n;'\t\\"))) // the reader converts \r\n to \n
		want := [][]string{make([]string, width)}
		var rows []string
		for i := range width {
			want[0][i] = fmt.Sprint("c", i)
		}
		for range rapid.IntRange(0, 5).Draw(rt, "rows") {
			row, line := make([]string, width), []byte{'['}
			for i := range row {
				row[i] = value.Draw(rt, "value")
				if i > 0 {
					line = append(line, ',')
				}
				line, _ = jsontext.AppendQuote(line, row[i])
			}
			want, rows = append(want, row), append(rows, string(line)+"]")
		}
		got, err := csv.NewReader(strings.NewReader(csvOf(t, want[0], rows...))).ReadAll()
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func TestCSVTrailerReportsTruncation(t *testing.T) {
	w := httptest.NewRecorder()
	c := newCSVRows(w)
	if err := errors.Join(c.Head([]api.Column{{Name: "a"}}), c.Block([]byte("[1]\n"), 1), c.End(api.EndInfo{Query: &api.StatementInfo{Truncated: true}})); err != nil {
		t.Fatal(err)
	}
	if got := w.Result().Trailer.Get(api.TrailerTruncated); got != "true" {
		t.Errorf("the trailer is %q", got)
	}
}

func TestFailedCSVIsAborted(t *testing.T) {
	w := httptest.NewRecorder()
	c := newCSVRows(w)
	if err := c.Head([]api.Column{{Name: "a"}}); err != nil {
		t.Fatal(err)
	}
	row := `["` + strings.Repeat("x", 1000) + `"]` + "\n"
	for !c.Started() {
		if err := c.Block([]byte(row), 1); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.Body.Len(); n < jsonBuffer || n > jsonBuffer+2000 {
		t.Errorf("it was started with %d bytes", n)
	}
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("it panicked with %v", got)
		}
	}()
	c.Fail(errors.New("a shard is lost"))
}

func TestCSVRejectsInvalidStrings(t *testing.T) {
	c := newCSVRows(httptest.NewRecorder())
	if err := c.Block([]byte(`["\x"]`+"\n"), 1); api.CodeOf(err) != api.CodeShardBadAnswer {
		t.Errorf("got %v", err)
	}
}
