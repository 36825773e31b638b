package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Template is a file that sets nothing and explains every setting.
func Template(known []Setting) string {
	var b strings.Builder
	b.WriteString(`# Shardeck's configuration. Every line that begins with # is a comment; remove the # to set
# what it says. A flag takes precedence over the environment, that over a profile, and
# that over the rest of this file. shardeck config show prints what is in effect.

`)
	for i := range known {
		s := &known[i]
		if s.Name == profileTable {
			continue
		}
		for _, line := range comment(s) {
			b.WriteString("# " + line + "\n")
		}
		fmt.Fprintf(&b, "# %s = %s\n\n", s.Name, s.example())
	}
	b.WriteString(`# The profile to use unless --profile names another.
# default-profile = "local"

# Profiles are settings for a cluster, which go before those above. The name is always shown
# in the console, in the profile's colour. With production, whatever changes the cluster asks
# for the name to be typed. With read-only, nothing can be changed.

# [profile.local]
# master = ["http://127.0.0.1:8080", "http://127.0.0.1:8084"]

# [profile.prod]
# master = ["http://10.0.0.1:8080", "http://10.0.0.2:8080"]
# api-token-file = "/etc/shardeck/api-token"
# colour = "red"
# production = true

# Keys of commands, by their ids, which shardeck config keys lists with their present keys.

# [keys]
# refresh-now-and-repaint = ["ctrl+r"]
`)
	return b.String()
}

// comment explains a setting, in lines that are not too long.
func comment(s *Setting) []string {
	text := s.Help
	if len(s.Enum) > 0 && !strings.Contains(text, s.Enum[len(s.Enum)-1]) {
		text += " One of " + strings.Join(s.Enum, ", ") + "."
	}
	if len(s.Env) > 0 {
		text += " (" + strings.Join(s.Env, ", ") + ")"
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > 92 {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

// example is the default as it is written in the file.
func (s *Setting) example() string {
	switch {
	case s.Bool:
		if s.Default == "" {
			return "false"
		}
		return s.Default
	case s.List:
		var all []string
		for v := range strings.SplitSeq(s.Default, ",") {
			all = append(all, strconv.Quote(v))
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	return strconv.Quote(s.Default)
}
