package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-build/slipway/event"
)

// here is the environment that these tests' commands need.
func here() Env { return Env{"PATH=" + os.Getenv("PATH")} }

func sh(script string) Cmd { return Cmd{Args: []string{"sh", "-c", script}, Env: here()} }

func TestRun(t *testing.T) {
	var stdout, stderr bytes.Buffer
	dir := t.TempDir()
	c := sh("pwd; echo $SHIP; echo trouble >&2")
	c.Dir, c.Stdout, c.Stderr = dir, &stdout, &stderr
	c.Env = c.Env.With("SHIP=ahoy")
	if err := (Runner{}).Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := real + "\nahoy\n"; stdout.String() != want || stderr.String() != "trouble\n" {
		t.Errorf("the command wrote %q and %q, want %q and trouble", stdout.String(), stderr.String(), want)
	}
}

// TestRunHasOnlyItsEnvironment holds that nothing of this process's environment gets through.
func TestRunHasOnlyItsEnvironment(t *testing.T) {
	t.Setenv("SLIPWAY_TEST_STRAY", "seen")
	for _, env := range []Env{here(), here().With("A=b")} {
		c := sh("echo \"stray: $SLIPWAY_TEST_STRAY\"")
		c.Env = env
		if out, err := (Runner{}).Output(t.Context(), c); err != nil || string(out) != "stray: \n" {
			t.Errorf("with the environment %q the command says %q (%v)", env, out, err)
		}
	}
}

func TestRunSaysItsCommand(t *testing.T) {
	var got []event.Event
	r := Runner{Events: func(e event.Event) { got = append(got, e) }}
	c := sh(`exit 0 # it's https://ann:secret@example.org/`)
	if err := r.Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	want := []event.Event{{Kind: event.Command, Detail: `sh -c 'exit 0 # it'\''s https://[redacted]@example.org/'`}}
	if !slices.Equal(got, want) {
		t.Errorf("the events are %v, want %v", got, want)
	}
}

func TestOutput(t *testing.T) {
	out, err := Runner{}.Output(t.Context(), sh("echo out; echo err >&2"))
	if err != nil || string(out) != "out\n" {
		t.Errorf("Output() = %q, %v", out, err)
	}
	out, err = Runner{}.Output(t.Context(), sh("echo out; echo err >&2; exit 3"))
	if !IsExit(err) || string(out) != "out\n" {
		t.Errorf("Output() of a failing command = %q, %v, want what it wrote and its error", out, err)
	}
}

func TestRunFails(t *testing.T) {
	for _, c := range []struct {
		name string
		cmd  Cmd
		exit bool // IsExit
		want string
	}{
		{"exit code", sh("exit 3"), true, "sh -c 'exit 3': exit status 3"},
		{"output", sh("echo out; echo err >&2; exit 1"), true,
			"sh -c 'echo out; echo err >&2; exit 1': exit status 1\nout\nerr"},
		{"a secret", sh("echo see https://ann:secret@example.org/x >&2; exit 1"), true,
			"sh -c 'echo see https://[redacted]@example.org/x >&2; exit 1': exit status 1\n" +
				"see https://[redacted]@example.org/x"},
		{"a signal", sh("kill -9 $$"), true, "sh -c 'kill -9 $$': signal: killed"},
		{"no program", Cmd{Args: []string{"slipway-no-such-program"}, Env: here()}, false,
			"slipway-no-such-program: no such program in PATH"},
		{"no folder", Cmd{Args: []string{"sh"}, Env: here(), Dir: "/slipway/no/such/folder"}, false,
			"no such file or directory"},
	} {
		err := Runner{}.Run(t.Context(), c.cmd)
		if err == nil || !strings.Contains(err.Error(), c.want) || IsExit(err) != c.exit {
			t.Errorf("%s: Run() = %v (IsExit %v), want an error that says %q", c.name, err, IsExit(err), c.want)
		}
		var failed *Error
		if c.exit && (!errors.As(err, &failed) || !slices.Equal(failed.Args, c.cmd.Args)) {
			t.Errorf("%s: Run() = %#v, want an *Error of %q", c.name, err, c.cmd.Args)
		}
	}
}

func TestIsExit(t *testing.T) {
	err := Runner{}.Run(t.Context(), sh("exit 1"))
	for _, c := range []struct {
		err  error
		want bool
	}{{err, true}, {fmt.Errorf("compiling: %w", err), true}, {nil, false}, {fs.ErrNotExist, false},
		{context.Canceled, false}} {
		if got := IsExit(c.err); got != c.want {
			t.Errorf("IsExit(%v) = %v", c.err, got)
		}
	}
}

