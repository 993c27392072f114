// Package build takes one fork from its pins to binaries and packages. A Session
// is one run of it: it holds the project's cache, so that there is one at a time,
// and the toolchain, which is settled before it exists.
//
// Nothing assigns a field of a Session after it is opened. What differs from call
// to call is an argument; what is expensive is made once and remembered:
//
//	s, err := build.Open(ctx, f, l, build.Options{Env: os.Environ()})
//	defer s.Close()
//	tree, err := s.Patched(ctx)                 // the upstream with the series applied
//	bins, err := s.Binaries(ctx, fork.Job{...}) // in dist/FORK/bin/OS_ARCH
//	out, kept, err := build.Do(ctx, s, stage, input)
//	err = s.Dist().Replace("dist/…", func(dst string) error { ... })
package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/source"
)

// Options are what a session is given by whoever opens it.
type Options struct {
	Env     run.Env           // the environment that subprocesses start from
	Events  event.Sink        // told what happens; may be nil
	Compile Compile           // where Go programs are compiled; nil: on this machine
	Image   Image             // makes an image that is a part of a package; nil: there are none
	Step    func(what string) // see action.Cache; may be nil
	// PlanOnly has a session find out whether something could be done: it holds no
	// cache, and neither makes nor removes anything.
	PlanOnly bool
	Unlocked bool // with PlanOnly: the forks will be locked until then
	// DryRun has a session find out what would be done: it reads the cache and dist, and
	// what would write to them or fetch something is a *WouldRunError.
	DryRun bool
}

// A Session is one run on a fork.
type Session struct {
	fork   fork.Fork
	lock   lock.Lock
	opts   Options
	goHost *gotool.Go // the go command of this machine
	goFork *gotool.Go // the one that the fork is built with
	hold   *Held
	dist   output.Dist
	trees  *memo[Trees]
	series *memo[Series]
	told   *memo[bool] // in a dry run: whether the patched tree is there, once that was said
}

// Open waits until no other run holds the project's cache, and opens a session on
// a fork. l is the fork's lock; its line go, and build.toolchain, decide the
// toolchain. A command that makes a lock passes an empty one: see series.Pin.
func Open(ctx context.Context, f fork.Fork, l lock.Lock, o Options) (*Session, error) {
	goHost, err := gotool.Find(ctx, run.Runner{Events: o.Events}, o.Env, f.Project.Dir)
	if err != nil {
		return nil, err
	}
	h, err := Hold(ctx, f.Project, o)
	if err != nil {
		return nil, err
	}
	s, err := h.open(ctx, f, l, goHost, o)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return s, nil
}

// On opens a session within this one, on another fork of the project or on this one
// with another lock. It ends with this one.
func (s *Session) On(ctx context.Context, f fork.Fork, l lock.Lock) (*Session, error) {
	return s.hold.open(ctx, f, l, s.goHost, s.opts)
}

// Close writes down what was learned of the files in dist, removes what the cache
// has too much of, and releases the cache.
func (s *Session) Close() error { return s.hold.Close() }

// Fork returns the fork that the session is on.
func (s *Session) Fork() fork.Fork { return s.fork }

// PlanOnly reports whether the session only finds out if something could be done.
func (s *Session) PlanOnly() bool { return s.opts.PlanOnly }

// DryRun reports whether the session only finds out what would be done.
func (s *Session) DryRun() bool { return s.opts.DryRun }

// Lock returns the fork's lock.
func (s *Session) Lock() lock.Lock { return s.lock }

// Go returns the go command that the fork is built with.
func (s *Session) Go() *gotool.Go { return s.goFork }

// HostGo returns the go command of this machine, whatever the fork pins.
func (s *Session) HostGo() *gotool.Go { return s.goHost }

// Host returns the platform of this machine.
func (s *Session) Host() platform.Platform {
	return platform.Platform{OS: s.goHost.GOHOSTOS, Arch: s.goHost.GOHOSTARCH}
}

