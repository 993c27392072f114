package slipway

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/source"
)

// readLock returns the fork's lock, if it pins the fork as fork.yaml and the
// series are now.
func (p *Project) readLock(f *Fork) (lock.Lock, error) {
	l, err := lock.Read(filepath.Join(p.Dir, f.file("fork.lock")))
	if err != nil {
		return lock.Lock{}, f.stale(p.relative(err).Error())
	}
	var faults []string
	if pin := f.Upstream.Pin(); l.Upstream != pin {
		faults = append(faults, fmt.Sprintf("%s:%d: the upstream is pinned as %s, but fork.yaml says %s", f.file("fork.lock"), l.Line("upstream", ""), l.Upstream, pin))
	}
	if !slices.Equal(l.Carried, f.ranges()) {
		faults = append(faults, fmt.Sprintf("%s: the commits that it pins as carried are not those of \"patches\" in fork.yaml", f.file("fork.lock")))
	}
	if !slices.Equal(l.Deps, f.deps()) {
		faults = append(faults, fmt.Sprintf("%s: the versions that it pins as dep are not those of \"deps\" in fork.yaml", f.file("fork.lock")))
	}
	faults = append(faults, f.checkSeries(l)...)
	return l, f.stale(faults...)
}

// stale returns faults of the lock as one error with the way out, or nil.
func (f *Fork) stale(faults ...string) error {
	if len(faults) == 0 {
		return nil
	}
	return &staleError{fmt.Sprintf("%s\n  To pin this fork as it is now: mage patches:lock -fork=%s", strings.Join(faults, "\n"), f.ID)}
}

// A staleError says that fork.lock pins something else than there is.
type staleError struct{ text string }

func (e *staleError) Error() string { return e.text }

// checkSeries compares the series with its pins.
func (f *Fork) checkSeries(l lock.Lock) []string {
	var faults []string
	file, now, pinned := f.file("fork.lock"), pins(f.Series), l.Files()
	index := func(list []lock.Patch, name string) int {
		return slices.IndexFunc(list, func(p lock.Patch) bool { return p.Name == name })
	}
	for _, p := range now {
		i := index(pinned, p.Name)
		switch {
		case i < 0:
			faults = append(faults, fmt.Sprintf("%s is in the series, but %s does not pin it", f.file("patches/"+p.Name), file))
		case pinned[i] != p:
			faults = append(faults, fmt.Sprintf("%s is not the patch that %s:%d pins\n    expected  -p%d sha256:%s\n    found     -p%d sha256:%s",
				f.file("patches/"+p.Name), file, l.Line("patch", p.Name), pinned[i].Strip, pinned[i].SHA256, p.Strip, p.SHA256))
		}
	}
	for _, p := range pinned {
		if index(now, p.Name) < 0 {
			faults = append(faults, fmt.Sprintf("%s:%d: %s is pinned, but the series does not name it", file, l.Line("patch", p.Name), p.Name))
		}
	}
	if len(faults) == 0 && !slices.Equal(now, pinned) {
		faults = append(faults, fmt.Sprintf("%s: its order is not the one in %s", f.file("patches/series"), file))
	}
	return faults
}

// checkUpstream compares an upstream tree with its pins.
func (f *Fork) checkUpstream(l lock.Lock, t source.Tree) error {
	file := f.file("fork.lock")
	faults := compareModules(file, l, t)
	if !t.Time.Equal(l.Time) {
		faults = append(faults, fmt.Sprintf("%s:%d: the upstream's time is pinned as %s, but it says %s", file, l.Line("time", ""), l.Time, t.Time))
	}
	if got := t.Tree.Digest(); len(faults) == 0 && got != l.Source {
		faults = append(faults, fmt.Sprintf("%s:%d: the upstream tree is pinned as %s, but comes to %s", file, l.Line("source", ""), l.Source, got))
	}
	return f.stale(faults...)
}

