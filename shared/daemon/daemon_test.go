package daemon_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"shardeck/shared/daemon"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type config struct {
	Timeout      time.Duration `help:"The timeout." default:"10s" env:"TEST_DAEMON_TIMEOUT"`
	Workers      []string      `help:"The workers." default:"http://a,http://b"`
	Origins      []string      `help:"The origins."`
	Port         int           `help:"The port." default:"1" env:"TEST_DAEMON_PORT"`
	Name         string        `help:"The name." default:"n" env:"TEST_DAEMON_NAME"`
	daemon.Flags `embed:""`
}

func TestFlagsOverrideTheEnvironmentAndDefaults(t *testing.T) {
	t.Setenv("TEST_DAEMON_PORT", "2")
	t.Setenv("TEST_DAEMON_NAME", "from-env")
	var got config
	done, err := daemon.Parse(&got, "x", "", []string{"--port=3", "--exit-with-parent"}, io.Discard, io.Discard)
	if done || err != nil {
		t.Fatal(done, err)
	}
	want := config{
		Timeout: 10 * time.Second, Workers: []string{"http://a", "http://b"}, Port: 3, Name: "from-env", Flags: daemon.Flags{LogFormat: "text", LogLevel: "info", ExitWithParent: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHelpShowsFlagVariableAndDefault(t *testing.T) {
	var out bytes.Buffer
	var cfg config
	done, err := daemon.Parse(&cfg, "x", "About x.", []string{"--help"}, &out, io.Discard)
	if !done || err != nil {
		t.Fatal(done, err)
	}
	for _, want := range []string{"Usage: " + daemon.ProgramName("x") + " ", "--workers=http://a,http://b\n", "--origins=ORIGINS,...  ", "--port=1", "$TEST_DAEMON_PORT", "About x."} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the help lacks %s:\n%s", want, out.String())
		}
	}
}

func TestListsAndDurationsAreParsed(t *testing.T) {
	var got config
	if _, err := daemon.Parse(&got, "x", "", []string{"--workers=http://c,http://d", "--workers=http://e", "--timeout=1m30s"}, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"http://c", "http://d", "http://e"}, got.Workers); diff != "" || got.Timeout != 90*time.Second {
		t.Errorf("timeout %s, workers %s", got.Timeout, diff)
	}
	_, err := daemon.Parse(new(config), "x", "", []string{"--timeout=soon"}, io.Discard, io.Discard)
	if want := `--timeout: "soon" is not a duration: write a number and a unit, such as 500ms, 15s or 5m (--timeout or TEST_DAEMON_TIMEOUT)`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestIntegersAreParsed(t *testing.T) {
	for text, want := range map[string]int{"80": 80, "-1": -1, "0x50": 80} {
		var got config
		if _, err := daemon.Parse(&got, "x", "", []string{"--port=" + text}, io.Discard, io.Discard); err != nil || got.Port != want {
			t.Errorf("%s: %d, %v", text, got.Port, err)
		}
	}
	for _, text := range []string{"x", "1.5", "99999999999999999999", ""} {
		_, err := daemon.Parse(new(config), "x", "", []string{"--port=" + text}, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "is not a whole number") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestInvalidFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"--no-such"}, {"--port=x"}, {"--log-level=loud"}, {"stray"}} {
		if done, err := daemon.Parse(new(config), "x", "", args, io.Discard, io.Discard); done || err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

func TestLifetimeEndsWithStandardInput(t *testing.T) {
	r, w := io.Pipe()
	f := daemon.Flags{ExitWithParent: true}
	ctx, stop := f.Lifetime(t.Context(), r, slog.New(slog.DiscardHandler))
	defer stop()
	if _, err := w.Write([]byte("noise does not end it\n")); err != nil {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Fatal("ended too early")
	}
	w.Close()
	<-ctx.Done()
}

func TestLifetimeDoesNotReadStandardInputByDefault(t *testing.T) {
	ctx, stop := (&daemon.Flags{}).Lifetime(t.Context(), failing{t}, slog.New(slog.DiscardHandler))
	stop()
	<-ctx.Done()
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Error(ctx.Err())
	}
}

type failing struct{ t *testing.T }

func (f failing) Read([]byte) (int, error) {
	f.t.Error("standard input was read")
	return 0, io.EOF
}

func TestLogger(t *testing.T) {
	var b bytes.Buffer
	f := daemon.Flags{LogFormat: "json", LogLevel: "warn"}
	log := f.Logger(&b)
	log.Info("no")
	log.Warn("yes", "k", 1)
	if s := b.String(); !strings.Contains(s, `"msg":"yes"`) || strings.Contains(s, "no\"") {
		t.Error(s)
	}
}

func TestMainReportsTheError(t *testing.T) {
	name := daemon.ProgramName("x")
	var b bytes.Buffer
	if code := daemon.Main("x", &b, func() error { return errors.New("broken") }); code != 1 || b.String() != name+": broken\n" {
		t.Error(code, b.String())
	}
	b.Reset()
	if code := daemon.Main("x", &b, func() error { return daemon.Usagef("no such thing") }); code != 2 || b.String() != name+": no such thing; see --help\n" {
		t.Error(code, b.String())
	}
	if code := daemon.Main("x", &b, func() error { return nil }); code != 0 {
		t.Error(code)
	}
}