// Runner returns what starts subprocesses, and Env what they start from.
func (s *Session) Runner() run.Runner { return run.Runner{Events: s.opts.Events} }

// Env returns the environment that subprocesses start from.
func (s *Session) Env() run.Env { return s.opts.Env }

// Dist returns the folder of the project's outputs.
func (s *Session) Dist() output.Dist { return s.dist }

// Scratch makes an empty folder in the cache. The caller removes it.
func (s *Session) Scratch() (string, error) { return s.hold.cache.Scratch() }

// CacheDir returns a folder of the cache that a stage keeps files in by itself.
func (s *Session) CacheDir(elem ...string) string {
	return filepath.Join(append([]string{s.hold.cache.Dir}, elem...)...)
}

// Git returns the git command of this machine.
func (s *Session) Git() gitrepo.Git {
	return gitrepo.Git{Run: s.Runner(), Env: s.opts.Env, Events: s.opts.Events}
}

// Fetcher returns what gets upstreams.
func (s *Session) Fetcher() source.Fetcher {
	return source.Fetcher{
		Go: s.goFork, Git: s.Git(), Dir: s.fork.Project.Dir, Cache: s.hold.cache.Dir, Events: s.opts.Events,
	}
}

// Date returns the time that stamps and archives carry: SOURCE_DATE_EPOCH where
// it is set, otherwise upstream, which is when the upstream's version was made.
func (s *Session) Date(upstream time.Time) (time.Time, error) {
	epoch := s.opts.Env.Get("SOURCE_DATE_EPOCH")
	if epoch == "" {
		return upstream, nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%s: "+
			"want seconds since 1970 (https://reproducible-builds.org/specs/source-date-epoch/)", epoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// Emit sends an event.
func (s *Session) Emit(e event.Event) { s.opts.Events.Emit(e) }

// Note reports something worth knowing that is not a fault.
func (s *Session) Note(detail string) { s.opts.Events.Note(detail) }

// Step tells Options.Step of a moment at which the disk has changed for good.
func (s *Session) Step(what string) { s.hold.cache.Note(what) }

// Announce says which fork the events that follow are about.
func (s *Session) Announce() { s.Emit(s.fork.Event()) }

// Report sends an event for each artifact, in this order, and returns them as a set. In a dry
// run, those that are not kept would be made.
func (s *Session) Report(made ...artifact.Artifact) artifact.Set {
	for _, a := range made {
		e := a.Event()
		e.Would = s.opts.DryRun && !a.Kept
		s.Emit(e)
	}
	return artifact.Of(made)
}

// A Done is what Stage says of a stage that has ended.
type Done struct {
	Detail string
	Kept   bool // nothing had to be made
}

// Stage emits the two events of a stage, around f: that it began, and that it
// ended or failed; or that it would run, if the error is a *WouldRunError.
func (s *Session) Stage(name, subject, detail string, f func() (Done, error)) error {
	var would *WouldRunError
	err := s.opts.Events.Stage(event.Event{Stage: name, Subject: subject, Detail: detail}, func(e *event.Event) error {
		done, err := f()
		e.Kept = done.Kept
		if done.Detail != "" {
			e.Detail = done.Detail
		}
		if errors.As(err, &would) {
			e.Would, e.After = true, would.After
			return nil
		}
		return err
	})
	if would != nil {
		return would
	}
	return err
}

// Counter returns what counts one more of something that a stage makes, for people who wait.
func (s *Session) Counter(stage, subject string, total int, unit string) (one func()) {
	return s.opts.Events.Counter(event.Event{Stage: stage, Subject: subject, Total: total, Unit: unit})
}

// A Held is the cache of a project, held by one run.
type Held struct {
	project  fork.Project
	cache    action.Cache
	unlock   func()
	readOnly bool       // nothing is locked, written or removed
	compile  sync.Mutex // for as long as binaries are compiled, or found up to date
	mu       sync.Mutex
	keep     map[string]int  // by folder of the cache: how many outputs
	inUse    map[string]bool // folders with outputs that this run took
	memories map[string]*filetree.Memory
}

// Hold waits until no other run holds the project's cache, and holds it.
func Hold(ctx context.Context, p fork.Project, o Options) (*Held, error) {
	h := &Held{
		project: p, cache: action.Cache{Dir: p.Path(filepath.Join("dist", ".cache")), Step: o.Step, DryRun: o.DryRun},
		unlock: func() {}, readOnly: o.PlanOnly || o.DryRun,
		keep: map[string]int{}, inUse: map[string]bool{}, memories: map[string]*filetree.Memory{},
	}
	if h.readOnly {
		return h, nil
	}
	var err error
	h.unlock, err = h.cache.Lock(ctx, func() { o.Events.Note("waiting for another run in this project to end") })
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Dist returns the folder of the project's outputs.
func (h *Held) Dist() output.Dist { return output.Dist{Project: h.project.Dir, Cache: h.cache} }

// open opens a session in the cache that is held.
func (h *Held) open(ctx context.Context, f fork.Fork, l lock.Lock, goHost *gotool.Go, o Options) (*Session, error) {
	goFork, dist := goHost, h.Dist()
	if !o.PlanOnly {
		var err error
		if goFork, err = goFor(ctx, f, l, goHost, o); err != nil {
			return nil, err
		}
		if dist.Memory, err = h.memory(f.ID); err != nil {
			return nil, err
		}
	}
	if o.Compile == nil {
		o.Compile = compileHere
	}
	return &Session{
		fork: f, lock: l, opts: o, goHost: goHost, goFork: goFork, hold: h, dist: dist,
		trees: &memo[Trees]{}, series: &memo[Series]{}, told: &memo[bool]{},
	}, nil
}

// goFor returns the go command that a fork is built with.
func goFor(ctx context.Context, f fork.Fork, l lock.Lock, goHost *gotool.Go, o Options) (*gotool.Go, error) {
	if !o.DryRun {
		return goHost.At(ctx, f.Build.Toolchain, l.Go, f.Project.Dir)
	}
	at, there, err := goHost.Known(ctx, f.Build.Toolchain, l.Go, f.Project.Dir)
	if err == nil && !there {
		o.Events.Note(at.GOVERSION + " would be fetched")
	}
	return at, err
}

// memory returns what is known of the files in dist of a fork.
func (h *Held) memory(id string) (*filetree.Memory, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m := h.memories[id]; m != nil {
		return m, nil
	}
	scratch, err := h.cache.Scratch()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	now, err := os.Stat(scratch)
	if err != nil {
		return nil, err
	}
	h.memories[id] = filetree.ReadMemory(h.memoryFile(id), now.ModTime())
	return h.memories[id], nil
}

func (h *Held) memoryFile(id string) string { return filepath.Join(h.cache.Dir, "outputs", id) }

// Close releases the cache. If what was learned cannot be written down, the
// next run reads the files again.
func (h *Held) Close() error {
	defer h.unlock()
	if h.readOnly {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, m := range h.memories {
		if os.MkdirAll(filepath.Dir(h.memoryFile(id)), 0o755) == nil {
			_ = m.Write(h.memoryFile(id))
		}
	}
	var errs []error
	for _, dir := range slices.Sorted(maps.Keys(h.keep)) {
		errs = append(errs, h.cache.Prune(dir, h.keep[dir], h.inUse))
	}
	for _, dir := range gitrepo.Surplus(filepath.Join(h.cache.Dir, "git")) {
		errs = append(errs, h.cache.Discard(dir))
	}
	return errors.Join(errs...)
}

// A memo is a value that is made once.
type memo[T any] struct {
	mu   sync.Mutex
	made *T
}

// get returns the value, which f makes unless it was made before. An error is not
// remembered.
func (m *memo[T]) get(f func() (T, error)) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.made != nil {
		return *m.made, nil
	}
	v, err := f()
	if err == nil {
		m.made = &v
	}
	return v, err
}

// forget has the value made again.
func (m *memo[T]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made = nil
}
