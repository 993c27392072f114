package fork

import (
	"errors"
	"fmt"
	"slices"

	"github.com/slipway-build/slipway/internal/lineerr"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// ReadLock returns the fork's lock. The error is a *StaleError if it does not pin
// the fork as fork.yaml and the series are now.
func (f Fork) ReadLock() (lock.Lock, error) {
	l, err := lock.Read(f.Abs("fork.lock"))
	if err != nil {
		return lock.Lock{}, f.Stale(f.Project.Relative(err))
	}
	var faults []error
	if pin := f.Upstream.Pin(); l.Upstream != pin {
		faults = append(faults, f.at(l, "upstream", "", "the upstream is pinned as %s, but fork.yaml says %s",
			l.Upstream, pin))
	}
	if now := f.Ranges(); !slices.Equal(l.Carried, now) {
		what := "the commits that it pins as carried are not those"
		if slices.ContainsFunc(slices.Concat(l.Carried, now), func(c lock.Carried) bool { return c.Library != "" }) {
			what = "the commits and series that it pins as carried and library are not those"
		}
		faults = append(faults, f.ofLock(what+" of \"patches\" in fork.yaml"))
	}
	if !slices.Equal(l.Deps, f.LockedDeps()) {
		faults = append(faults, f.ofLock("the versions that it pins as dep are not those of \"deps\" in fork.yaml"))
	}
	return l, f.Stale(append(faults, f.checkSeries(l)...)...)
}

// lockLine returns where fork.lock pins something, as FILE:LINE.
func (f Fork) lockLine(l lock.Lock, word, name string) string {
	return fmt.Sprintf("%s:%d", f.File("fork.lock"), l.Line(word, name))
}

// at returns what is wrong with the line of fork.lock that pins something.
func (f Fork) at(l lock.Lock, word, name, format string, args ...any) error {
	return &lineerr.Error{File: f.File("fork.lock"), Line: l.Line(word, name), Err: fmt.Errorf(format, args...)}
}

// ofLock returns what is wrong with fork.lock as a whole.
func (f Fork) ofLock(what string) error {
	return &lineerr.Error{File: f.File("fork.lock"), Err: errors.New(what)}
}

// Stale returns faults of the lock as one *StaleError, or nil where there are
// none.
func (f Fork) Stale(faults ...error) error {
	if len(faults) == 0 {
		return nil
	}
	return &StaleError{Fork: f.ID, Faults: faults}
}

// A StaleError says that fork.lock does not pin what was found.
type StaleError struct {
	Fork   string  // its ID
	Faults []error // a sentence each; a *lineerr.Error, if it has a line of the lock
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("%v\n  %s", errors.Join(e.Faults...), e.Remedy())
}

// Remedy says how to accept what was found.
func (e *StaleError) Remedy() string {
	return "To pin this fork as it is now: mage patches:lock -fork=" + e.Fork
}

// Pins returns patches as fork.lock names them.
func Pins(series []patches.Patch) []lock.Patch {
	out := make([]lock.Patch, len(series))
	for i, p := range series {
		out[i] = lock.Patch{Name: p.Name, Strip: p.Strip, SHA256: p.SHA256()}
	}
	return out
}

// checkSeries compares the patches of the library and of the series with their pins.
func (f Fork) checkSeries(l lock.Lock) []error {
	shared, err := f.Shared()
	if err != nil {
		return []error{err}
	}
	var faults []error
	file, now := f.File("fork.lock"), Pins(append(shared, f.Series...))
	pinned := slices.DeleteFunc(slices.Clone(l.Patches), lock.Patch.Carried)
	index := func(list []lock.Patch, name string) int {
		return slices.IndexFunc(list, func(p lock.Patch) bool { return p.Name == name })
	}
	for _, p := range now {
		i, patch, other := index(pinned, p.Name), f.File("patches/"+p.Name), ""
		if p.Library() {
			patch, other = p.Name, ": this Slipway has another"
		}
		switch {
		case i < 0:
			faults = append(faults, fmt.Errorf("%s is in the series, but %s does not pin it", patch, file))
		case pinned[i] != p:
			faults = append(faults, fmt.Errorf("%s is not the patch that %s pins%s\n"+
				"    expected  -p%d sha256:%s\n    found     -p%d sha256:%s", patch, f.lockLine(l, "patch", p.Name), other,
				pinned[i].Strip, pinned[i].SHA256, p.Strip, p.SHA256))
		}
	}
	for _, p := range pinned {
		if index(now, p.Name) < 0 {
			faults = append(faults, f.at(l, "patch", p.Name, "%s is pinned, but the series does not name it", p.Name))
		}
	}
	if len(faults) == 0 && !slices.Equal(now, pinned) {
		faults = append(faults, fmt.Errorf("%s: its order is not the one in %s", f.File("patches/series"), file))
	}
	return faults
}

// CheckUpstream compares an upstream tree with its pins. The error is a
// *StaleError.
func (f Fork) CheckUpstream(l lock.Lock, t source.Tree) error {
	faults := f.compareModules(l, t.Modules, t.Dropped)
	if !t.Time.Equal(l.Time) {
		faults = append(faults, f.at(l, "time", "", "the upstream's time is pinned as %s, but it says %s", l.Time, t.Time))
	}
	if got := t.Tree.Digest(); len(faults) == 0 && got != l.Source {
		faults = append(faults, f.at(l, "source", "", "the upstream tree is pinned as %s, but is %s", l.Source, got))
	}
	return f.Stale(faults...)
}

// CheckTree compares the digest of the patched tree with its pin. The error is a
// *StaleError.
func (f Fork) CheckTree(l lock.Lock, digest string) error {
	if digest == l.Tree {
		return nil
	}
	return f.Stale(f.at(l, "tree", "", "the patched tree is pinned as %s, but is %s", l.Tree, digest))
}

// CheckGo compares what the patched tree says of Go with its pin. The error is a
// *StaleError.
func (f Fork) CheckGo(l lock.Lock, needs string) error {
	if needs == l.Go {
		return nil
	}
	return f.Stale(f.at(l, "go", "", "go is pinned as %s, but the tree says %s", l.Go, needs))
}

// CheckLock compares the lock with one that was made of what is there now. The
// error is a *StaleError.
func (f Fork) CheckLock(l, now lock.Lock) error {
	faults := f.compareModules(l, now.Modules, now.Dropped)
	for _, pin := range []struct{ name, want, got string }{
		{"time", l.Time.String(), now.Time.String()}, {"source", l.Source, now.Source},
		{"tree", l.Tree, now.Tree}, {"go", l.Go, now.Go},
	} {
		if pin.want != pin.got && len(faults) == 0 {
			faults = append(faults, f.at(l, pin.name, "", "%s is pinned as %s, but is %s", pin.name, pin.want, pin.got))
		}
	}
	return f.Stale(faults...)
}

// compareModules returns how modules of an upstream tree, and those that it does
// without, differ from the pinned ones.
func (f Fork) compareModules(l lock.Lock, modules, dropped []lock.Module) []error {
	var faults []error
	for _, m := range modules {
		i := slices.IndexFunc(l.Modules, func(p lock.Module) bool { return p.Place == m.Place })
		switch {
		case i < 0:
			faults = append(faults, fmt.Errorf("%s %s at %s is part of the upstream, but %s does not pin it",
				m.Path, m.Version, m.Place, f.File("fork.lock")))
		case l.Modules[i] != m:
			p := l.Modules[i]
			faults = append(faults, f.at(l, "module", m.Place, "%s is not the pinned module\n"+
				"    expected  %s %s %s\n    found     %s %s %s", m.Path,
				p.Path, p.Version, p.Sum, m.Path, m.Version, m.Sum))
		}
	}
	for _, p := range l.Modules {
		if !slices.ContainsFunc(modules, func(m lock.Module) bool { return m.Place == p.Place }) {
			faults = append(faults, f.at(l, "module", p.Place, "%s %s is pinned, but could not be found", p.Path, p.Version))
		}
	}
	if len(faults) == 0 {
		faults = f.compareDropped(l, dropped)
	}
	return faults
}

// compareDropped returns how the modules that an upstream tree does without differ from
// the pinned ones.
func (f Fork) compareDropped(l lock.Lock, dropped []lock.Module) []error {
	var faults []error
	for _, m := range dropped {
		if !slices.Contains(l.Dropped, m) {
			faults = append(faults, fmt.Errorf("%s %s at %s is left out of the tree, but %s does not say that it is dropped",
				m.Path, m.Version, m.Place, f.File("fork.lock")))
		}
	}
	for _, p := range l.Dropped {
		if !slices.Contains(dropped, p) {
			faults = append(faults, f.at(l, "dropped", p.Place, "%s %s is dropped, but is not left out of the tree",
				p.Path, p.Version))
		}
	}
	if len(faults) == 0 && !slices.Equal(dropped, l.Dropped) {
		faults = append(faults, f.ofLock("the dropped modules are not in the order of the upstream, or not each once"))
	}
	return faults
}

// CheckCarried compares the carried commits at the head of the series with their
// pins. The error is a *StaleError.
func (f Fork) CheckCarried(l lock.Lock, series []patches.Patch) error {
	now := Pins(series[:len(series)-len(f.Series)])
	pinned := l.Patches[:len(l.Patches)-len(l.Files())]
	if slices.Equal(now, pinned) {
		return nil
	}
	for i, p := range now {
		if i < len(pinned) && pinned[i] != p {
			return f.Stale(f.at(l, "patch", pinned[i].Name,
				"commit %s with sha256:%s is pinned, but the range has %s with sha256:%s",
				pinned[i].Name, pinned[i].SHA256, p.Name, p.SHA256))
		}
	}
	return f.Stale(f.ofLock(fmt.Sprintf("pins %d carried commits, but the ranges in fork.yaml have %d",
		len(pinned), len(now))))
}
