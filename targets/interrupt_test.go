package targets_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testfork"
)

// Ctrl-C, and a service manager's SIGTERM, end the compiler too, and leave
// nothing half done.
func TestInterruptStopsTheCompiler(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p := newProject(t, t.TempDir())
			cmd, out := p.slow(t).command("cross")
			ended := start(t, cmd)
			waitFor(t, "a compiler", func() bool { return len(commandsWith(t, p.dir, "/compile ")) > 0 })
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-ended:
				if cmd.ProcessState.ExitCode() != 128+int(sig) || !strings.HasSuffix(out.String(), "\nError: interrupted\n") {
					t.Errorf("mage does not say that it was interrupted: %v\n%s", err, out)
				}
			case <-time.After(5 * time.Second):
				t.Errorf("mage still runs five seconds after it was interrupted:\n%s", out)
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
				<-ended
			}
			time.Sleep(100 * time.Millisecond) // the kernel's, to clear away what was killed
			if left := commandsWith(t, p.dir, ""); len(left) > 0 {
				t.Errorf("these still run:\n%s", strings.Join(left, "\n"))
			}
			if err := checkWhole(p.path("dist")); err != nil {
				t.Error(err)
			}
			sameAs(t, listing{}, p.path("dist", "ship-1.4"))
			p.must(t, "cross")
		})
	}
}

// The same is so by the way people start it, whether the signal goes to all
// processes, as from a terminal, or to the first, as from most other programs.
func TestInterruptThroughGoTool(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir()).withGoTool(t)
	tool := func(args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(inYard(t).goBin, "go"), append([]string{"tool", "mage"}, args...)...)
		cmd.Dir, cmd.Env = p.dir, p.env
		return cmd
	}
	if out, err := tool("cross", "-dry-run").CombinedOutput(); err != nil { // compiles the tool and the magefile
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct {
		name string
		code int
		send func(pid int) error
	}{
		{"Ctrl-C", 130, func(pid int) error { return syscall.Kill(-pid, syscall.SIGINT) }},
		// Once more, for go tool hands on what it gets, and a signal may come twice.
		{"Ctrl-C", 130, func(pid int) error { return syscall.Kill(-pid, syscall.SIGINT) }},
		{"Ctrl-C", 130, func(pid int) error { return syscall.Kill(-pid, syscall.SIGINT) }},
		{"Ctrl-C", 130, func(pid int) error { return syscall.Kill(-pid, syscall.SIGINT) }},
		{"SIGINT to the first", 130, func(pid int) error { return syscall.Kill(pid, syscall.SIGINT) }},
		{"SIGTERM", 143, func(pid int) error { return syscall.Kill(pid, syscall.SIGTERM) }},
		{"SIGTERM to all", 143, func(pid int) error { return syscall.Kill(-pid, syscall.SIGTERM) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := tool("cross", "-components=anchor")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			log, err := os.Create(filepath.Join(t.TempDir(), "log")) // no pipe: what is left would keep it open
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			cmd.Stdout, cmd.Stderr = log, log
			ended := start(t, cmd)
			defer syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			waitFor(t, "the C compiler", func() bool { return len(commandsWith(t, p.dir, "/cc ")) > 0 })
			if err := c.send(cmd.Process.Pid); err != nil {
				t.Fatal(err)
			}
			if <-ended; cmd.ProcessState.ExitCode() != c.code {
				t.Errorf("go tool mage ends with %s, want %d", cmd.ProcessState, c.code)
			}
			stops := time.Now().Add(5 * time.Second)
			for len(commandsWith(t, p.dir, "")) > 0 && time.Now().Before(stops) {
				time.Sleep(10 * time.Millisecond)
			}
			if left := commandsWith(t, p.dir, ""); len(left) > 0 {
				t.Errorf("these still run:\n%s\nmage says\n%s", strings.Join(left, "\n"), content(t, log))
			}
			if err := checkWhole(p.path("dist")); err != nil {
				t.Error(err)
			}
		})
	}
	p.interruptsTheMagefile(t)
}

// A signal to the first process alone ends the compiler of the magefile, too, and Mage leaves none of its files.
func (p *project) interruptsTheMagefile(t *testing.T) {
	p = p.slow(t).with("MAGEFILE_CACHE=" + p.path(".home", "another"))
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			cmd := exec.Command(filepath.Join(inYard(t).bin, "mage"), "cross")
			cmd.Dir, cmd.Env = p.dir, p.env
			ended := start(t, cmd)
			waitFor(t, "a compiler", func() bool { return len(commandsWith(t, p.dir, "/compile ")) > 0 })
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if <-ended; cmd.ProcessState.ExitCode() != 128+int(sig) {
				t.Errorf("mage ends with %s, want %d", cmd.ProcessState, 128+int(sig))
			}
			time.Sleep(100 * time.Millisecond) // the kernel's, to clear away what was killed
			if left := commandsWith(t, p.dir, ""); len(left) > 0 {
				t.Errorf("these still run:\n%s", strings.Join(left, "\n"))
			}
			left, err := filepath.Glob(p.path("mage_output_file*"))
			if err != nil || len(left) > 0 {
				t.Errorf("Mage left %q, %v", left, err)
			}
		})
	}
}

