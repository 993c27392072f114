// Package run starts subprocesses: with an explicit environment, under a
// context that ends the whole process group, and with their output at hand
// when they fail.
package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/slipway-build/slipway/event"
)

// A Cmd is one subprocess to be.
type Cmd struct {
	Args   []string // the program, looked up in Env's PATH, and its arguments
	Dir    string
	Env    Env
	Stdin  io.Reader // nil: nothing
	Stdout io.Writer // nil: only kept for the error
	Stderr io.Writer // nil: only kept for the error
	// User is the number of the user that the process takes itself for; 0 is who runs this
	// one. Only Linux can, in a user namespace, where the files of this user are that one's.
	User int
}

// A Runner starts subprocesses and says so.
type Runner struct {
	Events event.Sink
}

// An Error is a subprocess that failed.
type Error struct {
	Args   []string
	Output string // the last lines it printed, secrets redacted
	Err    error
}

func (e *Error) Error() string {
	head := fmt.Sprintf("%s: %v", commandLine(e.Args), e.Err)
	if e.Output == "" {
		return head
	}
	return head + "\n" + e.Output
}

func (e *Error) Unwrap() error { return e.Err }

// ErrInterrupted is the error of a subprocess that was ended because the
// context was.
var ErrInterrupted = errors.New("interrupted")

// grace is how long an interrupted subprocess may take to clean up.
const grace = 3 * time.Second

// Run runs c to its end. When ctx ends first, the process group is interrupted,
// after a grace killed, and the error is ErrInterrupted.
func (r Runner) Run(ctx context.Context, c Cmd) error {
	r.Events.Emit(event.Event{Kind: event.Command, Detail: commandLine(c.Args)})
	path, err := c.Env.LookPath(c.Args[0])
	if err != nil {
		return err
	}
	var kept tail
	cmd := exec.CommandContext(ctx, path, c.Args[1:]...)
	cmd.Args[0] = c.Args[0]
	cmd.Dir, cmd.Env = c.Dir, c.Env
	if c.Dir != "" {
		// As a shell would: the go command names files by the way it was called, through links too.
		cmd.Env = c.Env.With("PWD=" + c.Dir)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, tee(&kept, c.Stderr)
	if c.Stdout == nil {
		cmd.Stdout = &kept
	}
	cmd.WaitDelay = 2 * grace
	ended := make(chan struct{})
	cmd.Cancel = func() error {
		// Whoever is deaf to the interrupt may hold our pipes, and has no other parent to end it.
		go killLater(ctx, cmd.Process.Pid, ended)
		return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
	}
	err = runGroup(cmd, c.User)
	close(ended)
	if cmd.Process != nil && ctx.Err() != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ErrInterrupted
	}
	return &Error{Args: c.Args, Output: Redact(kept.String()), Err: err}
}

// killLater kills a process group after the grace, or as soon as its context is in a hurry.
func killLater(ctx context.Context, group int, ended <-chan struct{}) {
	hurry, _ := ctx.Value(hurryKey{}).(<-chan struct{})
	select {
	case <-ended: // its number may be another group's by now
		return
	case <-time.After(grace):
	case <-hurry:
	}
	_ = syscall.Kill(-group, syscall.SIGKILL)
}

type hurryKey struct{}

// WithHurry returns a context that ends when ctx does. When hurry is closed after that, its
// subprocesses are killed at once.
func WithHurry(ctx context.Context, hurry <-chan struct{}) context.Context {
	return context.WithValue(ctx, hurryKey{}, hurry)
}

// Output runs c and returns what it wrote to its standard output.
func (r Runner) Output(ctx context.Context, c Cmd) ([]byte, error) {
	var out bytes.Buffer
	c.Stdout = &out
	err := r.Run(ctx, c)
	return out.Bytes(), err
}

func tee(kept io.Writer, also io.Writer) io.Writer {
	if also == nil {
		return kept
	}
	return io.MultiWriter(kept, also)
}

func commandLine(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		a = Redact(a) // before quotes hide what is a password
		if a == "" || strings.ContainsAny(a, " \t\n'\"$`\\*?[#~;&|<>()") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		quoted[i] = a
	}
	return strings.Join(quoted, " ")
}

var userinfo = regexp.MustCompile(`(://)[^/\s]+@`)

// Redact returns s without the user names and passwords of its URLs.
func Redact(s string) string {
	return userinfo.ReplaceAllString(s, "${1}[redacted]@")
}

// A tail keeps the last lines written to it, by any number of writers.
type tail struct {
	mu  sync.Mutex
	buf []byte
	cut bool // the first line is not whole: half a URL shows its password
}

const tailSize = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if len(t.buf) > 2*tailSize {
		t.keep()
	}
	return len(p), nil
}

// keep drops all but the end.
func (t *tail) keep() {
	if from := len(t.buf) - tailSize; from > 0 {
		t.cut = t.buf[from-1] != '\n'
		t.buf = append(t.buf[:0], t.buf[from:]...)
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keep()
	b := t.buf
	if t.cut {
		i := bytes.IndexByte(b, '\n')
		if i < 0 { // all of it is one line; no URL has a space
			i = bytes.IndexByte(b, ' ')
		}
		b = b[i+1:]
	}
	return strings.TrimSpace(string(b))
}

// IsExit reports whether err is a subprocess that ran and failed.
func IsExit(err error) bool { return ExitCode(err) != 0 }

// ExitCode returns the code that a subprocess ended with, -1 if a signal ended
// it, and 0 if err is not one.
func ExitCode(err error) int {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0
	}
	return exit.ExitCode()
}
