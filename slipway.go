// Package slipway builds forks of Go projects: it gets a pinned upstream, lays
// a pinned patch series on it and compiles the result. It is what the Mage
// targets are made of, for programs that want to call them.
package slipway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/spec"
)

// A Project is a folder with forks in it.
type Project struct {
	Dir    string     // absolute
	Env    []string   // KEY=VALUE pairs: the environment that subprocesses start from
	Events event.Sink // told what happens; may be nil
}

// A Fork is one fork of a project, read and found valid.
type Fork struct {
	spec.Loaded
	ID      string          // its folder below forks
	Series  []patches.Patch // the files of patches/series
	carried int             // how many commits come before those, as far as fork.lock tells
}

// Patches returns how many patches the fork has, carried commits among them.
func (f *Fork) Patches() int { return f.carried + len(f.Series) }

// ForkIDs returns the folders below forks that have a fork.yaml, sorted.
func (p *Project) ForkIDs() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(p.Dir, "forks", "*", "fork.yaml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no forks: a fork is a folder forks/NAME with a fork.yaml in it", p.Dir)
	}
	ids := make([]string, len(files))
	for i, f := range files {
		ids[i] = filepath.Base(filepath.Dir(f))
		if strings.ContainsAny(ids[i], " \t'\"") {
			return nil, fmt.Errorf("forks/%s: rename the folder: a fork's name has no spaces or quotes", ids[i])
		}
	}
	return ids, nil
}

// Fork reads a fork. An empty id is the project's only one, or the one that says
// it is the default.
func (p *Project) Fork(id string) (*Fork, error) {
	ids, err := p.ForkIDs()
	if err != nil {
		return nil, err
	}
	if id == "" {
		return p.defaultFork(ids)
	}
	if !slices.Contains(ids, id) {
		return nil, fmt.Errorf("no fork %q: this project has %s", id, strings.Join(ids, ", "))
	}
	return p.load(id)
}

// defaultFork reads the fork that a command is about if it names none.
func (p *Project) defaultFork(ids []string) (*Fork, error) {
	if len(ids) == 1 {
		return p.load(ids[0])
	}
	var found *Fork
	for _, id := range ids {
		f, err := p.load(id)
		switch {
		case err != nil:
			return nil, err
		case f.Default && found != nil:
			return nil, fmt.Errorf("%s and %s both say default: true: take it out of one", found.file("fork.yaml"), f.file("fork.yaml"))
		case f.Default:
			found = f
		}
	}
	if found == nil {
		return nil, fmt.Errorf("this project has several forks: name one with -fork, or write default: true into the fork.yaml of one: %s", strings.Join(ids, ", "))
	}
	return found, nil
}

func (p *Project) load(id string) (f *Fork, err error) {
	f = &Fork{ID: id}
	f.Loaded, err = spec.Load(p.Dir, filepath.Join(p.Dir, f.file("fork.yaml")), f.file("fork.yaml"))
	if err != nil {
		return nil, err
	}
	if l, err := lock.Read(filepath.Join(p.Dir, f.file("fork.lock"))); err == nil && slices.Equal(l.Carried, f.ranges()) {
		f.carried = len(l.Patches) - len(l.Files())
	}
	f.Series, err = patches.ReadSeries(filepath.Join(p.Dir, f.file("patches")))
	return f, p.relative(err)
}

// ranges returns the commits that the fork carries, as fork.lock names them.
func (f *Fork) ranges() []lock.Carried {
	var out []lock.Carried
	for _, c := range f.Carried {
		out = append(out, lock.Carried(c))
	}
	return out
}

// deps returns the fork's changed dependencies, as fork.lock names them.
func (f *Fork) deps() []lock.Dep {
	var out []lock.Dep
	for _, mod := range slices.Sorted(maps.Keys(f.Deps)) {
		out = append(out, lock.Dep{Path: mod, Version: f.Deps[mod]})
	}
	return out
}

// relative returns err with paths in it relative to the project.
func (p *Project) relative(err error) error {
	if err == nil {
		return nil
	}
	return shown{err, strings.ReplaceAll(err.Error(), p.Dir+string(filepath.Separator), "")}
}

// shown is an error in other words.
type shown struct {
	error
	text string
}

func (s shown) Error() string { return s.text }
func (s shown) Unwrap() error { return s.error }

// file returns the path of one of the fork's files, relative to the project.
func (f *Fork) file(name string) string { return filepath.Join("forks", f.ID, name) }

// dist returns a path below the fork's folder of outputs, relative to the
// project.
func (f *Fork) dist(elem ...string) string {
	return filepath.Join(append([]string{"dist", f.ID}, elem...)...)
}

// linux returns the platforms of the fork that are Linux.
func (f *Fork) linux() []platform.Platform {
	return slices.DeleteFunc(slices.Clone(f.Platforms), func(p platform.Platform) bool { return p.OS != "linux" })
}

