package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/slipway-build/slipway/event"
	process "github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/show"
)

// An interruptedError is of a run that a signal ended. Mage asks it for its exit status, which
// is the one that shells have for that.
type interruptedError struct{ signal syscall.Signal }

func (*interruptedError) Error() string { return process.ErrInterrupted.Error() }

func (*interruptedError) Unwrap() error { return process.ErrInterrupted }

func (e *interruptedError) ExitStatus() int { return 128 + int(e.signal) }

const (
	// echo is how long the first signal may come again: a terminal sends it to all processes,
	// and some of them, as the go command does, hand it on.
	echo    = 300 * time.Millisecond
	settled = 50 * time.Millisecond // until Mage's own handler is in place
	slow    = time.Second           // until people are told that an interrupted run still ends
	last    = 2 * time.Second       // that a run has to end after a second signal
)

// untilSignal returns a context that the first signal to end this process cancels. The second
// one kills subprocesses, and ends this one even if the run does not. ended gives up waiting
// for signals, and returns the error of a run: if there was a signal, that.
func untilSignal(parent context.Context, p *show.Printer) (_ context.Context, ended func(error) error) {
	// Mage's handler would write into the terminal while it is drawn on, and exit before
	// subprocesses have ended.
	signal.Reset(syscall.SIGINT)
	signals, stop := make(chan os.Signal, 4), make(chan struct{})
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	again := time.AfterFunc(settled, func() { // Mage asks for the signal beside the target, and may be later
		signal.Reset(syscall.SIGINT)
		signal.Notify(signals, syscall.SIGINT)
	})
	hurry := make(chan struct{})
	ctx, cancel := context.WithCancelCause(process.WithHurry(parent, hurry))
	go func() {
		select {
		case <-stop:
		case s := <-signals:
			why := &interruptedError{s.(syscall.Signal)}
			cancel(why)
			insist(p, signals, hurry)
			p.Abort()
			fmt.Fprintln(os.Stderr, "Error:", why)
			os.Exit(why.ExitStatus())
		}
	}()
	return ctx, func(err error) error {
		var why *interruptedError
		if errors.As(context.Cause(ctx), &why) {
			return why
		}
		again.Stop()
		signal.Stop(signals)
		close(stop)
		cancel(nil)
		if err != nil && errors.Is(parent.Err(), context.Canceled) { // by Mage, before it left signals to us
			return &interruptedError{syscall.SIGINT}
		}
		return err
	}
}

// insist waits for a second signal, has subprocesses killed, and returns when the run should
// have ended.
func insist(p *show.Printer, signals <-chan os.Signal, hurry chan<- struct{}) {
	first := time.Now()
	for told := time.After(slow); ; {
		select {
		case <-told:
			p.Event(event.Event{Kind: event.Note,
				Detail: "interrupted: waiting for what still runs; interrupt again to end it at once"})
		case <-signals:
			if time.Since(first) < echo {
				continue
			}
			close(hurry)
			time.Sleep(last)
			return
		}
	}
}
