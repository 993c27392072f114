package targets_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// On a terminal, the stage at hand is shown with the packages compiled of the total, and the
// time it takes; in colors, where the user wants them. After an interrupt nothing of it stays.
func TestTerminalShowsProgress(t *testing.T) {
	t.Parallel()
	const bar, colored = `[━─]{10,30}`, `\x1b\[36m━*\x1b\[0m\x1b\[2m─*\x1b\[0m`
	for name, c := range map[string]struct {
		env  []string
		want string
	}{
		"without colors": {[]string{"NO_COLOR=1"}, bar},
		"with colors":    {[]string{"NO_COLOR=", "TERM=xterm"}, colored},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, t.TempDir())
			cmd, _ := p.with(c.env...).slow(t).command("cross")
			screen, ended := startOnTerminal(t, cmd)
			progress := regexp.MustCompile(`  cross    \w+/\w+ captain bosun  ` + c.want +
				`  \d+/\d+ packages  ([\d.]+/s  )?\d+\.\ds`)
			waitFor(t, "progress on the terminal", func() bool { return progress.MatchString(screen.String()) })
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			if <-ended; cmd.ProcessState.ExitCode() != 130 {
				t.Errorf("mage ends with %s, want 130", cmd.ProcessState)
			}
			waitFor(t, "the end of the output", screen.isClosed)
			if got := screen.rest(); !strings.HasSuffix(got, "\nError: interrupted\n") || strings.Contains(got, "packages") {
				t.Errorf("the terminal ends with\n%q", got)
			}
		})
	}
}

// A run on a terminal ends with the same lines as one in a pipe: nothing of the
// progress stays on the screen. A terminal that cannot move its cursor is told what a pipe is.
func TestTerminalEndsWithPlainLines(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir())
	p.must(t, "cross")
	remove(t, p.path("dist"))
	piped := p.must(t, "cross")
	times := regexp.MustCompile(`\d+\.\ds`)
	want := times.ReplaceAllString(piped, "N.Ns")
	for _, env := range []string{"NO_COLOR=1", "TERM=dumb"} {
		remove(t, p.path("dist"))
		cmd, _ := p.with(env).command("cross")
		screen, ended := startOnTerminal(t, cmd)
		if err := <-ended; err != nil {
			t.Fatalf("%v\n%s", err, screen)
		}
		waitFor(t, "the end of the output", screen.isClosed)
		if got := times.ReplaceAllString(screen.rest(), "N.Ns"); got != want {
			t.Errorf("with %s, on a terminal:\n%q\nin a pipe:\n%q", env, got, want)
		}
		if env == "TERM=dumb" && strings.Contains(screen.String(), "\x1b") {
			t.Errorf("a dumb terminal is told %q", screen)
		}
	}
}

// startOnTerminal starts a command that writes to a terminal. It returns the screen, and where
// the command's end will be told.
func startOnTerminal(t *testing.T, cmd *exec.Cmd) (*screen, <-chan error) {
	t.Helper()
	screen, tty := openTerminal(t)
	defer tty.Close()
	cmd.Stdout, cmd.Stderr = tty, tty
	return screen, start(t, cmd)
}

// A screen collects what is written to a terminal.
type screen struct {
	mu     sync.Mutex
	text   strings.Builder
	closed bool
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *screen) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// rest returns what a person sees in the end: of each line, what follows the
// last time that it was cleared.
func (s *screen) rest() string {
	const clear = "\r\x1b[K"
	lines := strings.Split(s.String(), "\r\n")
	for i, line := range lines {
		if at := strings.LastIndex(line, clear); at >= 0 {
			lines[i] = line[at+len(clear):]
		}
	}
	return strings.Join(lines, "\n")
}

// openTerminal returns a terminal of 100 columns, and the screen that shows what
// is written to it.
func openTerminal(t *testing.T) (*screen, *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if ciErr := underCI(err); ciErr != nil {
		t.Fatal(ciErr)
	} else if err != nil {
		t.Skipf("needs a pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 100}); err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			s.mu.Lock()
			s.text.Write(buf[:n])
			s.closed = err != nil // EIO, when nobody has the terminal open any more
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s, tty
}