// TestRunEndsTheGroup ends the context of commands that have children. Nothing may survive.
func TestRunEndsTheGroup(t *testing.T) {
	for name, script := range map[string]string{
		"children that do not":        "exec >/dev/null 2>&1; echo $$ > pids; sleep 300 & echo $! >> pids; touch ready; wait",
		"children that hold our pipe": "echo $$ > pids; sleep 300 & echo $! >> pids; touch ready; sleep 300",
		"deaf to the interrupt":       "trap '' INT; echo $$ > pids; sleep 300 & echo $! >> pids; touch ready; wait",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := sh(script)
			c.Dir = t.TempDir()
			ctx, stop := context.WithCancel(t.Context())
			stopped := make(chan time.Time, 1)
			go func() {
				waitFor(t, "the command to start", func() bool { return exists(filepath.Join(c.Dir, "ready")) })
				stopped <- time.Now()
				stop()
			}()
			if err := (Runner{}).Run(ctx, c); !errors.Is(err, ErrInterrupted) {
				t.Errorf("Run() = %v, want ErrInterrupted", err)
			}
			if took := time.Since(<-stopped); took > grace+2*time.Second {
				t.Errorf("it took %v to end, want no more than the grace of %v", took, grace)
			}
			data, err := os.ReadFile(filepath.Join(c.Dir, "pids"))
			if err != nil {
				t.Fatal(err)
			}
			for pid := range strings.FieldsSeq(string(data)) {
				waitFor(t, "process "+pid+" to end", func() bool { return !runs(pid) })
			}
		})
	}
}

// TestRunInAHurry ends a command that is deaf to the interrupt without the rest of its grace.
func TestRunInAHurry(t *testing.T) {
	t.Parallel()
	c := sh("trap '' INT; touch ready; sleep 300")
	c.Dir = t.TempDir()
	hurry := make(chan struct{})
	ctx, stop := context.WithCancel(WithHurry(t.Context(), hurry))
	stopped := make(chan time.Time, 1)
	go func() {
		waitFor(t, "the command to start", func() bool { return exists(filepath.Join(c.Dir, "ready")) })
		stop()
		close(hurry)
		stopped <- time.Now()
	}()
	if err := (Runner{}).Run(ctx, c); !errors.Is(err, ErrInterrupted) {
		t.Errorf("Run() = %v, want ErrInterrupted", err)
	}
	if took := time.Since(<-stopped); took >= grace {
		t.Errorf("it took %v to end, want less than the grace of %v", took, grace)
	}
}

