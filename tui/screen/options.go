package screen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// RunSettings is the dialog for the switches and parameters of statements.
type RunSettings struct {
	options RunOptions
	rows    []setting
	cursor  int
	fault   string
}

// setting is a line of the dialog: a switch, or a text.
type setting struct {
	name, help string
	on         *bool  // a switch
	text       string // else its text
	set        func(o *RunOptions, text string) error
}

// NewRunSettings returns the dialog. names are the parameters in the text.
func NewRunSettings(o RunOptions, names []string) *RunSettings {
	s := &RunSettings{options: o}
	p := &s.options
	s.rows = []setting{
		{name: "all shards", help: "an UPDATE or DELETE without a shard key may go to every shard", on: &p.AllShards},
		{name: "partial answers", help: "a SELECT may do without the shards that fail, and names them", on: &p.AllowPartial},
		{name: "writes without a question", help: "INSERT, UPDATE, DELETE, CREATE and DROP run at once", on: &p.YesWrites},
		{name: "row limit", help: "of a result, such as 1,000; 0 for none", text: widget.Thousands(o.MaxRows), set: setMaxRows},
		{name: "timeout", help: "such as 30s or 5m; nothing for the master's own", text: timeoutText(o.Timeout), set: setTimeout},
	}
	values := map[string]string{}
	for _, v := range o.Params {
		values[v.Name] = paramText(v.Value)
		if !slices.Contains(names, v.Name) {
			names = append(names, v.Name)
		}
	}
	for _, name := range names {
		s.rows = append(s.rows, setting{name: "@" + name, help: "a number, text, 'text in quotes', or NULL", text: values[name],
			set: func(o *RunOptions, text string) error { return setParam(o, name, text) }})
	}
	return s
}

// marks names the switches that are on, for the title of the editor.
func (o *RunOptions) marks() string {
	text := ""
	if o.AllShards {
		text += " · ALL SHARDS"
	}
	if o.AllowPartial {
		text += " · partial"
	}
	if o.YesWrites {
		text += " · unasked"
	}
	return text
}

func setMaxRows(o *RunOptions, text string) error {
	n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(text), ",", ""), 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("the row limit must be a number from 0 on, not %q", text)
	}
	o.MaxRows = n
	return nil
}

func setTimeout(o *RunOptions, text string) error {
	if text = strings.TrimSpace(text); text == "" {
		o.Timeout = 0
		return nil
	}
	d, err := time.ParseDuration(text)
	if n, numErr := strconv.Atoi(text); numErr == nil {
		d, err = time.Duration(n)*time.Second, nil
	}
	if err != nil || d < 0 {
		return fmt.Errorf("the timeout must be a time such as 30s, not %q", text)
	}
	o.Timeout = d
	return nil
}

// timeoutText is how a timeout is typed: nothing for the master's own.
func timeoutText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// setParam sets a parameter from what was typed; nothing removes it.
func setParam(o *RunOptions, name, text string) error {
	params := slices.DeleteFunc(slices.Clone(o.Params), func(p Param) bool { return p.Name == name })
	if text != "" {
		params = append(params, Param{Name: name, Value: paramValue(text)})
	}
	o.Params = params
	return nil
}

// paramValue reads a value as it is typed: a number, true, false or NULL stands for itself, and
// everything else is text, with or without quotes. Numbers keep their digits.
func paramValue(text string) jsontext.Value {
	trimmed := strings.TrimSpace(text)
	switch v := jsontext.Value(strings.ToLower(trimmed)); {
	case v.IsValid() && (v.Kind() == '0' || v.Kind() == 'n' || v.Kind() == 't' || v.Kind() == 'f'):
		return v
	case len(trimmed) >= 2 && trimmed[0] == '\'' && trimmed[len(trimmed)-1] == '\'':
		text = strings.ReplaceAll(trimmed[1:len(trimmed)-1], "''", "'")
	}
	b, err := json.Marshal(strings.ToValidUTF8(text, "?"))
	if err != nil {
		return jsontext.Value("null") // valid text always can be encoded
	}
	return b
}

// paramText is how a value is typed.
func paramText(v jsontext.Value) string {
	if v.Kind() != '"' {
		return v.String()
	}
	s, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return v.String()
	}
	return "'" + strings.ReplaceAll(string(s), "'", "''") + "'"
}

// Writing reports whether the line under the cursor is a text.
func (s *RunSettings) Writing() bool { return s.rows[s.cursor].on == nil }

// Insert adds to the text under the cursor.
func (s *RunSettings) Insert(text string) Intent {
	s.rows[s.cursor].text += text
	s.fault = ""
	return nil
}

func (s *RunSettings) move(by int) { s.cursor = min(max(s.cursor+by, 0), len(s.rows)-1) }

// Commands lists the keys of the dialog.
func (s *RunSettings) Commands(*View) []keymap.Command {
	row := &s.rows[s.cursor]
	all := []keymap.Command{
		{Name: "accept", Label: "accept", Group: groupDialog, Keys: []string{"enter", "f7"}, Do: s.accept},
		{Name: "close and change nothing", Label: "cancel", Group: groupDialog, Keys: []string{"esc"}, Do: asks(Close{})},
		{Name: "go down", Label: "move", Group: groupDialog, Keys: []string{"down", "tab"}, Shown: "↑↓", Do: does(func() { s.move(1) })},
		{Name: "go up", Group: groupDialog, Keys: []string{"up", "shift+tab"}, Do: does(func() { s.move(-1) })},
	}
	if row.on != nil {
		return append(all, keymap.Command{Name: "switch on or off", Label: "switch", Group: groupDialog, Keys: []string{" ", "space", "left", "right", "x"}, Do: does(func() { *row.on = !*row.on })})
	}
	return append(all, erasing(&row.text, "text", "clear", func() { s.fault = "" })...)
}

// accept closes the dialog, unless a text is invalid.
func (s *RunSettings) accept() Intent {
	o := s.options
	for i := range s.rows {
		if r := &s.rows[i]; r.set != nil {
			if err := r.set(&o, r.text); err != nil {
				s.cursor, s.fault = i, err.Error()
				return nil
			}
		}
	}
	return CloseAnd{Then: ToQuery{Message: OptionsChosen{Options: o}}}
}

// Update ignores messages.
func (s *RunSettings) Update(any) Intent { return nil }

// Paint draws the lines, and the meaning of the one under the cursor.
func (s *RunSettings) Paint(a widget.Area, _ *View) {
	in := a.Center(72, len(s.rows)+6).Dialog("How statements run", "")
	room := max(in.H-3, 1)
	first := max(s.cursor-room+1, 0)
	for y := 0; y < room && first+y < len(s.rows); y++ {
		r := &s.rows[first+y]
		role := theme.Text
		if first+y == s.cursor {
			role = theme.Selected
			in.Sub(0, y, in.W, 1).Fill(role)
		}
		in.Text(1, y, role, widget.Fit(r.name, 28))
		switch {
		case r.on == nil:
			x := in.Text(30, y, role, widget.Fit(r.text, in.W-32))
			if first+y == s.cursor {
				in.Text(x, y, theme.ButtonFocus, " ")
			}
		case *r.on:
			in.Text(30, y, role, "[x] on")
		default:
			in.Text(30, y, role, "[ ] off")
		}
	}
	role, text := theme.Muted, s.rows[s.cursor].help
	if s.fault != "" {
		role, text = theme.Bad, "✗ "+s.fault
	}
	paragraph(in, 1, in.H-2, role, text, 2)
}
