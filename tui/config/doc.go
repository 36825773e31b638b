// Package config reads the user's configuration file: settings, profiles of several clusters, and
// keys. It knows the names of settings from whoever has them, so that a setting is defined once,
// where it is a flag.
//
// A value comes from, in this order: the flag, the environment, the profile that was chosen, the rest
// of the file, the default. What the file has that nobody knows is an error with its line.
package config