// runs reports whether a process of that id runs; one that is dead and not yet buried does not.
func runs(pid string) bool {
	n, err := strconv.Atoi(pid)
	if err != nil || syscall.Kill(n, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	_, state, ok := strings.Cut(string(stat), ") ")
	return err != nil || !ok || state[0] != 'Z'
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func waitFor(t *testing.T, what string, ok func() bool) {
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("waited in vain for %s", what)
}

func TestRunInAnEndedContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	c := sh("touch ran")
	c.Dir = t.TempDir()
	if err := (Runner{}).Run(ctx, c); !errors.Is(err, ErrInterrupted) || exists(filepath.Join(c.Dir, "ran")) {
		t.Errorf("Run() = %v, and the command ran: %v", err, exists(filepath.Join(c.Dir, "ran")))
	}
}

func TestRedact(t *testing.T) {
	for s, want := range map[string]string{
		"":                                      "",
		"https://example.org/a@v1.2.3":          "https://example.org/a@v1.2.3",
		"ann@example.org":                       "ann@example.org",
		"https://ann:secret@example.org/x":      "https://[redacted]@example.org/x",
		"https://token@example.org":             "https://[redacted]@example.org",
		"ssh://git@example.org:22/x.git":        "ssh://[redacted]@example.org:22/x.git",
		"https://a:b@x.org,https://c:d@y.org":   "https://[redacted]@x.org,https://[redacted]@y.org",
		"https://x.org|https://c:d@y.org|off":   "https://x.org|https://[redacted]@y.org|off",
		`Get "https://a:b@x.org/": no route`:    `Get "https://[redacted]@x.org/": no route`,
		"https://ann:se@cret@example.org/x":     "https://[redacted]@example.org/x",
		"https://ann:se'cr\"et@example.org/x":   "https://[redacted]@example.org/x",
		"https://ann:se%2Fcret@example.org/@v/": "https://[redacted]@example.org/@v/",
		"https://example.org/\nann@example.org": "https://example.org/\nann@example.org",
	} {
		if got := Redact(s); got != want {
			t.Errorf("Redact(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"go", "build", "-o=x", "./cmd/a"}, "go build -o=x ./cmd/a"},
		{[]string{"go", "", "a b", "it's"}, `go '' 'a b' 'it'\''s'`},
		{[]string{"echo", "$HOME", "a;b", "*", `"`}, `echo '$HOME' 'a;b' '*' '"'`},
		{[]string{"git", "clone", "https://ann:se'cret@example.org/x"}, "git clone 'https://[redacted]@example.org/x'"},
	} {
		if got := commandLine(c.args); got != c.want {
			t.Errorf("commandLine(%q) = %s, want %s", c.args, got, c.want)
		}
	}
}

func TestTail(t *testing.T) {
	const line = "0123456789012345678901234567890123456789012345678901234567890.\n" // 64 bytes
	for _, lines := range []int{0, 1, 100, 127, 128, 129, 200, 256, 257, 300, 1000, 10000} {
		for _, chunk := range []int{1, 7, 1 << 10, 1 << 20} {
			var kept tail
			text := "first\n" + strings.Repeat(line, lines) + "last"
			for rest := []byte(text); len(rest) > 0; {
				n, err := kept.Write(rest[:min(chunk, len(rest))])
				if err != nil || n != min(chunk, len(rest)) {
					t.Fatalf("Write() = %d, %v", n, err)
				}
				rest = rest[n:]
			}
			checkTail(t, text, kept.String())
		}
	}
}

// checkTail checks that got is the end of text, from the beginning of a line, and not much less than is kept.
func checkTail(t *testing.T, text, got string) {
	t.Helper()
	before, ok := strings.CutSuffix(text, got)
	switch {
	case !ok:
		t.Errorf("of %d bytes, what was kept is not their end: %.200q", len(text), got)
	case before != "" && !strings.HasSuffix(before, "\n"):
		t.Errorf("of %d bytes, what was kept begins within a line: %.80q", len(text), got)
	case len(got) > tailSize || len(got) < min(len(text), tailSize-100):
		t.Errorf("of %d bytes, %d were kept", len(text), len(got))
	}
}

// TestTailKeepsSecrets cuts a URL in all places: half a URL is not seen to have a password in it.
func TestTailKeepsSecrets(t *testing.T) {
	const url = "fetching https://ann:secret@example.org/x\n"
	for cut := range len(url) {
		var kept tail
		text := strings.Repeat("x", 2*tailSize) + "\n" + url + strings.Repeat("y", tailSize-cut-1) + "\n"
		if _, err := kept.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := Redact(kept.String()); strings.Contains(got, "t@example.org") {
			t.Fatalf("cut %d bytes before its end, the URL shows as %.80q", cut, got)
		}
	}
}

// TestTailOfOneLongLine holds that an error is shown even where it has no line breaks. A word cut in half may be a URL.
func TestTailOfOneLongLine(t *testing.T) {
	var kept tail
	if _, err := kept.Write([]byte(strings.Repeat("https://ann:secret@example.org/x ", tailSize/10) +
		"failed")); err != nil {
		t.Fatal(err)
	}
	got := Redact(kept.String())
	if len(got) < tailSize/2 || !strings.HasSuffix(got, "/x failed") || strings.Contains(got, "ret@") ||
		!strings.HasPrefix(got, "https://[redacted]@example.org/x ") {
		t.Errorf("of one line, the tail shows %d bytes: %.80q", len(got), got)
	}
}

// TestTailHasTwoWriters writes as a subprocess's standard output and standard error are: from two goroutines.
func TestTailHasTwoWriters(t *testing.T) {
	var kept tail
	var group sync.WaitGroup
	for _, text := range []string{"o", "e"} {
		group.Go(func() {
			for range tailSize / 2 {
				if _, err := kept.Write([]byte(text)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	got := kept.String()
	if o, e := strings.Count(got, "o"), strings.Count(got, "e"); o != tailSize/2 || e != tailSize/2 {
		t.Errorf("of %d bytes from each of two writers, %d and %d were kept", tailSize/2, o, e)
	}
}

func TestRunAsAnotherUser(t *testing.T) {
	c := sh("id -u; echo ours > file; stat -c %u file")
	c.Dir, c.User = t.TempDir(), 4711
	out, err := (Runner{}).Output(t.Context(), c)
	if err != nil {
		t.Skipf("this system has no user namespaces: %v", err)
	}
	if string(out) != "4711\n4711\n" {
		t.Errorf("the command wrote %q, want that it and its files are of user 4711", out)
	}
	info, err := os.Stat(filepath.Join(c.Dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; int(uid) != os.Getuid() {
		t.Errorf("outside, the file is of user %d, want %d", uid, os.Getuid())
	}
}