// A second Ctrl-C ends at once what is deaf to the first, and is not the first one that comes
// twice; in a pipe, too, whose other programs the terminal ends with it.
func TestSecondInterrupt(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir()).withC(t, "trap '' INT; sleep 60; sleep 60")
	for name, pause := range map[string]time.Duration{"one that comes twice": 0, "two": time.Second} {
		t.Run(name, func(t *testing.T) {
			script, out := p.command()
			script.Path, script.Args = "/bin/sh", []string{"sh", "-c", "trap : INT; { trap : INT; " + p.exe +
				" cross -components=anchor 2>&1; echo ends with $?; } | { trap '' INT; cat; }"}
			ended := start(t, script)
			waitFor(t, "the C compiler", func() bool { return len(commandsWith(t, p.dir, "/cc ")) > 0 })
			began := time.Now()
			for range 2 {
				if err := syscall.Kill(-script.Process.Pid, syscall.SIGINT); err != nil {
					t.Fatal(err)
				}
				time.Sleep(pause)
			}
			<-ended
			if got := out.String(); !strings.HasSuffix(got, "\nends with 130\n") {
				t.Errorf("mage says\n%s\nwant that it ends with 130", got)
			}
			if took := time.Since(began); pause == 0 && took < 2*time.Second {
				t.Errorf("one interrupt leaves what is deaf to it only %v", took)
			}
			time.Sleep(100 * time.Millisecond)
			if left := commandsWith(t, p.dir, ""); len(left) > 0 {
				t.Errorf("these still run:\n%s", strings.Join(left, "\n"))
			}
			if err := checkOutputs(p.path("dist")); err != nil {
				t.Error(err)
			}
			sameAs(t, listing{}, p.path("dist", "ship-1.4"))
		})
	}
}

// slow returns the project with an empty build cache, so that the compiler has
// to work for some seconds. Its command lines name the project's folder.
func (p *project) slow(t *testing.T) *project {
	t.Helper()
	tmp := p.path(".home", "tmp")
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	return p.with("GOCACHE="+p.path(".home", "cache"), "TMPDIR="+tmp)
}

func waitFor(t *testing.T, what string, there func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !there(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

// commandsWith returns the command lines of processes that name the folder and
// hold the word, the one of this test left out.
func commandsWith(t *testing.T, dir, word string) []string {
	t.Helper()
	var found []string
	for _, line := range commandLines(t) {
		if strings.Contains(line, dir) && strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return found
}

func commandLines(t *testing.T) []string {
	t.Helper()
	if runtime.GOOS != "linux" {
		out, err := exec.Command("ps", "-A", "-o", "command=").Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(out), "\n")
	}
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil { // else it has ended
			lines = append(lines, strings.ReplaceAll(string(data), "\x00", " "))
		}
	}
	return lines
}

// withC returns the project with a C compiler that is a script.
func (p *project) withC(t *testing.T, script string) *project {
	t.Helper()
	bin := p.path(".home", "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "cc"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := strings.Join([]string{bin, inYard(t).goBin, "/usr/bin", "/bin"}, string(os.PathListSeparator))
	return p.with("PATH=" + path)
}

// withGoTool returns the project with a magefile, in which go tool mage works,
// and with a C compiler that takes long.
func (p *project) withGoTool(t *testing.T) *project {
	t.Helper()
	y := inYard(t)
	if err := writeMagefile(p.dir); err != nil {
		t.Fatal(err)
	}
	p = p.withC(t, `case "$*" in *--version) echo a slow compiler ;; *) sleep 20 ;; esac`)
	// What Slipway itself is made of comes from the modules that this test was compiled with.
	proxies := testfork.ProxyURL(y.proxy) + "," + testfork.ProxyURL(filepath.Join(y.modCache, "cache", "download"))
	// Without its path, and without C, Go's build cache knows Slipway from one test to the next.
	p = p.with("GOPROXY="+proxies, "GOFLAGS=-modcacherw -trimpath", "CGO_ENABLED=0")
	list := exec.Command(filepath.Join(y.goBin, "go"), "tool", "mage", "-l")
	list.Dir, list.Env = p.dir, p.env
	if out, err := list.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return p
}
