// Command tui is Shardeck's terminal program: the console, the demo cluster, and subcommands
// for shells and scripts.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"shardeck/shared/daemon"
	"shardeck/tui/bench"
	"shardeck/tui/cli"
	"shardeck/tui/console"
	"shardeck/tui/demo"
	"shardeck/tui/quiet"
	"shardeck/tui/screen"
	"shardeck/tui/statement"
	"shardeck/tui/terminal"
	"shardeck/tui/theme"
)

const description = "Shardeck: a sharded SQL database with a terminal console. Without a command it opens the console."

// grammar is the command line.
type grammar struct {
	Console       consoleCommand    `cmd:"" default:"withargs" help:"Open the console on a running cluster (the default)."`
	Demo          demo.Command      `cmd:"" help:"Bring up a whole cluster on this machine and open the console on it."`
	Status        cli.Status        `cmd:"" help:"Print the state of masters, shards and tables."`
	Watch         cli.Watch         `cmd:"" help:"Print what changes, a line for each change, until Ctrl-C."`
	Query         cli.Query         `cmd:"" help:"Run a T-SQL statement over all shards, or print its plan."`
	Queries       cli.Queries       `cmd:"" help:"List running statements, or cancel one."`
	Count         cli.Count         `cmd:"" help:"Count the rows of a table by MapReduce."`
	Repair        cli.Repair        `cmd:"" help:"Compare the copies of a reference table, and make them equal."`
	SecurityCheck cli.SecurityCheck `cmd:"" help:"Check that no worker accepts a request without the token."`
	Failover      cli.Failover      `cmd:"" help:"Promote the backup master."`

	Replay replayCommand `cmd:"" help:"Show a recording of the console, without a cluster."`

	Config configCommand `cmd:"" help:"Write, find and show the configuration."`

	Bench bench.Command `cmd:"" help:"Measure a cluster, and print ratios to baselines measured in the same run."`

	EchoWorker bench.EchoWorker `cmd:"" hidden:"" help:"Second hop of the benchmark's baseline."`
	EchoMaster bench.EchoMaster `cmd:"" hidden:"" help:"First hop of the benchmark's baseline."`

	RunWorker demo.RunWorker `cmd:"" hidden:"" help:"Run a worker of the demo."`
	RunMaster demo.RunMaster `cmd:"" hidden:"" help:"Run a master of the demo."`

	Version kong.VersionFlag `name:"version" help:"Print the version and exit."`
}

// consoleCommand is `tui console`.
type consoleCommand struct {
	cli.Connection
	Interval time.Duration `env:"SHARDECK_INTERVAL" default:"1s" help:"Time between two polls."`
	DB       string        `name:"db" help:"Database to show first."`
	Table    string        `help:"Table to show first (default: the one with most rows)."`
	Colour   string        `enum:"${colours}," default:"" placeholder:"COLOUR" help:"Colour of the profile's name: ${colours_text}."`
	console.Appearance
	console.Keys
	console.Signals
	console.Record
}

// Run opens the console.
func (c *consoleCommand) Run(ctx context.Context, settings *settings) error {
	endpoints, err := c.Open()
	if err != nil {
		return err
	}
	token, err := c.Token()
	if err != nil {
		return err
	}
	if !demo.HasTerminal() {
		return cli.Usagef("the console requires a terminal on stdin and stdout, and a TERM other than dumb; in scripts use status, query, count, security-check or failover")
	}
	urls := make([]string, len(endpoints))
	for i, e := range endpoints {
		urls[i] = e.URL
	}
	if c.Interval <= 0 {
		return cli.Usagef("--interval is %s; it must be greater than 0", c.Interval)
	}
	profile := screen.Profile{Name: settings.profile, Colour: c.Colour, ReadOnly: c.ReadOnly, Production: c.Production}
	if c.Production && profile.Name == "" {
		return cli.Usagef("--production requires a profile, whose name is to be typed; see config init")
	}
	recorder, err := c.Record.Create()
	if err != nil {
		return cli.Usagef("%w", err)
	}
	err = console.Run(ctx, console.Options{
		Recorder: recorder,
		Masters:  urls, APIToken: token, Theme: c.Theme, ASCII: c.ASCII, Presenter: c.Presenter, DB: c.DB, Table: c.Table, Interval: c.Interval,
		Keys: c.Keys, Signals: c.Signals, Bindings: settings.bindings, Profile: profile,
		HistoryFile: console.HistoryFile(os.Getenv), EventFile: console.EventFile(os.Getenv), ThemeFile: console.ThemeFile(os.Getenv),
	})
	err = errors.Join(err, recorder.Discard())
	if refused, ok := errors.AsType[*console.RefusedError](err); ok {
		return cli.Usagef("%w", refused)
	}
	return err
}

