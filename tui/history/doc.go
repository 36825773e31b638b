// Package history keeps the statements that a user has run: when, on which cluster, how long they
// took and how they ended, and which are favourites; and the drafts that were left.
//
// They are saved in one file for all clusters, of one JSON object a line, so that several
// consoles can append to it at once. A statement has a line when it starts, so that it is not
// lost if the console dies, and another one with the same id when it has ended:
//
//	{"id":"k3v9","at":"2026-11-30T12:00:00Z","cluster":"c0ffee","db":"SchoolDB","sql":"SELECT 1"}
//	{"id":"k3v9","ms":4.2,"rows":1,"outcome":"ok"}
//	{"sql":"SELECT 1","favourite":true}
//	{"id":"p2x7","at":"2026-11-30T12:05:00Z","sql":"SELECT 2","draft":true}
//
// Statements contain data, so that only the user may read the file: its mode is made 0600
// whatever it was before. If the path is a link, the file that it points to is used, and the link
// stays; anything but a regular file is refused. A file beyond [MaxBytes] loses its older half,
// favourites excepted. Consoles lock the file while they write, so that none loses another's lines.
package history
