package front

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/magefile/mage/mage"
	"golang.org/x/term"

	"github.com/slipway-build/slipway/internal/run"
)

// start runs the compiled magefile to its end, and returns the exit code. Signals go on to it: a
// magefile takes an interrupt that comes from the terminal, too, at the same moment for one.
func (p program) start(m magefile, words []string, env ...string) int {
	c := exec.Command(m.exe, words...)
	c.Stdin, c.Stdout, c.Stderr = p.in, p.out, p.err
	c.Dir, c.Env = m.inv.WorkDir, append(environment(m.inv), commandVariable+"="+p.called)
	c.Env = append(c.Env, env...)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	if err := c.Start(); err != nil {
		return p.fail(exitFailed, err)
	}
	interrupted := make(chan bool)
	go func() {
		was := false
		for s := range signals {
			was = was || s == syscall.SIGINT
			_ = c.Process.Signal(s)
		}
		interrupted <- was
	}()
	err := c.Wait()
	signal.Stop(signals) // which waits for those on their way
	close(signals)
	exit := new(exec.ExitError)
	switch {
	case <-interrupted:
		return exitInterrupted
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode()
	case errors.As(err, &exit) && killedBy(exit) > 0:
		return 128 + killedBy(exit)
	case err != nil:
		return p.fail(exitFailed, err)
	}
	return 0
}

// killedBy returns the number of the signal that ended a process, or 0.
func killedBy(exit *exec.ExitError) int {
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return int(status.Signal())
	}
	return 0
}

// compileVariable is set for a process that compiles the magefile and runs no target.
const compileVariable = "MAGEFILE_SLIPWAY_COMPILE"

func onlyCompiles() bool { return os.Getenv(compileVariable) != "" }

// slow is how long compiling a magefile takes before people at a terminal are told.
const slow = 2 * time.Second

// compile brings the compiled magefile up to date. Mage gives nobody a hold of the go command
// that it starts, so that is done by a process of its own, in a group that a signal can end.
func (p program) compile(m magefile) int {
	if m.fresh {
		return 0
	}
	if onlyCompiles() {
		return m.compile(p.err)
	}
	told := time.AfterFunc(slow, func() {
		if f, ok := p.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			fmt.Fprintln(f, "compiling the magefile, as it is new or has changed …")
		}
	})
	defer told.Stop()
	c := p.again
	c.Env, c.Stdout, c.Stderr = append(os.Environ(), compileVariable+"=1"), p.out, p.err
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	go func() {
		select {
		case s := <-signals:
			cancel(endedBy{s.(syscall.Signal)})
		case <-ctx.Done():
		}
	}()
	err := run.Runner{}.Run(ctx, c)
	if by := (endedBy{}); errors.As(context.Cause(ctx), &by) {
		return 128 + int(by.Signal)
	}
	if code := run.ExitCode(err); code > 0 {
		return code // it has said why
	} else if err != nil {
		return p.fail(exitFailed, err)
	}
	return 0
}

// endedBy is why a process ends that got a signal.
type endedBy struct{ syscall.Signal }

func (s endedBy) Error() string { return s.String() }

// environment returns the variables by which mage passes its flags on to a
// compiled magefile.
func environment(inv mage.Invocation) []string {
	env := append(os.Environ(), "MAGEFILE_GOCMD="+inv.GoCmd)
	if inv.Verbose {
		env = append(env, "MAGEFILE_VERBOSE=1")
	}
	if inv.Debug {
		env = append(env, "MAGEFILE_DEBUG=1")
	}
	if inv.Timeout > 0 {
		env = append(env, "MAGEFILE_TIMEOUT="+inv.Timeout.String())
	}
	return env
}