func compareModules(file string, l lock.Lock, t source.Tree) []string {
	var faults []string
	for _, m := range t.Modules {
		i := slices.IndexFunc(l.Modules, func(p lock.Module) bool { return p.Place == m.Place })
		switch {
		case i < 0:
			faults = append(faults, fmt.Sprintf("%s %s at %s is part of the upstream, but %s does not pin it", m.Path, m.Version, m.Place, file))
		case l.Modules[i] != m:
			p := l.Modules[i]
			faults = append(faults, fmt.Sprintf("%s:%d: %s is not the module that is pinned\n    expected  %s %s %s\n    found     %s %s %s",
				file, l.Line("module", m.Place), m.Path, p.Path, p.Version, p.Sum, m.Path, m.Version, m.Sum))
		}
	}
	for _, p := range l.Modules {
		if !slices.ContainsFunc(t.Modules, func(m lock.Module) bool { return m.Place == p.Place }) {
			faults = append(faults, fmt.Sprintf("%s:%d: %s %s is pinned, but could not be had", file, l.Line("module", p.Place), p.Path, p.Version))
		}
	}
	if len(faults) == 0 && !slices.Equal(t.Dropped, l.Dropped) {
		faults = append(faults, fmt.Sprintf("%s: the modules that are left out of the tree are not those it says", file))
	}
	return faults
}

// Lock pins the fork as it is now in its fork.lock, and reports whether that
// changed anything.
func (p *Project) Lock(ctx context.Context, id string) (changed bool, err error) {
	f, err := p.Fork(id)
	if err != nil {
		return false, err
	}
	w, leave, err := p.enter(ctx, f)
	if err != nil {
		return false, err
	}
	defer leave()
	w.announce()
	if err := w.forgetDropped(); err != nil {
		return false, err
	}
	l, err := w.pin(ctx)
	if err != nil {
		return false, p.advise(err)
	}
	path := filepath.Join(p.Dir, f.file("fork.lock"))
	if old, err := os.ReadFile(path); err == nil && string(old) == string(l.Encode()) {
		w.sayLock("unchanged")
		return false, nil
	}
	if err := l.Write(path); err != nil {
		return false, p.advise(err)
	}
	w.sayLock("written")
	return true, nil
}

// sayLock says what was found or done about fork.lock.
func (w *workshop) sayLock(what string) {
	w.Events.Emit(event.Event{Kind: event.Finished, Stage: "lock", Subject: w.fork.file("fork.lock"), Detail: what})
}

// pin returns the lock for the fork as it is now.
func (w *workshop) pin(ctx context.Context) (lock.Lock, error) {
	up, err := w.upstream(ctx, intact(ctx))
	if err != nil {
		return lock.Lock{}, err
	}
	series, err := w.series(ctx)
	if err != nil {
		return lock.Lock{}, err
	}
	changes, err := w.changes(ctx, up, series)
	if err != nil {
		return lock.Lock{}, err
	}
	w.Events.Emit(event.Event{Kind: event.Finished, Stage: "patches", Detail: applied(len(series))})
	l := lock.Lock{
		Upstream: w.fork.Upstream.Pin(), Time: up.Time,
		Modules: up.Modules, Dropped: up.Dropped, Source: up.Tree.Digest(),
		Carried: w.fork.ranges(), Patches: pins(series), Deps: w.fork.deps(), Tree: up.Tree.Changed(changes).Digest(),
	}
	l.Go, err = source.GoVersion(up.Dir, changes)
	return l, err
}

// Verify checks the fork's upstream, each of its patches and the tree they
// result in against fork.lock, and the module cache against the upstream's
// sums.
func (p *Project) Verify(ctx context.Context, id string) error {
	w, l, leave, err := p.enterLocked(ctx, id)
	if err != nil {
		return err
	}
	defer leave()
	w.announce()
	now, err := w.pin(ctx)
	if err != nil {
		return p.advise(err)
	}
	up := source.Tree{Modules: now.Modules, Dropped: now.Dropped, Time: now.Time}
	faults := compareModules(w.fork.file("fork.lock"), l, up)
	for _, word := range []struct{ name, want, got string }{
		{"time", l.Time.String(), now.Time.String()}, {"source", l.Source, now.Source}, {"tree", l.Tree, now.Tree}, {"go", l.Go, now.Go},
	} {
		if word.want != word.got && len(faults) == 0 {
			faults = append(faults, fmt.Sprintf("%s:%d: %s is pinned as %s, but comes to %s", w.fork.file("fork.lock"), l.Line(word.name, ""), word.name, word.want, word.got))
		}
	}
	if len(faults) > 0 {
		return w.fork.stale(faults...)
	}
	if err := (source.Fetcher{Go: w.goCmd}).CheckCached(ctx, l.Modules); err != nil {
		return err
	}
	w.sayLock("holds")
	return nil
}
