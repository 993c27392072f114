// Package fork reads the forks of a project: what fork.yaml, the series and
// fork.lock say, as a value that knows what is wrong with its lock and what there
// is to build.
package fork

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/spec"
	"github.com/slipway-build/slipway/version"
)

// A Fork is one fork of a project, read and found valid.
type Fork struct {
	spec.Loaded
	Project Project
	ID      string          // its folder below forks
	Series  []patches.Patch // the files of patches/series
	carried int             // how many patches come before those, as far as fork.lock tells
	dropped []lock.Module   // what fork.lock says of this upstream; nil where it says nothing
}

// load reads the fork in the folder id.
func load(p Project, id string) (Fork, error) {
	f := Fork{Project: p, ID: id}
	var err error
	if f.Loaded, err = spec.Load(p.Dir, f.Abs("fork.yaml"), f.File("fork.yaml")); err != nil {
		return f, err
	}
	shared, err := f.Shared()
	if err != nil {
		return f, err
	}
	f.carried = len(shared)
	if l, err := lock.Read(f.Abs("fork.lock")); err == nil {
		if slices.Equal(l.Carried, f.Ranges()) {
			f.carried = len(l.Patches) - len(l.Files())
		}
		if l.Upstream == f.Upstream.Pin() {
			f.dropped = append([]lock.Module{}, l.Dropped...)
		}
	}
	f.Series, err = patches.ReadSeries(f.Abs("patches"))
	return f, p.Relative(err)
}

// Patches returns how many patches the fork has, carried commits included.
func (f Fork) Patches() int { return f.carried + len(f.Series) }

// Dropped returns the modules that fork.lock records as missing from the upstream.
// It is nil where no lock tells, and empty where there are none.
func (f Fork) Dropped() []lock.Module { return f.dropped }

// Unpinned returns the fork without what fork.lock says of its upstream, to find out
// anew what is published.
func (f Fork) Unpinned() Fork {
	f.dropped = nil
	return f
}

// Event returns the event that says which fork the events after it are about.
func (f Fork) Event() event.Event {
	return event.Event{
		Kind: event.Fork, Fork: f.ID, Version: f.Version, Upstream: f.Upstream.String(), Total: f.Patches(),
	}
}

// File returns the path of one of the fork's files, relative to the project.
func (f Fork) File(name string) string { return filepath.Join("forks", f.ID, name) }

// Abs returns the absolute path of one of the fork's files.
func (f Fork) Abs(name string) string { return f.Project.Path(f.File(name)) }

// Dist returns a path below the fork's folder of outputs, relative to the project.
func (f Fork) Dist(elem ...string) string {
	return filepath.Join(append([]string{"dist", f.ID}, elem...)...)
}

// Linux returns the platforms of fork.yaml that are Linux. user says what needs
// them; it is an error if there are none.
func (f Fork) Linux(user string) ([]platform.Platform, error) {
	linux := slices.DeleteFunc(slices.Clone(f.Platforms), func(p platform.Platform) bool { return p.OS != "linux" })
	if len(linux) == 0 {
		return nil, fmt.Errorf("%s: build.platforms has no Linux platform, and %s for no other system",
			f.File("fork.yaml"), user)
	}
	return linux, nil
}

// UserFiles returns the folder of the user's own files for packages, relative to
// the project, and whether it exists.
func (f Fork) UserFiles(elem ...string) (dir string, ok bool) {
	dir = f.File(filepath.Join(append([]string{"files"}, elem...)...))
	_, err := os.Lstat(f.Project.Path(dir))
	return dir, err == nil
}

// On returns the fork as it would be on another upstream of its kind: at the
// upstream's version, with the fork's own revision.
func (f Fork) On(u source.Upstream) (Fork, error) {
	if u.Pin() != f.Upstream.Pin() {
		f.dropped = nil
	}
	f.Upstream = u
	v, ok := u.Version()
	if !ok {
		return f, nil
	}
	f.Version = v.Upstream() // build metadata of a tag is somebody else's revision
	if m := f.Parsed.Fields().Metadata; m != "" {
		f.Version += "+" + m
	}
	var err error
	if f.Parsed, err = version.Parse(f.Version); err == nil {
		_, err = f.Shared()
	}
	return f, err
}

// Ranges returns what the fork carries, commits and series of the patch library, as
// fork.lock names it.
func (f Fork) Ranges() []lock.Carried {
	var out []lock.Carried
	for _, c := range f.Carried {
		out = append(out, lock.Carried{Library: c.Library, Git: c.Git, Commits: c.Commits, Merges: c.Merges})
	}
	return out
}

