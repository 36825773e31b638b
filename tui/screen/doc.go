// Package screen holds the console's screens, one file each. They do no I/O, start nothing
// and do not depend on Bubble Tea; package console acts on their intents.
//
// To add a screen, write a type with the three methods of [Screen]:
//
//   - Commands lists what can be done, once: the console runs these commands when their keys
//     are pressed, and makes the footer, the help (F1) and the palette (F2) from the same list.
//     A command that is not possible now says why.
//   - Update handles messages: answers to what the screen has asked for.
//   - Paint draws it.
//
// A command or a message may return an [Intent], such as [Close]; what only the console can do
// gets an intent of its own, and a case in its act method. Then open the screen from a command
// of another one.
package screen
