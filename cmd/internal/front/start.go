package front

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/magefile/mage/mage"
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

// compile brings the compiled magefile up to date. An interrupt reaches the go command, too;
// Mage removes then what it has written into the project.
func (p program) compile(m magefile) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT)
	code := m.compile(p.err)
	signal.Stop(signals)
	select {
	case <-signals:
		return exitInterrupted
	default:
		return code
	}
}

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
