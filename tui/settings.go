package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"shardeck/tui/cli"
	"shardeck/tui/config"
	"shardeck/tui/console"
	"shardeck/tui/keymap"
)

// settings are the configuration file's, as far as a command line asks for it.
type settings struct {
	getenv   func(string) string
	known    []config.Setting
	asked    string // the profile that the command line or the environment names
	file     *config.File
	profile  string
	bindings keymap.Bindings
	used     map[string]string // by flag: where its value is from
	loaded   bool
	failed   error // why the file cannot be used
}

// configError is the error of a file, which is reported without the flag that had it read.
type configError struct{ error }

// Unwrap returns the error.
func (e *configError) Unwrap() error { return e.error }

// newSettings returns the settings for a program, before the file is read.
func newSettings(getenv func(string) string, parser *kong.Kong) *settings {
	return &settings{getenv: getenv, used: map[string]string{}, known: knownSettings(parser)}
}

// knownSettings lists what a file may set: the flags of the console, which include those of the other
// commands that a file concerns.
func knownSettings(parser *kong.Kong) []config.Setting {
	var all []config.Setting
	for _, node := range parser.Model.Children {
		if node.Name != "console" {
			continue
		}
		for _, f := range node.Flags {
			if f.Name == "record" { // a file is never replaced, so that a fixed name works once
				continue
			}
			if f.Name == "record" {
				continue // a file can be recorded to once
			}
			s := config.Setting{Name: f.Name, Help: f.Help, Default: f.Default, Env: f.Tag.Envs, List: f.IsSlice(), Bool: f.IsBool()}
			if f.Enum != "" {
				s.Enum = slices.DeleteFunc(strings.Split(f.Enum, ","), func(v string) bool { return v == "" })
			}
			all = append(all, s)
		}
	}
	return all
}

// withoutFile lists the commands that work whatever the file says, or are about the file itself.
var withoutFile = []string{"config init", "config path", "run-worker", "run-master", "echo-worker", "echo-master", "bench"}

// load reads the file, chooses the profile that the command line or the environment names, and checks
// the keys.
func (s *settings) load(c *kong.Context) (err error) {
	s.loaded = true
	if slices.ContainsFunc(withoutFile, func(name string) bool { return strings.HasPrefix(c.Command(), name) }) {
		s.file = &config.File{}
		return nil
	}
	for _, flag := range c.Flags() {
		if flag.Name == "profile" {
			s.asked, _ = c.FlagValue(flag).(string)
		}
	}
	if s.file, err = config.Load(config.Path(s.getenv), s.known); err != nil {
		return err
	}
	if s.profile, err = s.file.Profile(s.asked); err != nil {
		return err
	}
	keys, lines := s.file.Keys()
	s.bindings = keys
	if len(keys) == 0 {
		return nil
	}
	if id, err := console.CheckBindings(s.bindings); err != nil {
		return fmt.Errorf("%s, line %d: %s: %w", s.file.Path, lines[id], id, err)
	}
	return nil
}

// Validate has nothing to check; it is part of [kong.Resolver].
func (s *settings) Validate(*kong.Application) error { return nil }

// Resolve returns the file's value of a flag that neither the command line nor the environment sets.
// The first flag has the file read: only then it is known which profile the command line asks for.
func (s *settings) Resolve(c *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !s.loaded {
		s.failed = s.load(c)
	}
	if s.failed != nil {
		return nil, &configError{s.failed}
	}
	for _, name := range flag.Tag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return nil, nil
		}
	}
	if flag.Name == "profile" && s.profile != "" { // also the one that the file chooses
		return s.profile, nil
	}
	text, from, ok := s.file.Value(s.profile, flag.Name)
	if !ok || !slices.ContainsFunc(s.known, func(k config.Setting) bool { return k.Name == flag.Name }) || flag.Name == "profile" {
		return nil, nil
	}
	s.used[flag.Name] = from
	return text, nil
}

// explain adds to the error of a flag that its value is from the file.
func (s *settings) explain(err error) error {
	for name, from := range s.used {
		if strings.HasPrefix(err.Error(), "--"+name) {
			return fmt.Errorf("%w (set in %s)", err, from)
		}
	}
	return err
}

// configCommand is `tui config`.
type configCommand struct {
	Init configInit `cmd:"" help:"Write a file that explains every setting and sets none."`
	Show configShow `cmd:"" help:"Print the settings in effect, and where each is from."`
	Path configPath `cmd:"" help:"Print the path of the file."`
	Keys configKeys `cmd:"" help:"List the console's commands and their keys."`
}

type configInit struct{}

// Run writes the file, unless there is one.
func (configInit) Run(s *settings, streams cli.Streams) error {
	path := config.Path(s.getenv)
	if path == "" {
		return cli.Usagef("there is no place for a configuration file: set SHARDECK_CONFIG or HOME")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return cli.Usagef("%s exists and is not replaced", path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(config.Template(s.known))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	fmt.Fprintln(streams.Out, path)
	return nil
}

// withoutUser finds the user and the password in a URL, which do not belong there and are not shown.
var withoutUser = regexp.MustCompile(`(://)[^/@,]*@`)

type configShow struct {
	Profile string `name:"profile" short:"P" env:"SHARDECK_PROFILE" placeholder:"NAME" help:"Profile of the configuration file."`
}

// Run prints the settings.
func (configShow) Run(_ context.Context, s *settings, streams cli.Streams) error {
	table := new(cli.Table).Row("SETTING", "VALUE", "FROM")
	for _, k := range s.known {
		if k.Name == "profile" {
			from := "default"
			switch {
			case s.asked != "":
				from = "--profile or SHARDECK_PROFILE"
			case s.profile != "":
				from = s.file.Path
			}
			table.Row(k.Name, s.profile, from)
			continue
		}
		value, from := k.Default, "default"
		if text, where, ok := s.file.Value(s.profile, k.Name); ok {
			value, from = text, where
		}
		for _, env := range k.Env {
			if v, ok := os.LookupEnv(env); ok {
				value, from = v, env
			}
		}
		table.Row(k.Name, withoutUser.ReplaceAllString(value, "$1…@"), from)
	}
	keys, lines := s.file.Keys()
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		table.Row("keys."+id, strings.Join(keys[id], ", "), fmt.Sprintf("%s, line %d", s.file.Path, lines[id]))
	}
	table.Fprint(streams.Out)
	return nil
}

type configPath struct{}

// Run prints the path.
func (configPath) Run(s *settings, streams cli.Streams) error {
	fmt.Fprintln(streams.Out, config.Path(s.getenv))
	return nil
}

type configKeys struct{}

// Run lists the commands with the keys that they have now.
func (configKeys) Run(s *settings, streams cli.Streams) error {
	table := new(cli.Table).Row("ID", "KEYS", "WHAT IT DOES")
	seen := map[string]bool{}
	for _, list := range console.AllCommands() {
		list = s.bindings.Apply(list)
		for i := range list {
			c := &list[i]
			if id := c.ID(); len(c.Keys) > 0 && !seen[id] {
				seen[id] = true
				table.Row(id, strings.Join(c.Keys, ", "), c.Name)
			}
		}
	}
	table.Fprint(streams.Out)
	return nil
}
