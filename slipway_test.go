package slipway

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/event"
)

// TestFacadeIsSmall keeps what verbs do out of this package.
func TestFacadeIsSmall(t *testing.T) {
	const most = 500
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(data), "\n")
	}
	if lines == 0 || lines > most {
		t.Errorf("the root package has %d lines of Go, want at most %d: "+
			"a verb here only opens sessions and calls the package that does the work", lines, most)
	}
}

// sample returns the sample project, pinned, and what it emits.
func sample(t *testing.T) (*Project, *buildtest.Events) {
	t.Helper()
	p, events := buildtest.Pinned(t, buildtest.Silent), &buildtest.Events{}
	return &Project{Dir: p.Dir, Env: p.Env, Events: events.Sink(), Compile: buildtest.Compile}, events
}

// free checks that no session holds the project's cache.
func free(t *testing.T, p *Project) {
	t.Helper()
	o := p.options()
	o.Events = func(e event.Event) { t.Errorf("the cache is still held: %s", e.Detail) }
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	held, err := build.Hold(ctx, p.project(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Close(); err != nil {
		t.Error(err)
	}
}

// TestHold checks that each way to a session ends with it, whatever happens, and
// that its errors are explained.
func TestHold(t *testing.T) {
	p, _ := sample(t)
	disk := &fs.PathError{Op: "write", Path: filepath.Join(p.Dir, "dist", "a"), Err: syscall.ENOSPC}
	made := artifact.Set{{Path: "a"}}
	verbs := map[string]func(id string, f func() (artifact.Set, error)) (artifact.Set, error){
		"locked": func(id string, f func() (artifact.Set, error)) (artifact.Set, error) {
			return p.locked(t.Context(), id, func(*build.Session) (artifact.Set, error) { return f() })
		},
		"locked, two": func(id string, f func() (artifact.Set, error)) (artifact.Set, error) {
			return p.lockedAll(t.Context(), []string{id, id}, func(s []*build.Session) (artifact.Set, error) {
				if len(s) != 2 || s[0] == s[1] {
					t.Errorf("the sessions are %v", s)
				}
				return f()
			})
		},
		"unlocked": func(id string, f func() (artifact.Set, error)) (artifact.Set, error) {
			return p.unlocked(t.Context(), id, func(*build.Session) (artifact.Set, error) { return f() })
		},
	}
	for name, verb := range verbs {
		t.Run(name, func(t *testing.T) {
			for _, fails := range []bool{false, true} {
				set, err := verb("ship-1.4", func() (artifact.Set, error) {
					if fails {
						return made, disk
					}
					return made, nil
				})
				if len(set) != 1 || fails != errors.Is(err, syscall.ENOSPC) || !fails && err != nil {
					t.Errorf("fails %v: %v, %v", fails, set, err)
				}
				if fails && !strings.HasPrefix(err.Error(), "write dist/a: no space left on device\n  Free some space") {
					t.Errorf("the error is not explained: %v", err)
				}
				free(t, p)
			}
			_, err := verb("purser", func() (artifact.Set, error) {
				t.Error("there is a session on an unknown fork")
				return nil, nil
			})
			if err == nil || !strings.Contains(err.Error(), `no fork "purser"`) {
				t.Errorf("an unknown fork: %v", err)
			}
		})
		free(t, p) // or the next one waits for ever
	}
}
