package childproc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childVar makes this test binary act as a child; see actAsChild.
const childVar = "CHILDPROC_TEST_CHILD"

func TestMain(m *testing.M) {
	if kind := os.Getenv(childVar); kind != "" {
		os.Exit(actAsChild(kind))
	}
	goleak.VerifyTestMain(m)
}

// actAsChild is the child process of the tests: a service with one behaviour to test.
func actAsChild(kind string) int {
	switch kind {
	case "failing":
		fmt.Fprintln(os.Stderr, "the disk is made of cheese")
		return 3
	case "silent":
		time.Sleep(time.Hour)
	}
	fmt.Println("something else first")
	fmt.Println(ReadyPrefix + "http://127.0.0.1:1")
	if kind == "stubborn" { // hears nothing
		time.Sleep(time.Hour)
	}
	heard, err := io.ReadAll(bufio.NewReader(os.Stdin))
	fmt.Printf("heard %q %v\n", heard, err)
	return 0
}

func start(t *testing.T, kind, stopWord string) (*Child, *Tail) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := NewTail(1 << 20)
	c, err := Start(Spec{Name: kind, Path: exe, Env: append(os.Environ(), childVar+"="+kind), Stdout: out, Stderr: out, StopWord: stopWord})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Kill(); err != nil {
			t.Error(err)
		}
	})
	return c, out
}

func TestChildStopsWhenAsked(t *testing.T) {
	for word, heard := range map[string]string{"": `heard "" <nil>`, "stop": `heard "stop\n" <nil>`} {
		c, out := start(t, "polite", word)
		url, err := c.AwaitReady(t.Context(), time.Minute)
		if err != nil || url != "http://127.0.0.1:1" {
			t.Fatal(url, err)
		}
		if !c.Alive() || c.PID() == 0 {
			t.Fatal("it does not run")
		}
		if inOrder, err := c.Stop(time.Minute); !inOrder || err != nil {
			t.Errorf("in order: %v, %v", inOrder, err)
		}
		if c.Alive() || c.Err() != nil {
			t.Errorf("alive: %v, %v", c.Alive(), c.Err())
		}
		if !strings.Contains(out.String(), heard) {
			t.Errorf("it wrote %q, without %s", out, heard)
		}
		if inOrder, err := c.Stop(time.Minute); !inOrder || err != nil {
			t.Errorf("stopping an ended child: %v, %v", inOrder, err)
		}
	}
}

func TestChildThatDoesNotStopIsKilled(t *testing.T) {
	c, _ := start(t, "stubborn", "")
	if _, err := c.AwaitReady(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if inOrder, err := c.Stop(50 * time.Millisecond); inOrder || err != nil {
		t.Errorf("in order: %v, %v", inOrder, err)
	}
	if _, killed := errors.AsType[*exec.ExitError](c.Err()); c.Alive() || !killed {
		t.Errorf("alive: %v, %v", c.Alive(), c.Err())
	}
}

func TestEarlyExitIsReported(t *testing.T) {
	c, out := start(t, "failing", "")
	_, err := c.AwaitReady(t.Context(), time.Minute)
	if ended, ok := errors.AsType[*EndedError](err); !ok || ended.Name != "failing" || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(out.String(), "made of cheese") {
		t.Errorf("it wrote %q", out)
	}
}

func TestChildThatIsNotReadyIsKilled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, wait := range map[string]func(*Child) error{
		"in time":          func(c *Child) error { _, err := c.AwaitReady(t.Context(), time.Millisecond); return err },
		"with the context": func(c *Child) error { _, err := c.AwaitReady(ctx, time.Minute); return err },
	} {
		c, _ := start(t, "silent", "")
		if err := wait(c); err == nil || c.Alive() {
			t.Errorf("%s: %v, alive %v", name, err, c.Alive())
		}
	}
}

func TestMissingProgramIsNamed(t *testing.T) {
	_, err := Start(Spec{Name: "worker-1", Path: "/nonexistent/program"})
	if err == nil || !strings.Contains(err.Error(), "worker-1: starting /nonexistent/program") {
		t.Errorf("got %v", err)
	}
}

func TestURLIsFoundWhateverTheChunking(t *testing.T) {
	whole := "noise\n" + strings.Repeat("x", 3*maxLine) + "\nlistening on http://h:1\r\nlistening on http://h:2\n"
	for _, size := range []int{1, 7, 4096, len(whole)} {
		var rest strings.Builder
		w := newReadyWatcher(&rest)
		for part := range slices.Chunk([]byte(whole), size) {
			if n, err := w.Write(part); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		select {
		case url := <-w.url:
			if url != "http://h:1" {
				t.Errorf("in parts of %d bytes: %q", size, url)
			}
		default:
			t.Errorf("not seen in parts of %d bytes", size)
		}
		if rest.String() != whole {
			t.Errorf("in parts of %d bytes, the output is not passed on completely", size)
		}
	}
	w := newReadyWatcher(nil)
	_, _ = io.WriteString(w, "listening on half a line")
	select {
	case url := <-w.url:
		t.Errorf("%q was seen before the end of the line", url)
	default:
	}
}

func TestTailIsBounded(t *testing.T) {
	tail := NewTail(100)
	var all strings.Builder
	for i := range 1000 {
		fmt.Fprintf(tail, "line %d\n", i)
		fmt.Fprintf(&all, "line %d\n", i)
		if got := tail.String(); len(got) > 100 || i > 20 && len(got) < 75 || !strings.HasSuffix(all.String(), got) {
			t.Fatalf("after line %d: %q", i, got)
		}
	}
}