// LockedDeps returns the fork's changed dependencies, as fork.lock names them.
func (f Fork) LockedDeps() []lock.Dep {
	var out []lock.Dep
	for _, mod := range slices.Sorted(maps.Keys(f.Deps)) {
		out = append(out, lock.Dep{Path: mod, Version: f.Deps[mod]})
	}
	return out
}

// A Project is a folder with forks in it.
type Project struct {
	Dir string // absolute
}

// Path returns the absolute path of a path relative to the project.
func (p Project) Path(rel string) string { return filepath.Join(p.Dir, rel) }

// At returns the absolute path of a path that is absolute or relative to the project.
func (p Project) At(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return p.Path(path)
}

// IDs returns the folders below forks that have a fork.yaml, sorted.
func (p Project) IDs() ([]string, error) {
	entries, err := os.ReadDir(p.Path("forks"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		id := e.Name()
		if _, err := os.Stat(p.Path(filepath.Join("forks", id, "fork.yaml"))); errors.Is(err, fs.ErrNotExist) ||
			errors.Is(err, syscall.ENOTDIR) {
			continue
		} else if err != nil {
			return nil, err
		}
		if slices.Contains([]string{".cache", "distfiles", "overlay", "shards"}, strings.ToLower(id)) {
			return nil, fmt.Errorf("forks/%s: rename the folder: dist/%[1]s is not for the outputs of one fork", id)
		}
		if err := CheckName(id); err != nil {
			return nil, fmt.Errorf("forks/%s: rename the folder: %w", id, err)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s has no forks: a fork is a folder forks/NAME with a fork.yaml in it", p.Dir)
	}
	return ids, nil
}

var named = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*$`)

// CheckName returns an error if a fork cannot have that name. Names are parts of paths, of lists of them, of lists
// with commas and of the names of jobs and files of CI services.
func CheckName(id string) error {
	if named.MatchString(id) {
		return nil
	}
	return errors.New("a fork's name has letters a to z, digits and . _ + -, and begins with a letter or a digit")
}

// Others returns the other forks of f's project. One that cannot be read makes
// nothing, and is left out.
func (f Fork) Others() ([]Fork, error) {
	ids, err := f.Project.IDs()
	var out []Fork
	for _, id := range ids {
		if other, err := load(f.Project, id); err == nil && id != f.ID {
			out = append(out, other)
		}
	}
	return out, err
}

// Fork reads a fork. An empty id is the project's only one, or the one that says
// it is the default.
func (p Project) Fork(id string) (Fork, error) {
	ids, err := p.IDs()
	if err != nil {
		return Fork{}, err
	}
	if id == "" {
		return p.defaultFork(ids)
	}
	if err := CheckID(id, ids); err != nil {
		return Fork{}, err
	}
	return load(p, id)
}

// CheckID returns an error if a fork is none of those of its project.
func CheckID(id string, ids []string) error {
	if slices.Contains(ids, id) {
		return nil
	}
	return near.Unknown(id, ids, "no fork %q: this project has %s", id, strings.Join(ids, ", "))
}

// A NoDefaultError is a command that names none of several forks, of which none is the default.
type NoDefaultError struct{ IDs []string }

func (e *NoDefaultError) Error() string {
	return "this project has several forks: name one with -fork, or write default: true into the fork.yaml of one: " +
		strings.Join(e.IDs, ", ")
}

// defaultFork reads the fork that a command is about if it names none.
func (p Project) defaultFork(ids []string) (Fork, error) {
	if len(ids) == 1 {
		return load(p, ids[0])
	}
	var found []Fork
	for _, id := range ids {
		f, err := load(p, id)
		if err != nil {
			return Fork{}, err
		}
		if f.Default {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		return Fork{}, &NoDefaultError{IDs: ids}
	case 1:
		return found[0], nil
	}
	return Fork{}, fmt.Errorf("%s and %s both say default: true: remove it from one",
		found[0].File("fork.yaml"), found[1].File("fork.yaml"))
}

// Unpatched returns the fork without its own patches, and without changed versions of modules: its upstream, with the
// series that Slipway maintains and without which some components could not be built. It has an ID and a version of
// its own, so that what is made of it is beside what is made of the fork, and no lock.
func (f Fork) Unpatched() Fork {
	f.ID += "-upstream"
	f.Version = f.Parsed.Upstream() + "+upstream"
	f.Parsed, _ = version.Parse(f.Version) // of a version, it is one
	f.Series, f.Deps = nil, nil
	f.Carried = slices.DeleteFunc(slices.Clone(f.Carried), func(c spec.Carried) bool { return c.Library == "" })
	shared, _ := f.Shared()
	f.carried = len(shared)
	return f
}
