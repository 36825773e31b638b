package terminal

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// MaxCopy is the most that is put onto the clipboard, in bytes. Terminals ignore or cut what
// is much longer, and do not say so.
const MaxCopy = 1 << 20

// tmuxWait bounds the wait for tmux.
const tmuxWait = 3 * time.Second

// screenLimit is the longest string that GNU screen passes through in one piece.
const screenLimit = 768

// copy puts text onto the clipboard. OSC 52 reaches the clipboard of the machine that the user
// sits at, also over ssh; tmux takes it only with `set-clipboard on`, and is asked itself.
func (s *session) copy(text string) Copied {
	done := Copied{Bytes: len(text)}
	if len(text) > MaxCopy {
		done.Err = fmt.Errorf("%.1f MiB do not fit into the clipboard, which takes %d MiB from a terminal; export them to a file instead", float64(len(text))/(1<<20), MaxCopy>>20)
		return done
	}
	if s.getenv("TMUX") != "" {
		if err := toTmux(text); err == nil {
			done.How = "tmux's buffer, and the clipboard if tmux may write it"
			return done
		}
	}
	sequence := ansi.SetSystemClipboard(text)
	if s.getenv("STY") != "" || strings.HasPrefix(s.getenv("TERM"), "screen") && s.getenv("TMUX") == "" {
		sequence = ansi.ScreenPassthrough(sequence, screenLimit)
	}
	done.How = "the clipboard, if the terminal allows that"
	done.Err = s.painter.Pass(sequence)
	return done
}

// toTmux loads tmux's paste buffer; -w has it write the clipboard of the terminal outside too,
// if its own settings allow that. Versions before 3.2 do not know -w, and get OSC 52.
func toTmux(text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), tmuxWait)
	defer cancel()
	cmd := exec.CommandContext(ctx, "tmux", "load-buffer", "-w", "-")
	cmd.Stdin = strings.NewReader(text)
	return cmd.Run()
}
