package history

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// OK is the outcome of a statement that succeeded. Others are the codes of the masters' answers,
// such as syntax_error or canceled.
const OK = "ok"

// Entry is a statement that was run, or a draft that was left for another one.
type Entry struct {
	ID        string // unique among all consoles
	SQL       string
	DB        string
	Cluster   string // the cluster's id; "" if it was not known
	At        time.Time
	Took      time.Duration
	Rows      int64  // returned or affected; -1 if unknown
	Outcome   string // [OK], an error's code, or "" if it is not known to have ended
	Favourite bool
	Draft     bool // was never run
}

// Holds reports whether a line can hold a statement.
func Holds(sql string) bool { return len(sql) <= MaxStatement && utf8.ValidString(sql) }

// Line is a line of the file.
type Line struct {
	ID        string    `json:"id,omitzero"`
	At        time.Time `json:"at,omitzero"`
	Cluster   string    `json:"cluster,omitzero"`
	DB        string    `json:"db,omitzero"`
	SQL       string    `json:"sql,omitzero"`
	MS        float64   `json:"ms,omitzero"`
	Rows      *int64    `json:"rows,omitzero"`
	Outcome   string    `json:"outcome,omitzero"`
	Favourite *bool     `json:"favourite,omitzero"`
	Draft     bool      `json:"draft,omitzero"`
}

// Started is the line of a statement that starts.
func Started(e *Entry) Line {
	return Line{ID: e.ID, At: e.At.UTC(), Cluster: e.Cluster, DB: e.DB, SQL: e.SQL}
}

// Ended is the line of a statement that has ended.
func Ended(e *Entry) Line {
	l := Line{ID: e.ID, MS: float64(e.Took.Microseconds()) / 1000, Outcome: e.Outcome}
	if e.Rows >= 0 {
		l.Rows = &e.Rows
	}
	return l
}

// Drafted is the line of a text that was not run.
func Drafted(e *Entry) Line {
	l := Started(e)
	l.Draft = true
	return l
}

// Marked is the line that makes a statement a favourite, or no longer one.
func Marked(sql string, favourite bool) Line { return Line{SQL: sql, Favourite: &favourite} }

// Merge returns the entries that lines describe, the oldest first.
func Merge(lines []Line) []Entry {
	var all []Entry
	byID := map[string]int{}
	favourites := map[string]bool{}
	for i := range lines {
		l := &lines[i]
		switch {
		case l.Favourite != nil:
			favourites[l.SQL] = *l.Favourite
		case l.SQL != "":
			if l.ID != "" {
				byID[l.ID] = len(all)
			}
			all = append(all, Entry{ID: l.ID, SQL: l.SQL, DB: l.DB, Cluster: l.Cluster, At: l.At, Rows: -1, Outcome: l.Outcome, Draft: l.Draft})
		case l.ID != "":
			if k, ok := byID[l.ID]; ok {
				all[k].end(l)
			}
		}
	}
	for i := range all {
		all[i].Favourite = favourites[all[i].SQL]
	}
	return all
}

func (e *Entry) end(l *Line) {
	e.Took, e.Outcome = time.Duration(l.MS*float64(time.Millisecond)), l.Outcome
	if l.Rows != nil {
		e.Rows = *l.Rows
	}
}

// Search returns the entries that contain every word, the latest first and each text once. Cluster
// restricts them to one cluster, and to those whose cluster is unknown; "" does not.
func Search(all []Entry, words, cluster string, favourites bool) []Entry {
	var found []Entry
	seen := map[string]bool{}
	want := strings.Fields(strings.ToLower(words))
	for i := len(all) - 1; i >= 0; i-- {
		e := &all[i]
		text := strings.ToLower(e.SQL)
		switch {
		case seen[e.SQL], favourites && !e.Favourite, cluster != "" && e.Cluster != "" && e.Cluster != cluster,
			slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(text, w) }):
			continue
		}
		seen[e.SQL] = true
		found = append(found, *e)
	}
	return found
}
