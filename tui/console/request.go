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

// answerMsg is an answer to a request.
type answerMsg struct {
	of   *request
	id   uint64
	last bool // no further answers follow
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
		return answerMsg{of: r, id: id, last: true, take: func(m *model) tea.Cmd { return take(m, answer) }}
	}
}

// beginStream is begin for a request with any number of answers, which do passes to emit in turn.
// emit waits until the event loop has taken the answer before. done runs in the event loop once do
// has returned.
func beginStream[T any](m *model, r *request, timeout time.Duration, do func(ctx context.Context, emit func(T)), take func(*model, T) tea.Cmd, done func(*model) tea.Cmd) tea.Cmd {
	answers := make(chan T)
	run := begin(m, r, timeout, func(ctx context.Context) struct{} {
		defer close(answers)
		do(ctx, func(answer T) {
			select {
			case answers <- answer:
			case <-m.ctx.Done(): // the program has ended
			}
		})
		return struct{}{}
	}, nil)
	id := r.id
	var next tea.Cmd
	next = func() tea.Msg {
		answer, ok := <-answers
		if !ok {
			return answerMsg{of: r, id: id, last: true, take: done}
		}
		return answerMsg{of: r, id: id, take: func(m *model) tea.Cmd { return tea.Batch(take(m, answer), next) }}
	}
	return func() tea.Msg {
		go run() // ends with its context at the latest; that it has ended is that the channel is closed
		return next()
	}
}

// answered acts on the answer to a request, unless it is stale.
func (m *model) answered(msg answerMsg) tea.Cmd {
	if !msg.of.active || msg.of.id != msg.id {
		return nil
	}
	if msg.last {
		msg.of.drop()
	}
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

// answerOf is the value of a reply without an error, else nil.
func answerOf[T any](r reply[*T]) *T {
	if r.err != nil {
		return nil
	}
	return r.value
}

// call adapts a function with an error for [begin].
func call[T any](f func(context.Context) (T, error)) func(context.Context) reply[T] {
	return func(ctx context.Context) reply[T] {
		v, err := f(ctx)
		return reply[T]{v, err}
	}
}
