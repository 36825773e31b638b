package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"shardeck/shared/api"
	"shardeck/tui/regular"
)

// Setting is something that the file may set: a flag of the program.
type Setting struct {
	Name    string // of the flag, such as "api-token-file"
	Help    string
	Default string
	Env     []string // names of environment variables that take precedence
	List    bool     // it has several values
	Bool    bool
	Enum    []string // what it may be; nil for anything
}

// File is what a file says.
type File struct {
	Path     string
	top      map[string]entry
	profiles map[string]map[string]entry
	keys     map[string]entry
	use      string // the profile to use unless another is asked for; "" for none
}

type entry struct {
	value any
	line  int
}

// The names of tables and settings with a meaning of their own.
const (
	profileTable = "profile"
	profileName  = "default-profile"
	keysTable    = "keys"
)

// maxFile bounds a file, in bytes.
const maxFile = 1 << 20

// Path is the path of the user's file: $SHARDECK_CONFIG, or where the system keeps configuration; ""
// if there is no such place.
func Path(getenv func(string) string) string {
	if p := getenv("SHARDECK_CONFIG"); p != "" {
		return p
	}
	dir := getenv("XDG_CONFIG_HOME")
	switch {
	case filepath.IsAbs(dir):
	case runtime.GOOS == "windows":
		if dir = getenv("APPDATA"); dir == "" {
			return ""
		}
	default:
		home := getenv("HOME")
		if home == "" {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "shardeck", "config.toml")
}

// Load reads a file. One that does not exist says nothing.
func Load(path string, known []Setting) (*File, error) {
	if path == "" {
		return &File{}, nil
	}
	if err := regular.CheckPath(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &File{Path: path}, nil
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, fmt.Errorf("%s is larger than %d KiB", path, maxFile>>10)
	}
	return Parse(path, text, known)
}

// Parse reads the text of a file. Errors name the path and the line.
func Parse(path string, text []byte, known []Setting) (*File, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // as editors on Windows begin a file
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		if d, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, column := d.Position()
			return nil, fmt.Errorf("%s, line %d, column %d: %w", path, row, column, err)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := reader{path: path, lines: linesOf(text), known: known}
	f := &File{Path: path, profiles: map[string]map[string]entry{}, keys: map[string]entry{}}
	var err error
	rest := maps.Clone(tree)
	if profiles, ok := rest[profileTable].(map[string]any); ok {
		delete(rest, profileTable)
		for _, name := range slices.Sorted(maps.Keys(profiles)) {
			if !validName(name) {
				return nil, r.fault([]string{profileTable, name}, "%q is not the name of a profile: use letters, digits, and ._- between them", name)
			}
			table, ok := profiles[name].(map[string]any)
			if !ok {
				return nil, r.fault([]string{profileTable, name}, "%s is not a table; write [profile.%s] and settings below it", name, name)
			}
			if f.profiles[name], err = r.settings(table, profileTable, name); err != nil {
				return nil, err
			}
		}
	}
	if keys, ok := rest[keysTable].(map[string]any); ok {
		delete(rest, keysTable)
		for _, id := range slices.Sorted(maps.Keys(keys)) {
			if _, err := stringsOf(keys[id]); err != nil {
				return nil, r.fault([]string{keysTable, id}, "the keys of %s are not a list of names, such as [\"ctrl+t\"]", id)
			}
			f.keys[id] = entry{keys[id], r.lines[keyOf(keysTable, id)]}
		}
	}
	if use, ok := rest[profileName]; ok {
		delete(rest, profileName)
		f.use, ok = use.(string)
		if _, exists := f.profiles[f.use]; !ok || !exists {
			return nil, r.fault([]string{profileName}, "there is no [profile.%v]; %s", use, f.Profiles())
		}
	}
	if f.top, err = r.settings(rest); err != nil {
		return nil, err
	}
	return f, nil
}

// reader checks what a file says.
type reader struct {
	path  string
	lines map[string]int // of each key
	known []Setting
}

func keyOf(parts ...string) string { return strings.Join(parts, "\x00") }

// fault is an error at a key.
func (r *reader) fault(key []string, format string, args ...any) error {
	return fmt.Errorf("%s, line %d: "+format, append([]any{r.path, r.lines[keyOf(key...)]}, args...)...)
}

// settings checks the settings of a table.
func (r *reader) settings(table map[string]any, in ...string) (map[string]entry, error) {
	out := map[string]entry{}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		key := append(slices.Clone(in), name)
		i := slices.IndexFunc(r.known, func(s Setting) bool { return s.Name == name })
		if i < 0 || name == profileTable {
			if strings.EqualFold(name, profileTable) {
				return nil, r.fault(key, "%s is not a setting: write [profile.NAME] and settings below it, and default-profile = \"NAME\" to choose it", name)
			}
			if name == keysTable {
				return nil, r.fault(key, "keys is a table: write [keys] and below it such as quit = [\"f10\"]")
			}
			if looksSecret(name) {
				return nil, r.fault(key, "%s: secrets do not belong into this file; write api-token-file = \"PATH\", the path of a file that only you can read", name)
			}
			return nil, r.fault(key, "there is no setting %q%s", name, r.nearest(name))
		}
		text, err := textOf(&r.known[i], table[name])
		if err != nil {
			return nil, r.fault(key, "%s %w", name, err)
		}
		out[name] = entry{text, r.lines[keyOf(key...)]}
	}
	return out, nil
}

