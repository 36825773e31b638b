package console

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// request tracks the latest request of one kind. Answers to earlier ones are dropped.
type request struct {
	id     uint64
	active bool
	cancel context.CancelFunc
}

// answerMsg is the answer to a request.
type answerMsg struct {
	of   *request
	id   uint64
	take func(*model) tea.Cmd
}

// begin starts a request, and abandons the one before: do runs in a goroutine of its own, within
// the timeout, and take gets its answer in the event loop, unless it is stale by then.
func begin[T any](m *model, r *request, timeout time.Duration, do func(context.Context) T, take func(*model, T) tea.Cmd) tea.Cmd {
	r.drop()
	ctx, cancel := context.WithTimeout(m.ctx, timeout)
	r.id++
	r.active, r.cancel = true, cancel
	id := r.id
	return func() tea.Msg {
		answer := do(ctx)
		return answerMsg{of: r, id: id, take: func(m *model) tea.Cmd { return take(m, answer) }}
	}
}

// answered acts on the answer to a request, unless it is stale.
func (m *model) answered(msg answerMsg) tea.Cmd {
	if !msg.of.active || msg.of.id != msg.id {
		return nil
	}
	msg.of.drop()
	return msg.take(m)
}

// interrupt cancels the request but still waits for its answer, which says so.
func (r *request) interrupt() {
	if r.cancel != nil {
		r.cancel()
	}
}

// drop abandons the request; if an answer still arrives, it is stale.
func (r *request) drop() {
	if r.cancel != nil {
		r.cancel()
	}
	r.active, r.cancel = false, nil
}

// reply is what a call returned.
type reply[T any] struct {
	value T
	err   error
}

// call adapts a function with an error for [begin].
func call[T any](f func(context.Context) (T, error)) func(context.Context) reply[T] {
	return func(ctx context.Context) reply[T] {
		v, err := f(ctx)
		return reply[T]{v, err}
	}
}
