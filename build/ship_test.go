package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/platform"
)

// sea is the folder with the module proxy and the module cache that the tests
// share.
var sea = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "slipway-build-")
	if err != nil {
		return "", err
	}
	return dir, testfork.WriteProxy(filepath.Join(dir, "proxy"))
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := sea(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// A yard is a new project with the fork ship-1.4, pinned by testdata/fork.lock, and
// what is needed for sessions on it.
type yard struct {
	*testing.T
	fork   fork.Fork
	lock   lock.Lock
	opts   Options
	events []event.Event // that sessions emitted
}

// newYard returns one. more is added to fork.yaml.
func newYard(t *testing.T, more ...string) *yard {
	t.Helper()
	p := fork.Project{Dir: t.TempDir()}
	dir, err := sea()
	must(t, errors.Join(err, testfork.WriteProject(p.Dir)))
	name := p.Path("forks/ship-1.4/fork.yaml")
	put(t, name, strings.Join(append([]string{read(t, name)}, more...), "\n"))
	y := &yard{T: t}
	y.fork, err = p.Fork("ship-1.4")
	must(t, err)
	y.lock, err = lock.Read("testdata/fork.lock")
	must(t, err)
	home := filepath.Join(dir, "home")
	env := testfork.Env(filepath.Join(dir, "proxy"), home, filepath.Join(home, "build"))
	y.opts = Options{
		Env:    append(env, "PATH="+os.Getenv("PATH")),
		Events: func(e event.Event) { y.events = append(y.events, e) },
	}
	return y
}

// open opens a session, which ends with the test.
func (y *yard) open() *Session {
	y.Helper()
	s, err := Open(y.Context(), y.fork, y.lock, y.opts)
	must(y.T, err)
	y.Cleanup(func() { _ = s.Close() })
	return s
}

// again ends a session and opens another, as the next run would.
func (y *yard) again(s *Session) *Session {
	y.Helper()
	must(y.T, s.Close())
	y.events = nil
	return y.open()
}

// notes returns what the notes so far say, but for the one that tells which of the
// ship's modules is not published.
func (y *yard) notes() []string {
	var out []string
	for _, e := range y.events {
		if e.Kind == event.Note && !strings.Contains(e.Detail, "is left out of the tree") {
			out = append(out, e.Detail)
		}
	}
	return out
}

// ended returns the stages that ended so far, each with what is said of it.
func (y *yard) ended() []string {
	var out []string
	for _, e := range y.events {
		if e.Kind != event.Finished {
			continue
		}
		words := []string{e.Stage, e.Subject, e.Detail}
		if e.Kept {
			words = append(words, "kept")
		}
		if e.Failed {
			words = append(words, "failed")
		}
		words = slices.DeleteFunc(words, func(s string) bool { return s == "" })
		out = append(out, strings.Join(words, " "))
	}
	return out
}

// component returns one of the fork's components.
func (y *yard) component(name string) cross.Component {
	y.Helper()
	c, err := y.fork.Component(name)
	must(y.T, err)
	return c
}

// job returns a job for linux/amd64.
func (y *yard) job(names ...string) fork.Job {
	y.Helper()
	j := fork.Job{Platform: amd64}
	for _, name := range names {
		j.Components = append(j.Components, y.component(name))
	}
	return j
}

var amd64 = platform.Platform{OS: "linux", Arch: "amd64"}

// writes is a Compile that writes a file for each component instead. It notes
// which.
func writes(made *[]string) Compile {
	return func(_ context.Context, b cross.Builder, r cross.Request) (cross.Built, error) {
		var out cross.Built
		for _, c := range r.Components {
			*made = append(*made, c.Name)
			bin := cross.Binary{Component: c.Name, File: r.Platform.Exe(c.Name), Inputs: b.Key(r.Input, c)}
			path := filepath.Join(r.Dst, bin.File)
			if err := os.WriteFile(path, []byte("program "+c.Name), 0o755); err != nil {
				return out, err
			}
			var err error
			if bin.Size, bin.SHA256, err = cross.Sum(path); err != nil {
				return out, err
			}
			out.Binaries = append(out.Binaries, bin)
		}
		return out, nil
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put replaces a file, and never one that other names are linked to.
func put(t testing.TB, name, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	mode := os.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode()
		must(t, os.Remove(name))
	}
	must(t, os.WriteFile(name, []byte(text), mode))
}

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	must(t, err)
	return string(data)
}

// equal compares lists, a line each.
func equal(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// says checks that an error's text has a part; none if it is empty.
func says(t testing.TB, err error, part string) {
	t.Helper()
	if (err == nil) != (part == "") || err != nil && !strings.Contains(err.Error(), part) {
		t.Errorf("the error is %v, want …%s…", err, part)
	}
}
