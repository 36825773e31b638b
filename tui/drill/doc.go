// Package drill describes drills: what one does, what should happen, what was measured, and the
// verdict. It does no I/O; the demo carries drills out, the console shows them, and a report is
// exported as Markdown.
package drill
