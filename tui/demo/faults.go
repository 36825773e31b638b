package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"shardeck/shared/childproc"
	"shardeck/tui/drill"
)

// A slow process is stopped and continued in turn. Unlike a proxy in front of it, this delays
// everything that the process does, in any language, and is not in the way otherwise.
//
// A stop is shorter than the 2 s after which masters call a probe unanswered. A probe that has waited
// for the process to go on is followed by another one a second later. That one finds the process
// stopped, and must still wait longer than the 500 ms that masters call slow: so both times together
// are more than 1.5 s.
const (
	slowStop = 1600 * time.Millisecond
	slowGo   = 150 * time.Millisecond
)

// fullAt is the size in bytes beyond which a worker's files cannot grow while its disk is full:
// below that of any database, so that every write fails.
const fullAt = 4096

// trouble is what is being done to a process.
type trouble struct {
	state drill.State
	end   func() error // undoes it
}

// State is what the process is doing.
func (p *process) State() drill.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.current == nil || !p.current.Alive():
		return drill.Killed
	case p.trouble != nil:
		return p.trouble.state
	}
	return drill.Running
}

// afflict begins something that is done to the running child, after undoing what was done before.
func (p *process) afflict(state drill.State, begin func(*childproc.Child) (end func() error, err error)) error {
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	if !p.alive() {
		return fmt.Errorf("%s is not running", p.name)
	}
	if err := p.relieved(); err != nil {
		return err
	}
	end, err := begin(p.run())
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	p.mu.Lock()
	p.trouble = &trouble{state: state, end: end}
	p.mu.Unlock()
	return nil
}

// relieve undoes what is being done to the process, if anything is.
func (p *process) relieve() error {
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	return p.relieved()
}

// relieved is relieve for who holds the lifecycle.
func (p *process) relieved() error {
	p.mu.Lock()
	t := p.trouble
	p.trouble = nil
	p.mu.Unlock()
	if t == nil {
		return nil
	}
	if err := t.end(); err != nil && p.alive() {
		return fmt.Errorf("%s is still %s: %w", p.name, t.state, err)
	}
	return nil
}

// freeze suspends the process until it is relieved.
func (p *process) freeze() error {
	return p.afflict(drill.Frozen, func(c *childproc.Child) (func() error, error) {
		return func() error { return resumeChild(c) }, suspendChild(c)
	})
}

// slow makes the process late until it is relieved.
func (p *process) slow() error {
	return p.afflict(drill.Slow, func(c *childproc.Child) (func() error, error) {
		if err := suspendChild(c); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithCancel(context.Background())
		var ended sync.WaitGroup
		ended.Go(func() {
			for pause(ctx, slowStop) && resumeChild(c) == nil && pause(ctx, slowGo) && suspendChild(c) == nil {
			}
		})
		return func() error {
			cancel()
			ended.Wait()
			return resumeChild(c)
		}, nil
	})
}

// fill makes every write to the process's files fail until it is relieved.
func (p *process) fill() error {
	return p.afflict(drill.Full, func(c *childproc.Child) (func() error, error) {
		return func() error { return limitFiles(c.PID(), 0) }, limitFiles(c.PID(), fullAt)
	})
}

// restart stops the process in an orderly way and starts it again.
func (p *process) restart(ctx context.Context) error {
	return errors.Join(p.stop(), p.start(ctx))
}
