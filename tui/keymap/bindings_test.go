package keymap

import (
	"strings"
	"testing"
)

func TestBindingsReplaceKeysAndRefuseConflicts(t *testing.T) {
	list := []Command{
		{Name: "count the rows by MapReduce", Keys: []string{"c"}, Shown: "c"},
		{Name: "refresh now, and repaint", Keys: []string{"r"}},
		{Name: "pause", Keys: []string{"p"}, Off: "not now"},
	}
	if id := list[1].ID(); id != "refresh-now-and-repaint" {
		t.Errorf("the id is %s", id)
	}
	b := Bindings{"count-the-rows-by-mapreduce": {"f5", "x"}}
	got := b.Apply(list)
	if Find(got, "c") != nil || Find(got, "x") == nil || got[0].KeyText() != "F5" || list[0].Keys[0] != "c" {
		t.Errorf("after rebinding: %+v, and the list %+v", got[0], list[0])
	}
	if id, err := b.Check(list); err != nil {
		t.Errorf("%s: %v", id, err)
	}
	for want, b := range map[string]Bindings{
		"R is also":                       {"count-the-rows-by-mapreduce": {"R"}, "refresh-now-and-repaint": {"R"}},
		"r is also the key":               {"count-the-rows-by-mapreduce": {"r"}},
		"there is no command":             {"nosuch": {"x"}},
		"not the name of a key":           {"pause": {"contrl+x"}},
		"most terminals cannot send":      {"pause": {"ctrl+enter"}},
		"write \"X\"":                     {"pause": {"shift+x"}},
		"did you mean pause?":             {"pausee": {"x"}},
		"it has no key":                   {"pause": {}},
		"a terminal sends the same":       {"pause": {"ctrl+i"}},
		"\"f99\" is not the name":         {"pause": {"f99"}},
		"p is also the key":               {"count-the-rows-by-mapreduce": {"p"}},
		"keeps its meaning":               {"pause": {"ctrl+c"}},
		"Esc keeps":                       {"pause": {"esc"}},
		"\"fx\" is not the name of a key": {"pause": {"fx"}},
	} {
		if _, err := b.Check(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, not %q", b, err, want)
		}
	}
	// Two keys that swap are no conflict.
	for _, b := range []Bindings{
		{"count-the-rows-by-mapreduce": {"r"}, "refresh-now-and-repaint": {"c"}},
	} {
		if id, err := b.Check(list); err != nil {
			t.Errorf("%v: %s: %v", b, id, err)
		}
	}
}
