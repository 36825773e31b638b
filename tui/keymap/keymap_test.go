package keymap

import "testing"

func TestLabelIsWhatPeopleWrite(t *testing.T) {
	for key, want := range map[string]string{
		"q": "q", "T": "T", "?": "?", "+": "+", "ctrl+r": "Ctrl-R", "alt+enter": "Alt-Enter", "f5": "F5",
		"esc": "Esc", "pgup": "PgUp", "shift+tab": "Shift-Tab", "ctrl+left": "Ctrl-←", " ": "Space", "ctrl++": "Ctrl-+", "é": "é",
		"alt+a": "Alt-A", "alt+A": "Alt-Shift-A", "alt+<": "Alt-<", "ctrl+@": "Ctrl-Space", "@": "@", "ctrl+_": "Ctrl-_",
	} {
		if got := Label(key); got != want {
			t.Errorf("%q is shown as %q, want %q", key, got, want)
		}
	}
}

func TestLabelsListAKeyOnce(t *testing.T) {
	c := Command{Keys: []string{" ", "space", "x"}}
	if got := c.Labels(); len(got) != 2 || got[0] != "Space" || got[1] != "x" {
		t.Errorf("got %q", got)
	}
}

func TestFindPrefersPossibleCommand(t *testing.T) {
	ran := ""
	cmd := func(name, off string, keys ...string) Command {
		return Command{Name: name, Off: off, Keys: keys, Do: func() Intent { ran = name; return nil }}
	}
	commands := []Command{cmd("cancel", "nothing runs", "esc"), cmd("leave", "", "esc"), cmd("run", "no statement", "f5")}
	if c := Find(commands, "esc"); c == nil || c.Name != "leave" {
		t.Fatalf("esc finds %+v", c)
	} else if c.Run(); ran != "leave" {
		t.Errorf("ran %q", ran)
	}
	if got := Find(commands, "f5").Run(); got != (Say{Text: "no statement"}) {
		t.Errorf("an impossible command: %v", got)
	}
	if Find(commands, "f6") != nil {
		t.Error("a key without a command finds one")
	}
}

func TestTypedTextIsItsCharacters(t *testing.T) {
	keys := Typed{Text: "f5é"}.Keys()
	if len(keys) != 3 || keys[0].Name != "f" || keys[1].Name != "5" || keys[2].Text != "é" {
		t.Errorf("got %v", keys)
	}
}
