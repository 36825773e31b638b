package drill

import (
	"fmt"
	"strings"
	"time"
)

// Markdown returns the report as a page to file.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Drill: %s\n\n", escape(r.Title))
	verdict := "**" + strings.ToUpper(string(r.Verdict)) + "**"
	if r.Reason != "" {
		verdict += ": " + escape(r.Reason)
	}
	rows := [][2]string{
		{"Verdict", verdict},
		{"When", escape(r.Began.UTC().Format("2006-01-02 15:04:05")) + " UTC, for " + duration(r.Took)},
		{"Target", escape(r.Target)},
		{"What was done", escape(r.Does)},
		{"Expected", escape(r.Expect)},
		{"Measured by", escape(r.Measured)},
		{"Undone by", escape(r.Undo)},
	}
	b.WriteString("| | |\n|---|---|\n")
	for _, row := range rows {
		if row[1] != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", row[0], row[1])
		}
	}
	if len(r.Checks) > 0 {
		b.WriteString("\n## Expected and found\n\n| | expected | found |\n|---|---|---|\n")
		for _, c := range r.Checks {
			mark := "✗"
			if c.OK {
				mark = "✓"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", mark, escape(c.Text), escape(c.Got))
		}
	}
	if len(r.Measures) > 0 {
		b.WriteString("\n## Measured\n\n| | |\n|---|---|\n")
		for _, m := range r.Measures {
			fmt.Fprintf(&b, "| %s | %s |\n", escape(m.Name), escape(m.Value))
		}
	}
	if len(r.Steps) > 0 {
		b.WriteString("\n## Timeline\n\n| at (UTC) | after | |\n|---|---|---|\n")
		for _, s := range r.Steps {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", r.Began.Add(s.After).UTC().Format("15:04:05.000"), duration(s.After), escape(s.Text))
		}
	}
	return b.String()
}

// duration is a time with the precision that polls have.
func duration(d time.Duration) string { return d.Round(10 * time.Millisecond).String() }

// escape makes text one cell of a table, whatever a server has put into it.
func escape(s string) string {
	return strings.NewReplacer("\\", `\\`, "|", `\|`, "\r", "", "\n", " ", "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`).Replace(s)
}
