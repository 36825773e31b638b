// Package keymap holds what the keyboard does: key presses as screens receive them, and the
// commands that they run. A screen or a widget lists its commands once; it obeys that list,
// and its footer, its help and the palette are made from it, so that none of them can
// disagree with what a key does.
package keymap
