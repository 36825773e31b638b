package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"shardeck/shared/polyglot"
	"shardeck/tui/cli"
	"shardeck/tui/cluster"
	"shardeck/tui/console"
	"shardeck/tui/screen"
	guidedtour "shardeck/tui/tour"
)

// maxRows bounds --rows: the students' IDs must stay below those of the traffic.
const maxRows = 900_000

// Command is `tui demo`.
type Command struct {
	Headless  bool          `help:"Print the guided tour as text instead of opening the console. This is the default if stdin or stdout is not a terminal."`
	Polyglot  bool          `help:"Start one worker in Go, one in Python and one in Node.js. Requires a checkout of Shardeck, a C compiler, Python and Node.js; what is missing is named. Packages are installed next to the workers' sources the first time."`
	Rows      int           `default:"10000" help:"Number of students to load."`
	DataDir   string        `type:"path" placeholder:"DIR" help:"Keep token, logs and data in this directory, and reuse existing ones. The default is a temporary directory that is removed at the end."`
	FreePorts bool          `help:"Use any free ports instead of 8080 to 8084."`
	Lease     string        `enum:"sqlitefile,manual" default:"sqlitefile" help:"Who leads: whoever holds a lease in a file of the run directory, so that the backup takes over by itself (sqlitefile), or the primary until somebody asks for a failover (manual)."`
	NoTraffic bool          `help:"Start with the background traffic off."`
	Drill     []string      `placeholder:"NAME" help:"Run this drill on the new cluster instead of opening the console, print what was measured, and exit with 0 if it passed; repeatable, or all. An unknown name lists them."`
	Report    string        `type:"path" placeholder:"FILE" help:"With --drill: also write the reports to this file, as Markdown."`
	Pace      time.Duration `default:"0s" help:"Pause after each step of the tour, for an audience."`
	Tour      TourFile      `placeholder:"FILE" help:"Show a guided tour in the console, or without one run it as a test: that of a file, or without FILE the one that comes with Shardeck."`
	LogLevel  string        `enum:"debug,info,warn,error" default:"info" help:"Minimum level that the services log."`
	console.Appearance
	console.Keys
	console.Signals
	console.Record
}

// Help adds to the command's help.
func (*Command) Help() string {
	return "Starts three workers, a primary and a backup master as child processes on 127.0.0.1, loads students and opens the console on them; keys there toggle traffic, kill the primary and restart it, and D runs drills. All children exit with this command, however it ends.\n\n" + cli.ExitHelp
}

// Run starts the cluster, shows it, and stops it.
func (c *Command) Run(ctx context.Context, streams cli.Streams) (err error) {
	if c.Rows < 0 || c.Rows > maxRows {
		return cli.Usagef("--rows is %d; it must be 0 to %d", c.Rows, maxRows)
	}
	if c.Pace < 0 {
		return cli.Usagef("--pace is %s; it cannot be negative", c.Pace)
	}
	if err := c.checkDrills(); err != nil {
		return err
	}
	guided, err := c.readTour()
	if err != nil {
		return err
	}
	headless := c.Headless || len(c.Drill) > 0 || !onTerminal()
	if !headless && dumb() {
		return cli.Usagef("the console cannot be shown with TERM=%s; use --headless for the tour as text", os.Getenv("TERM"))
	}
	if headless && len(c.Drill) == 0 && c.DataDir != "" && !emptyOrAbsent(c.DataDir) {
		return cli.Usagef("the tour requires --data-dir to be empty or not to exist yet, and %s is neither", c.DataDir)
	}
	if headless && c.To != "" {
		return cli.Usagef("--record is for the console, and the tour as text does not open it")
	}
	recorder, err := c.Record.Create()
	if err != nil {
		return cli.Usagef("%w", err)
	}
	defer func() { err = errors.Join(err, recorder.Discard()) }()
	say := func(format string, args ...any) {
		fmt.Fprintf(streams.Out, "  %s\n", c.shown(fmt.Sprintf(format, args...)))
	}
	opts := Options{DataDir: c.DataDir, FreePorts: c.FreePorts, Lease: c.Lease, LogLevel: c.LogLevel, Say: say}
	if c.Polyglot {
		if err := addPrograms(ctx, &opts, streams.Out); err != nil {
			return err
		}
	}
	fmt.Fprintln(streams.Out, "Shardeck demo: starting three workers and two masters")
	began := time.Now()
	cluster, err := Start(ctx, opts)
	if err != nil {
		return err
	}
	defer func() {
		stopBegan := time.Now()
		err = errors.Join(err, cluster.Stop())
		fmt.Fprintf(streams.Out, "All processes have been stopped (%s)%s.\n", round(time.Since(stopBegan)), c.shown(c.afterwards(cluster)))
	}()
	say("up in %s; token and logs are in %s", round(time.Since(began)), cluster.Dir())
	switch {
	case len(c.Drill) > 0:
		return c.runDrills(ctx, cluster, streams.Out)
	case headless && guided != nil:
		return c.rehearse(ctx, guided, cluster, streams.Out)
	case headless:
		t := &tour{out: streams.Out, cluster: cluster, pace: c.Pace, rows: c.Rows, manual: c.Lease == leaseManual}
		return t.run(ctx)
	}
	return c.openConsole(ctx, cluster, guided, recorder, streams.Out)
}

// addPrograms sets up the workers in other languages.
func addPrograms(ctx context.Context, opts *Options, out io.Writer) (err error) {
	fmt.Fprintln(out, "Shardeck demo: setting up the workers in Python and Node.js")
	if opts.Root, err = polyglot.Root(); err != nil {
		return cli.Usagef("--polyglot: %w", err)
	}
	programs, err := polyglot.SetUp(ctx, opts.Root, false, opts.Say)
	opts.Programs = append([]polyglot.Worker{{}}, programs...) // the first shard's is in Go
	if _, ok := errors.AsType[*polyglot.MissingError](err); ok {
		return cli.Usagef("--polyglot: %w", err)
	}
	return err
}

