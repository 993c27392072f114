package series

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/lock"
)

var scratch string // for the module proxy that all tests ask

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "slipway-series-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// env is the environment of somebody who has git and the go command, and who
// reaches no other network than the proxy.
var env = sync.OnceValues(func() ([]string, error) {
	proxy, home := filepath.Join(scratch, "proxy"), filepath.Join(scratch, "home")
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err := errors.Join(err, testfork.WriteProxy(proxy), os.Mkdir(home, 0o755)); err != nil {
		return nil, err
	}
	return append(testfork.Env(proxy, home, strings.TrimSpace(string(cache))), testkit.GitEnv(home)...), nil
})

const yaml = "fork.yaml"

// A project is one with the fork ship-1.4.
type project struct {
	*testing.T
	fork.Project
	env    []string
	dir    string // of the fork
	src    string // dist/ship-1.4/src
	events []event.Event
}

// newProject writes a project. The test runs beside others then: it mostly waits
// for git and the go command.
func newProject(t *testing.T) *project {
	t.Helper()
	t.Parallel()
	testkit.Need(t, "git")
	vars, err := env()
	if err != nil {
		t.Fatal(err)
	}
	p := &project{T: t, Project: fork.Project{Dir: t.TempDir()}, env: vars}
	p.dir, p.src = p.Path("forks/ship-1.4"), p.Path("dist/ship-1.4/src")
	if err := testfork.WriteProject(p.Dir); err != nil {
		t.Fatal(err)
	}
	return p
}

// try calls a verb with a session on the fork, which has the lock l.
func (p *project) try(l lock.Lock, verb func(*build.Session) (artifact.Set, error)) (artifact.Set, error) {
	p.Helper()
	p.events = nil
	f, err := p.Fork("ship-1.4")
	if err != nil {
		p.Fatal(err)
	}
	events := func(e event.Event) { p.events = append(p.events, e) }
	s, err := build.Open(p.Context(), f, l, build.Options{Env: p.env, Events: events})
	if err != nil {
		p.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			p.Fatal(err)
		}
	}()
	return verb(s)
}

// must calls a verb that needs no lock, and returns its artifacts, a line each.
func (p *project) must(verb func(*build.Session) (artifact.Set, error)) string {
	p.Helper()
	return p.done(p.try(lock.Lock{}, verb))
}

// mustLocked calls a verb that needs the fork's lock.
func (p *project) mustLocked(verb func(*build.Session) (artifact.Set, error)) string {
	p.Helper()
	f, err := p.Fork("ship-1.4")
	if err != nil {
		p.Fatal(err)
	}
	l, err := f.ReadLock()
	if err != nil {
		p.Fatal(err)
	}
	return p.done(p.try(l, verb))
}

func (p *project) done(set artifact.Set, err error) string {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
	var lines []string
	for _, a := range set {
		line := fmt.Sprintf("%s %s %s", a.Kind, a.Name, a.Path)
		if a.Kept {
			line += " kept"
		}
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

// said returns how the last stage of that name ended.
func (p *project) said(stage string) string {
	for i := len(p.events) - 1; i >= 0; i-- {
		if e := p.events[i]; e.Kind == event.Finished && e.Stage == stage {
			return strings.TrimSpace(e.Subject + " " + e.Detail)
		}
	}
	return ""
}

// read returns a file of the fork.
func (p *project) read(name string) string {
	p.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.Fatal(err)
	}
	return string(data)
}

// rewrite replaces a text that a file below dir has once.
func (p *project) rewrite(dir, name, old, new string) {
	p.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		p.Fatal(err)
	}
	if strings.Count(string(data), old) != 1 {
		p.Fatalf("%s does not have %q once:\n%s", name, old, data)
	}
	put(p.T, dir, map[string]string{name: strings.Replace(string(data), old, new, 1)})
}

// commit commits all in the folder of a repository, and returns the commit.
func (p *project) commit(dir string, args ...string) string {
	p.Helper()
	testkit.Git(p.T, dir, "add", "-A")
	testkit.Git(p.T, dir, append([]string{"commit", "-q"}, args...)...)
	return strings.TrimSpace(testkit.Git(p.T, dir, "rev-parse", "HEAD"))
}

// log returns the subjects of the commits in a repository, the first one first.
func (p *project) log(dir string) string {
	p.Helper()
	return strings.TrimSpace(testkit.Git(p.T, dir, "log", "--reverse", "--format=%s"))
}

// is checks what a project has or says.
func (p *project) is(what, got, want string) {
	p.Helper()
	if got != want {
		p.Errorf("%s is\n%s\nwant\n%s", what, got, want)
	}
}
