#!/usr/bin/env bash
# In a command line made with kong, a value from a configuration file silently beats the
# environment variable of the same flag.
#
# Kong reads an `env:"..."` tag when it resets a flag to its default, and asks resolvers (such as
# kong.JSON or kong.Configuration) afterwards, for every flag that is not on the command line. It does
# not look whether the environment had set the flag. Nearly all programs do it the other way round:
# a flag, then the environment, then the file.
#
# Versions: github.com/alecthomas/kong v1.17.0.
# Seen:     default 1, environment 2, file 3: without the file 2, with it 3; with --level=4 4.
# So:       a resolver has to look at flag.Tag.Envs itself, and return nil for what is set there.
#
# Exits 0 while this holds, 1 when it has changed. Needs go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOWORK=off GOMODCACHE="$dir/mod" GOFLAGS="-mod=mod -modcacherw"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// level is the flag's value for a command line, with a file or without.
func level(file string, args ...string) int {
	var cli struct {
		Level int `env:"LEVEL" default:"1"`
	}
	var options []kong.Option
	if file != "" {
		resolver, err := kong.JSON(strings.NewReader(file))
		check(err)
		options = append(options, kong.Resolvers(resolver))
	}
	parser, err := kong.New(&cli, options...)
	check(err)
	_, err = parser.Parse(args)
	check(err)
	return cli.Level
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	check(os.Setenv("LEVEL", "2"))
	const file = `{"level": 3}`
	without, with, flag := level(""), level(file), level(file, "--level=4")
	fmt.Printf("environment alone: %d\nenvironment and file: %d\nand the flag: %d\n", without, with, flag)
	if without != 2 || with != 3 || flag != 4 {
		fmt.Fprintln(os.Stderr, "CHANGED: see the head of this script")
		os.Exit(1)
	}
	fmt.Println("as described")
}
GO

go mod init finding >/dev/null 2>&1
go get github.com/alecthomas/kong@v1.17.0 2>"$dir/get.log" || { cat "$dir/get.log" >&2; exit 1; }
go list -m github.com/alecthomas/kong
go run . </dev/null
