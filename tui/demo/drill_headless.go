package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"shardeck/tui/cli"
	"shardeck/tui/drill"
)

// allDrills stands for every drill on the command line.
const allDrills = "all"

// checkDrills refuses unknown drills before anything is started.
func (c *Command) checkDrills() error {
	if c.Report != "" && len(c.Drill) == 0 {
		return cli.Usagef("--report requires --drill")
	}
	for _, name := range c.Drill {
		if name != allDrills && find(name) == nil {
			return cli.Usagef("--drill %s: there is no such drill; there are: %s, and %s for each of them", name, names(exercises()), allDrills)
		}
	}
	if c.Report != "" {
		if _, err := os.Stat(c.Report); err == nil {
			return cli.Usagef("--report %s exists and is not replaced; choose another name", c.Report)
		}
	}
	return nil
}

// chosenDrills are the names of the drills to run, each once.
func (c *Command) chosenDrills(d *Drills) []string {
	var chosen []string
	for _, p := range d.List() {
		if slices.Contains(c.Drill, p.Name) || slices.Contains(c.Drill, allDrills) && p.Off == "" {
			chosen = append(chosen, p.Name)
		}
	}
	return chosen
}

// runDrills runs the drills one after the other. The error is nil only if all of them passed.
func (c *Command) runDrills(ctx context.Context, cluster *Cluster, out io.Writer) error {
	if err := c.loadOnce(ctx, cluster, out); err != nil {
		return err
	}
	drills := cluster.NewDrills(nil, c.Rows)
	var reports []drill.Report
	passed := 0
	chosen := c.chosenDrills(drills)
	for i, name := range chosen {
		fmt.Fprintf(out, "\n[%d/%d] %s\n", i+1, len(chosen), find(name).title)
		show := printSteps(out)
		r := drills.Run(ctx, name, "", show)
		show(r)
		printDrill(out, &r)
		reports = append(reports, r)
		if r.Verdict == drill.Passed {
			passed++
		}
		if ctx.Err() != nil {
			break
		}
	}
	for _, p := range drills.List() {
		if p.Off != "" && slices.Contains(c.Drill, allDrills) {
			fmt.Fprintf(out, "\n%s: not possible here: %s\n", p.Title, p.Off)
		}
	}
	fmt.Fprintf(out, "\n%d of %d drills passed.\n", passed, len(chosen))
	err := c.writeReport(reports, out)
	switch {
	case ctx.Err() != nil:
		return errors.Join(ctx.Err(), err)
	case passed < len(chosen):
		return errors.Join(err, &cli.ExitError{Code: cli.ExitFailed})
	}
	return err
}

// printSteps returns what prints each step once, as it happens.
func printSteps(out io.Writer) func(drill.Report) {
	printed, begun := 0, false
	return func(r drill.Report) {
		if !begun {
			begun = true
			fmt.Fprintf(out, "       %s\n       expected: %s\n", cli.Clean(r.Target), cli.Clean(r.Expect))
		}
		for ; printed < len(r.Steps); printed++ {
			s := r.Steps[printed]
			fmt.Fprintf(out, "  %6.2fs %s\n", s.After.Seconds(), cli.Clean(s.Text))
		}
	}
}

func printDrill(out io.Writer, r *drill.Report) {
	tb := &cli.Table{Indent: "         "}
	for _, m := range r.Measures {
		tb.Row(m.Name, m.Value)
	}
	tb.Fprint(out)
	for _, c := range r.Checks {
		mark := "ok    "
		if !c.OK {
			mark = "FAILED"
		}
		fmt.Fprintf(out, "  %s %s: %s\n", mark, cli.Clean(c.Text), cli.Clean(c.Got))
	}
	fmt.Fprintf(out, "  %s in %s", strings.ToUpper(string(r.Verdict)), round(r.Took))
	if r.Reason != "" {
		fmt.Fprintf(out, ": %s", cli.Clean(r.Reason))
	}
	fmt.Fprintln(out)
}

// writeReport writes the reports to the file that was asked for, which must not exist.
func (c *Command) writeReport(reports []drill.Report, out io.Writer) error {
	if c.Report == "" {
		return nil
	}
	pages := make([]string, len(reports))
	for i := range reports {
		pages[i] = reports[i].Markdown()
	}
	f, err := os.OpenFile(c.Report, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("the report: %w", err)
	}
	_, err = io.WriteString(f, strings.Join(pages, "\n---\n\n"))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("the report: %w", err)
	}
	fmt.Fprintf(out, "The report is in %s (%s).\n", c.Report, time.Now().Format("15:04:05"))
	return nil
}
