"""The storage engine over embedded SQLite: the same files as those of the Go engine.

A database is one file with one writing connection (writer, group) and reading connections that
are opened on demand (reader). The loadable extension gives SQLite T-SQL's semantics of values,
and converts values between the wire form and what SQLite stores.
"""