func main() {
	quiet.End()
	// A second signal ends the process at once; the children notice and exit too.
	ctx, _ := terminal.NotifyContext(context.Background(), demo.EndSignals()...)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run carries out a command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var g grammar
	out := cli.NewOutput(stdout)
	parsed, err := parse(ctx, &g, args, streamsOf(out, stdout, stderr))
	if parsed != nil {
		err = parsed.Run()
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return cli.ExitInterrupted // the user interrupted it and needs no report
	}
	if lost := out.Err(); lost != nil {
		err = lost
	}
	cli.Report(stderr, err, parsed != nil && g.wantsJSON())
	return cli.ExitCode(err)
}

// parse returns the command that a command line asks for, nil if the line is invalid or if
// the answer is printed already, as for --help.
func parse(ctx context.Context, g *grammar, args []string, streams cli.Streams) (*kong.Context, error) {
	helped := false
	parser, err := kong.New(g,
		kong.Name(programName()), kong.Description(description), daemon.FlagTypes(),
		kong.Writers(streams.Out, streams.Err),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.Vars{"version": programName() + " " + daemon.Version},
		kong.Vars(cli.Vars()), kong.Vars{"themes": strings.Join(append([]string{theme.Auto}, theme.Names()...), ","), "colours": strings.Join(screen.Colours(), ","),
			"themes_text": strings.Join(append([]string{theme.Auto}, theme.Names()...), ", "), "colours_text": strings.Join(screen.Colours(), ", ")},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(streams),
	)
	if err != nil {
		return nil, &cli.ExitError{Code: cli.ExitInternal, Err: err}
	}
	s := newSettings(os.Getenv, parser)
	for _, o := range []kong.Option{kong.Bind(s), kong.Resolvers(s)} {
		if err := o.Apply(parser); err != nil {
			return nil, &cli.ExitError{Code: cli.ExitInternal, Err: err}
		}
	}
	for i, arg := range args {
		// What is not UTF-8 would be altered on its way to the masters.
		if !utf8.ValidString(arg) {
			_, err := statement.Decode([]byte(arg))
			return nil, cli.Usagef("argument %d, %.60q, cannot be read: %w", i+1, arg, err)
		}
	}
	parsed, err := parser.Parse(args)
	if helped {
		return nil, nil
	}
	if err != nil {
		if s.failed != nil {
			return nil, cli.Usagef("%w", s.failed)
		}
		return nil, cli.Usagef("%w; %s", s.explain(err), usageHint(parser, args, err))
	}
	return parsed, nil
}

// streamsOf returns a command's streams, with what is known about the terminal behind stdout.
func streamsOf(out *cli.Output, stdout, stderr io.Writer) cli.Streams {
	s := cli.Streams{In: os.Stdin, Out: out, Err: stderr, Interactive: term.IsTerminal(int(os.Stdin.Fd()))}
	if f, ok := stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			s.Columns = width
		}
	}
	return s
}

// usageHint says how to correct an invalid command line. Options before a command
// select the console, which takes no command. A statement without quotes is several arguments.
func usageHint(parser *kong.Kong, args []string, err error) string {
	if len(args) > 0 && args[0] == "query" && strings.HasPrefix(err.Error(), "unexpected argument ") {
		return "put the statement in quotes, such as \"SELECT COUNT(*) FROM Students\""
	}
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if i == 0 || !strings.HasPrefix(args[0], "-") || !isCommand(parser, arg) {
			continue
		}
		words := slices.Concat([]string{programName()}, args[i:], args[:i])
		return "options go after the command: " + strings.Join(words, " ")
	}
	return "see --help"
}

func isCommand(parser *kong.Kong, word string) bool {
	return slices.ContainsFunc(parser.Model.Children, func(n *kong.Node) bool {
		return n.Type == kong.CommandNode && !n.Hidden && n.Name == word
	})
}

// programName is the name this program was started under: shardeck, or tui with go run.
func programName() string { return daemon.ProgramName("shardeck") }

// wantsJSON reports whether errors are printed as JSON too.
func (g *grammar) wantsJSON() bool {
	return g.Status.JSON || g.Watch.JSON || g.Query.JSON || g.Queries.List.JSON || g.Queries.Cancel.JSON || g.Count.JSON || g.SecurityCheck.JSON || g.Failover.JSON
}
