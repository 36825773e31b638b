package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEditDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "abc", 3}, {"name", "name", 0}, {"nmae", "name", 1}, {"gpaa", "gpa", 1}, {"kitten", "sitting", 3}} {
		if got := editDistance(tt.a, tt.b); got != tt.want {
			t.Errorf("%s, %s: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestNearest(t *testing.T) {
	fields := memberNames(new(SelectRequest))
	for name, want := range map[string][]string{
		"db": {"db_name"}, "tabel": {"table"}, "DB_NAME": {"db_name"}, "orderby": {"order_by"}, "key": {"shard_key"}, "xyzzy": nil, "": nil,
	} {
		if diff := cmp.Diff(want, Nearest(name, fields)); diff != "" {
			t.Errorf("%s among %v:\n%s", name, fields, diff)
		}
	}
}