// validName reports whether a name can be typed and shown.
func validName(name string) bool {
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r) {
			return false
		}
	}
	return name != "" && len(name) <= 40
}

// looksSecret reports whether a name is that of a secret itself.
func looksSecret(name string) bool {
	name = strings.ToLower(name)
	if strings.HasSuffix(name, "file") {
		return false
	}
	return strings.Contains(name, "token") || strings.Contains(name, "password") || strings.Contains(name, "secret")
}

// nearest suggests the known name that is most like one that is not known.
func (r *reader) nearest(name string) string {
	var names []string
	for i := range r.known {
		if r.known[i].Name != profileTable {
			names = append(names, r.known[i].Name)
		}
	}
	if near := api.Nearest(name, names); len(near) > 0 {
		return fmt.Sprintf("; did you mean %s?", near[0])
	}
	slices.Sort(names)
	return "; there are " + strings.Join(names, ", ")
}

// textOf is a value as a flag takes it.
func textOf(s *Setting, value any) (string, error) {
	if s.Bool {
		b, ok := value.(bool)
		if !ok {
			return "", errors.New("must be true or false")
		}
		return fmt.Sprint(b), nil
	}
	if s.List {
		all, err := stringsOf(value)
		if err != nil {
			return "", errors.New(`must be a text or a list of them, such as ["http://127.0.0.1:8080"]`)
		}
		return strings.Join(all, ","), nil
	}
	switch v := value.(type) {
	case string:
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			return "", fmt.Errorf("is %q; it must be one of %s", v, strings.Join(s.Enum, ", "))
		}
		return v, nil
	case int64, float64:
		return fmt.Sprint(v), nil
	}
	return "", errors.New("must be a text in quotes")
}

func stringsOf(value any) ([]string, error) {
	if s, ok := value.(string); ok {
		return []string{s}, nil
	}
	list, ok := value.([]any)
	if !ok {
		return nil, errors.New("not a list")
	}
	all := make([]string, len(list))
	for i, v := range list {
		if all[i], ok = v.(string); !ok {
			return nil, errors.New("not a text")
		}
	}
	return all, nil
}

// linesOf returns the line of each key and each table of a text that is valid.
func linesOf(text []byte) map[string]int {
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(text)
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		var key []string
		line := 0
		for it := e.Key(); it.Next(); {
			key = append(key, string(it.Node().Data))
			if line == 0 {
				line = p.Shape(it.Node().Raw).Start.Line
			}
		}
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = key
		case unstable.KeyValue:
			key = append(slices.Clone(table), key...)
		}
		for n := 1; n <= len(key); n++ {
			if k := keyOf(key[:n]...); lines[k] == 0 || n == len(key) {
				lines[k] = line
			}
		}
	}
	return lines
}

// Profiles names the profiles of the file in a sentence.
func (f *File) Profiles() string {
	names := f.ProfileNames()
	if len(names) == 0 {
		return "the file has no profiles"
	}
	return "there are " + strings.Join(names, ", ")
}

// ProfileNames lists the profiles.
func (f *File) ProfileNames() []string { return slices.Sorted(maps.Keys(f.profiles)) }

// Profile returns the profile to use: the one that was asked for, else the one that the file names;
// "" for none.
func (f *File) Profile(asked string) (string, error) {
	if asked == "" {
		asked = f.use
	}
	if _, ok := f.profiles[asked]; asked != "" && !ok {
		where := "there is no configuration file; shardeck config init writes one"
		if f.Path != "" && f.top != nil {
			where = f.Profiles() + " in " + f.Path
		}
		return "", fmt.Errorf("there is no profile %q: %s", asked, where)
	}
	return asked, nil
}

// Value returns a setting as text, and where it is from; ok is false if the file does not set it.
func (f *File) Value(profile, name string) (text, from string, ok bool) {
	if e, is := f.profiles[profile][name]; is {
		return fmt.Sprint(e.value), fmt.Sprintf("profile %s, line %d", profile, e.line), true
	}
	if e, is := f.top[name]; is {
		return fmt.Sprint(e.value), fmt.Sprintf("%s, line %d", f.Path, e.line), true
	}
	return "", "", false
}

// Keys returns the keys of commands, by their ids, and their lines.
func (f *File) Keys() (keys map[string][]string, lines map[string]int) {
	keys, lines = map[string][]string{}, map[string]int{}
	for id, e := range f.keys {
		keys[id], _ = stringsOf(e.value)
		lines[id] = e.line
	}
	return keys, lines
}