// shown is a text as it may be shown: to an audience without paths.
func (c *Command) shown(text string) string {
	if c.Presenter {
		return screen.Hide(text)
	}
	return text
}

func (c *Command) afterwards(cluster *Cluster) string {
	if cluster.dir.temporary {
		return " and the temporary directory has been removed"
	}
	return "; the data is kept in " + cluster.Dir()
}

// dataAfterwards says what happens to the data when the demo ends.
func (c *Command) dataAfterwards(cluster *Cluster) string {
	if cluster.dir.temporary {
		return ", and their data is removed"
	}
	return "; their data is kept in " + cluster.Dir()
}

// openConsole loads the students, unless an earlier demo has, starts the traffic and runs
// the console until the user quits.
func (c *Command) openConsole(ctx context.Context, cluster *Cluster, guided *guidedtour.Tour, recorder *console.Recorder, out io.Writer) error {
	if err := c.loadOnce(ctx, cluster, out); err != nil {
		return err
	}
	traffic := cluster.NewTraffic(c.Rows)
	defer traffic.Close()
	traffic.Set(!c.NoTraffic && c.Rows > 0)
	first := []string{cluster.secondShell()}
	if traffic.On() {
		first = append(first, fmt.Sprintf("traffic keeps about %d rows of its own", trafficKeeps))
	}
	for _, t := range cluster.taken {
		first = append(first, t.String())
	}
	rows := c.Rows
	if !cluster.dir.temporary {
		rows = 1 // an earlier demo may have loaded fewer
	}
	return console.Run(ctx, console.Options{
		Masters: cluster.Masters(), Theme: c.Theme, ASCII: c.ASCII, Signals: c.Signals, ThemeFile: console.ThemeFile(os.Getenv), DB: demoDB, Table: demoTable,
		Keys: c.Keys, Actions: demoActions(cluster, traffic), Events: first, Statements: demoStatements(),
		Notices: cluster.notices(), First: cluster.first(ctx, min(rows, c.Rows)), Drills: cluster.NewDrills(traffic, c.Rows),
		Guide: c.guide(guided, cluster, traffic), Presenter: c.Presenter,
		Recorder: recorder, Log: cluster.WorkerLog, Unreached: traffic.Unreached,
		QuitQuestion: "This ends the demo: its masters and workers are stopped" + c.dataAfterwards(cluster) + ".",
	})
}

func (c *Command) loadOnce(ctx context.Context, cluster *Cluster, out io.Writer) error {
	sum, err := cluster.Load(ctx, c.Rows, func(done, total int) {
		fmt.Fprintf(out, "\r  loading students: %d of %d", done, total)
		if done == total {
			fmt.Fprintln(out)
		}
	})
	switch {
	case err != nil:
		return err
	case sum.Found > 0:
		fmt.Fprintf(out, "  %s.%s already has %d rows\n", demoDB, demoTable, sum.Found)
	default:
		fmt.Fprintf(out, "  %d rows in %s, by shard %v\n", sum.Rows, round(sum.Took), sum.PerShard)
	}
	return nil
}

// demoActions returns the demo's keys for the console.
func demoActions(c *Cluster, traffic *Traffic) []console.Action {
	onOff := func() string {
		if traffic.On() {
			return "on"
		}
		return "off"
	}
	return []console.Action{
		{
			Key: "b", Label: "traffic", Help: "background traffic on or off",
			Status: func() string { return "traffic:" + onOff() },
			Run: func(context.Context, string) (string, error) {
				traffic.Toggle()
				sent, failed := traffic.Counts()
				return fmt.Sprintf("background traffic is %s (%d requests so far, %d failed)", onOff(), sent, failed), nil
			},
		},
		{
			Key: "K", Label: "kill", Help: "kill the primary master with SIGKILL",
			Confirm: func(s *cluster.State) (question, target string) {
				target, _ = s.Primary()
				return "Kill the primary " + cluster.Host(target) + "? It gets no chance to shut down. " + c.afterKill(), target
			},
			Refuse: func(s *cluster.State) string {
				_, answers := s.Primary()
				switch {
				case answers:
					return ""
				case c.MasterDown():
					return c.alreadyKilled()
				}
				return c.noPrimary()
			},
			Run: func(_ context.Context, target string) (string, error) {
				if err := c.KillMaster(target); err != nil {
					return "", err
				}
				return "sent SIGKILL to " + cluster.Host(target), nil
			},
		},
		{
			Key: "R", Label: "restart", Help: "restart what was killed", Urgent: c.MasterDown,
			Run: func(ctx context.Context, _ string) (string, error) {
				urls, err := c.Restart(ctx)
				if err != nil {
					return "", err
				}
				if len(urls) == 0 {
					return "every process is already running", nil
				}
				for i := range urls {
					urls[i] = cluster.Host(urls[i])
				}
				return "started " + strings.Join(urls, ", "), nil
			},
		},
	}
}

// emptyOrAbsent reports whether a directory is empty or does not exist.
func emptyOrAbsent(dir string) bool {
	entries, err := os.ReadDir(dir)
	return errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0
}

// HasTerminal reports whether stdin and stdout are a terminal that can show the console.
func HasTerminal() bool { return onTerminal() && !dumb() }

// dumb reports whether the terminal declares that it cannot position text.
func dumb() bool { return os.Getenv("TERM") == "dumb" }

func onTerminal() bool {
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}