// pins returns patches as fork.lock names them.
func pins(series []patches.Patch) []lock.Patch {
	out := make([]lock.Patch, len(series))
	for i, p := range series {
		out[i] = lock.Patch{Name: p.Name, Strip: p.Strip, SHA256: p.SHA256()}
	}
	return out
}

// A workshop is where one fork goes through the stages. It holds the project's
// cache, so that there is one at a time.
type workshop struct {
	*Project
	fork  *Fork
	goCmd *gotool.Go
	cache action.Cache
	tree  filetree.Dir    // the patched tree, once a platform wanted it
	all   []patches.Patch // carried commits and the series, once they were wanted
	sizes []int           // how many commits each carried range has

	outputs *filetree.Memory // what the files in dist hold
}

// enter opens the workshop for a fork; leave lets the next one in.
func (p *Project) enter(ctx context.Context, f *Fork) (w *workshop, leave func(), err error) {
	goCmd, err := gotool.Find(ctx, run.Runner{Events: p.Events}, p.Env, p.Dir)
	if err != nil {
		return nil, nil, err
	}
	cache := p.cache()
	unlock, err := cache.Lock(ctx, func() { p.Events.Note("waiting for another run in this project to end") })
	if err != nil {
		return nil, nil, p.advise(err)
	}
	outputs, remember, err := remembered(cache, f.ID)
	if err != nil {
		unlock()
		return nil, nil, p.advise(err)
	}
	leave = func() {
		remember()
		unlock()
	}
	return &workshop{Project: p, fork: f, goCmd: goCmd, cache: cache, outputs: outputs}, leave, nil
}

// remembered returns what is known of the files in dist of a fork, and what notes
// what a run learns of them. Where that fails, the next run reads them again.
func remembered(cache action.Cache, fork string) (m *filetree.Memory, remember func(), err error) {
	scratch, err := cache.Scratch()
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(scratch)
	now, err := os.Stat(scratch)
	if err != nil {
		return nil, nil, err
	}
	name := filepath.Join(cache.Dir, "outputs", fork)
	m = filetree.ReadMemory(name, now.ModTime())
	return m, func() {
		if os.MkdirAll(filepath.Dir(name), 0o755) == nil {
			_ = m.Write(name)
		}
	}, nil
}

// enterLocked opens the workshop for the fork of a name, or the default one, and
// reads its lock.
func (p *Project) enterLocked(ctx context.Context, id string) (w *workshop, l lock.Lock, leave func(), err error) {
	f, err := p.Fork(id)
	if err != nil {
		return nil, l, nil, err
	}
	if l, err = p.readLock(f); err != nil {
		return nil, l, nil, err
	}
	w, leave, err = p.enter(ctx, f)
	return w, l, leave, err
}

func (p *Project) cache() action.Cache {
	return action.Cache{Dir: filepath.Join(p.Dir, "dist", ".cache")}
}

// announce says which fork the events that follow are about.
func (w *workshop) announce() {
	w.Events.Emit(event.Event{Kind: event.Fork, Fork: w.fork.ID, Version: w.fork.Version,
		Upstream: w.fork.Upstream.String(), Total: w.fork.Patches()})
}

// date returns the time that stamps and archives carry: SOURCE_DATE_EPOCH
// where it is set, otherwise the upstream's own.
func (p *Project) date(upstream time.Time) (time.Time, error) {
	epoch := run.Env(p.Env).Get("SOURCE_DATE_EPOCH")
	if epoch == "" {
		return upstream, nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%s: want seconds since 1970 (https://reproducible-builds.org/specs/source-date-epoch/)", epoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// Clean removes all outputs and everything that was kept between runs.
func (p *Project) Clean(ctx context.Context) error {
	dist := filepath.Join(p.Dir, "dist")
	if _, err := os.Stat(dist); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	leave, err := p.cache().Lock(ctx, func() { p.Events.Note("waiting for another run in this project to end") })
	if err != nil {
		return err
	}
	defer leave()
	err = os.RemoveAll(dist)
	if errors.Is(err, syscall.ENOTEMPTY) {
		return nil // whoever waits for the lock has made its folder anew
	}
	return err
}

// advise adds the way out to errors that come from below every stage.
func (p *Project) advise(err error) error {
	dist := filepath.Join(p.Dir, "dist")
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w\n  Make room on that disk: mage clean removes everything in %s, go clean -cache what Go keeps of earlier builds", err, dist)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w\n  See that this user may write to %s", err, dist)
	}
	var at *fs.PathError
	if errors.As(err, &at) && strings.HasPrefix(at.Path, dist) && (errors.Is(err, syscall.ENOTDIR) || errors.Is(err, fs.ErrExist)) {
		return fmt.Errorf("%w\n  Something other than a folder of Slipway's lies in %s: move it away", err, dist)
	}
	return err
}
