package api

import (
	"reflect"
	"slices"
	"strings"
)

// Nearest returns up to three of the candidate names that differ from name by a typo (ignoring
// case), or that contain it, nearest first. It returns none for a name longer than
// [MaxIdentifier].
func Nearest(name string, among []string) []string {
	if len(name) > MaxIdentifier {
		return nil
	}
	type candidate struct {
		name string
		far  int
	}
	var found []candidate
	lower := strings.ToLower(name)
	for _, n := range among {
		c := strings.ToLower(n)
		far := editDistance(lower, c)
		if far <= max(1, len(c)/3) && far < max(len(c), len(lower)) || len(lower) >= 2 && strings.HasPrefix(c, lower) || len(lower) >= 3 && strings.Contains(c, lower) {
			found = append(found, candidate{n, far})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.far - b.far })
	var names []string
	for _, c := range found[:min(3, len(found))] {
		names = append(names, c.name)
	}
	return names
}

// editDistance is the optimal string alignment distance: the number of insertions, deletions,
// substitutions and transpositions of neighbours that turn a into b. It keeps three rows of the
// matrix.
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// memberNames returns the names of the JSON members of the struct dst points to; none if it is
// not a struct.
func memberNames(dst any) []string {
	t := reflect.TypeOf(dst)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for _, f := range reflect.VisibleFields(t.Elem()) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); f.IsExported() && name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}
