package testcluster

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// SplitCommand splits a command line into words as a POSIX shell does, with quotes and
// backslashes but without expanding anything.
func SplitCommand(line string) ([]string, error) {
	const backslash = '\\'
	var words []string
	var word strings.Builder
	var quote rune // the open quote, or 0
	inWord, escaped := false, false
	for _, c := range line {
		switch {
		case escaped:
			// Between double quotes, a backslash before any other character stands for itself.
			if quote == '"' && !strings.ContainsRune("\"\\$`", c) {
				word.WriteRune(backslash)
			}
			word.WriteRune(c)
			escaped = false
		case c == backslash && quote != '\'':
			escaped, inWord = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case strings.ContainsRune(" \t\n", c):
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	switch {
	case quote != 0:
		return nil, errors.New("the command has a quote that is not closed")
	case escaped:
		return nil, errors.New("the command ends in a backslash")
	case inWord:
		words = append(words, word.String())
	}
	if len(words) == 0 || words[0] == "" {
		return nil, errors.New("the command does not name a program")
	}
	return words, nil
}

// Root returns the root of the module whose tests run, which contains go.mod.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			tb.Fatal("testcluster: the tests run outside their module")
		}
		dir = filepath.Dir(dir)
	}
}
