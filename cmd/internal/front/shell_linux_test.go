package front

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/slipway-build/slipway/internal/testkit"
)

// TestShells has a person type into each shell, with the tab key in place of most letters.
func TestShells(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	if err := writeHarbour(t, dir); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"slipway", "mage"} {
		if err := os.Symlink(exe, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	// The go command compiles, and runs this program for its tool mage.
	goExe, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nif [ \"$1\" = tool ]; then tool=$2; shift 2; exec " + bin + "/$tool \"$@\"; fi\n" +
		"exec " + goExe + " \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), harbourEnv(t)...)
	env = append(env, "PATH="+bin+":"+testkit.Path(), "HOME="+t.TempDir(), "TERM=xterm", "PS1=ready> ", "LC_ALL=C.UTF-8")
	compile := exec.Command(filepath.Join(bin, "slipway"), "where")
	compile.Dir, compile.Env = dir, env
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for shell, setUp := range map[string]struct {
		args []string
		line string
	}{
		"bash": {[]string{"--norc", "-i"}, "source <(slipway completion bash)"},
		"zsh":  {[]string{"-f", "-i"}, "autoload -Uz compinit && compinit -u && source <(slipway completion zsh)"},
		"fish": {[]string{"--no-config", "-i"}, "slipway completion fish | source"},
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			testkit.Need(t, shell)
			terminal := startTerminal(t, dir, env, shell, setUp.args...)
			terminal.types(setUp.line + "; echo set''up\n")
			terminal.waitFor(t, "setup")
			for _, c := range []struct{ keys, want string }{
				{"slipway cro\t-dry\t \n", "cross - - true"},
				{"slipway patches:l\t\n", "lock in slipway"},
				{"go tool mage cro\t-pla\tall\n", "cross - all false"},
				{"go tool slipway patches:lo\tcross -dry-run=t\t\n", "cross - - true"},
				{"mage sail port 3 -pau\t5m\n", "sail port 3 true"},
			} {
				terminal.forget()
				terminal.types(c.keys)
				terminal.waitFor(t, "\r"+c.want, "\n"+c.want)
			}
		})
	}
}

// A terminal is a shell on a pseudo-terminal.
type terminal struct {
	master *os.File
	mu     sync.Mutex
	shown  strings.Builder
}

func startTerminal(t *testing.T, dir string, env []string, shell string, args ...string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("needs a pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 160}); err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	cmd := exec.Command(shell, args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, env, tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	term := &terminal{master: master}
	go term.read()
	return term
}

func (t *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := t.master.Read(buf)
		t.mu.Lock()
		t.shown.Write(buf[:n])
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// types types as a person does: what is behind a tab once the shell has had time to complete.
func (t *terminal) types(keys string) {
	for _, part := range strings.SplitAfter(keys, "\t") {
		fmt.Fprint(t.master, part)
		if strings.HasSuffix(part, "\t") {
			t.settle()
		}
	}
}

// settle waits until nothing more is shown.
func (t *terminal) settle() {
	for before, quiet := -1, 0; quiet < 8; time.Sleep(100 * time.Millisecond) {
		t.mu.Lock()
		now := t.shown.Len()
		t.mu.Unlock()
		if quiet++; now != before {
			before, quiet = now, 0
		}
	}
}

func (t *terminal) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shown.Reset()
}

// waitFor waits until one of some texts is shown.
func (t *terminal) waitFor(tt *testing.T, texts ...string) {
	tt.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		t.mu.Lock()
		shown := t.shown.String()
		t.mu.Unlock()
		if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(shown, text) }) {
			return
		}
		if time.Now().After(end) {
			tt.Fatalf("the terminal does not show %q:\n%q", texts, shown)
		}
	}
}

// TestInterrupts has a terminal interrupt a target that minds it, and one that does not.
func TestInterrupts(t *testing.T) {
	dir := t.TempDir()
	if err := writeHarbour(t, dir); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), harbourEnv(t)...)
	for _, target := range []string{"wait", "deaf"} {
		cmd := exec.Command(exe, target)
		cmd.Args[0], cmd.Dir, cmd.Env = "slipway", dir, env
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 7)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // for Mage to be ready for signals
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
			t.Errorf("%s, interrupted, ends with %s; want 130", target, cmd.ProcessState)
		}
	}
}
