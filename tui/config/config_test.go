package config

import (
	"path/filepath"
	"strings"
	"testing"
)

var known = []Setting{
	{Name: "master", List: true, Default: "http://127.0.0.1:8080", Env: []string{"SHARDECK_MASTERS"}},
	{Name: "theme", Enum: []string{"auto", "dark"}, Default: "auto", Help: "The theme."},
	{Name: "read-only", Bool: true},
	{Name: "interval", Default: "1s"},
	{Name: "profile"},
	{Name: "api-token-file"},
}

func TestValuesComeFromTheProfileBeforeTheRest(t *testing.T) {
	f, err := Parse("c.toml", []byte(`theme = "dark"
default-profile = "prod"
interval = "2s"
[profile.prod]
master = ["http://a:1", "http://b:1"]
read-only = true
interval = "5s"
[profile.local]
master = "http://c:1"
[keys]
quit = ["Q", "f10"]
"type-a-command" = ";"
`), known)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ profile, name, value, from string }{
		{"prod", "master", "http://a:1,http://b:1", "profile prod, line 5"},
		{"prod", "interval", "5s", "profile prod, line 7"},
		{"prod", "theme", "dark", "c.toml, line 1"},
		{"prod", "read-only", "true", "profile prod, line 6"},
		{"local", "interval", "2s", "c.toml, line 3"},
		{"local", "master", "http://c:1", "profile local, line 9"},
		{"local", "read-only", "", ""},
	} {
		if value, from, ok := f.Value(c.profile, c.name); value != c.value || from != c.from || ok != (from != "") {
			t.Errorf("%s of %s is %q from %q", c.name, c.profile, value, from)
		}
	}
	for asked, want := range map[string]string{"": "prod", "local": "local"} {
		if got, err := f.Profile(asked); err != nil || got != want {
			t.Errorf("the profile for %q is %q, %v", asked, got, err)
		}
	}
	if _, err := f.Profile("none"); err == nil || !strings.Contains(err.Error(), "there are local, prod in c.toml") {
		t.Error(err)
	}
	keys, lines := f.Keys()
	if strings.Join(keys["quit"], " ") != "Q f10" || strings.Join(keys["type-a-command"], " ") != ";" || lines["quit"] != 11 {
		t.Errorf("keys are %v, lines %v", keys, lines)
	}
}

func TestFaultsNameTheLineAndWhatIsAllowed(t *testing.T) {
	for text, want := range map[string]string{
		"theme = \"sepia\"":                            `line 1: theme is "sepia"; it must be one of auto, dark`,
		"\n\ntheem = \"dark\"":                         `line 3: there is no setting "theem"; did you mean theme?`,
		"zzzzzzzz = 1":                                 "there are api-token-file, interval, master",
		"read-only = \"yes\"":                          "read-only must be true or false",
		"master = 3":                                   "must be a text or a list of them",
		"interval = true":                              "interval must be a text in quotes",
		"api-token = \"hunter2\"":                      "secrets do not belong into this file",
		"[profile.x]\npassword = \"hunter2\"":          "line 2: password: secrets do not belong",
		"[profile]\nx = 3":                             "line 2: x is not a table; write [profile.x]",
		"default-profile = \"x\"":                      "line 1: there is no [profile.x]",
		"a = = 3":                                      "line 1, column 5",
		"[keys]\nquit = 3":                             "line 2: the keys of quit are not a list of names",
		"[profile.x]\ntheme = \"dark\"\n[profile.x]\n": "line 3",
		"[other]\ntheme = \"dark\"":                    `there is no setting "other"`,
		"profile = \"x\"":                              "write [profile.NAME]", "[Profile.x]\ntheme = \"dark\"": "write [profile.NAME]", "keys = 1": "keys is a table",
		"[profile.\"\"]\ntheme = \"dark\"": "is not the name of a profile", "[profile.\"a b\"]\ntheme = \"dark\"": "is not the name of a profile",
		"[[profile]]\nmaster = \"http://a\"": "write [profile.NAME]",
	} {
		_, err := Parse("c.toml", []byte(text), known)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "c.toml, line ") {
			t.Errorf("%q: %v, not %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

// The file that init writes sets nothing, and is valid once its comments are settings.
func TestTemplateIsValidAndExplainsEverySetting(t *testing.T) {
	text := Template(known)
	f, err := Parse("c.toml", []byte(text), known)
	if err != nil || len(f.top)+len(f.profiles)+len(f.keys) != 0 {
		t.Fatalf("as it is written: %v, %v", f, err)
	}
	var all []string
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(line, "# ")
		if strings.Contains(line, " = ") || strings.HasPrefix(line, "[") {
			all = append(all, line)
		}
	}
	set := strings.NewReplacer(`default-profile = "local"`+"\n", "", "colour", "theme", `"red"`, `"dark"`, "production", "read-only").Replace(strings.Join(all, ""))
	f, err = Parse("c.toml", []byte(set), known)
	if err != nil {
		t.Fatalf("without its marks it is not valid: %v\n%s", err, set)
	}
	for _, s := range known {
		if _, _, ok := f.Value("", s.Name); !ok && s.Name != "profile" {
			t.Errorf("%s is not in the template", s.Name)
		}
	}
}

func TestPathFollowsTheEnvironment(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"/c/shardeck/config.toml":         {"XDG_CONFIG_HOME": "/c", "HOME": "/h"},
		"/h/.config/shardeck/config.toml": {"HOME": "/h", "XDG_CONFIG_HOME": "relative"},
		"/x.toml":                         {"SHARDECK_CONFIG": "/x.toml", "HOME": "/h"},
		"":                                {},
	} {
		if got := filepath.ToSlash(Path(func(name string) string { return env[name] })); got != want {
			t.Errorf("with %v it is %q, not %q", env, got, want)
		}
	}
}

func TestAByteOrderMarkIsNoFault(t *testing.T) {
	if f, err := Parse("c.toml", []byte("\xef\xbb\xbftheme = \"dark\"\n"), known); err != nil || f.top["theme"].value != "dark" {
		t.Error(f, err)
	}
}
