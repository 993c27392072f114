package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/lock"
)

// Input is what decides an upstream tree.
type Input struct {
	Upstream Upstream
	Place    string `json:",omitempty"` // of the upstream's module in the tree; "" is the root
	Siblings []Sibling
	// Absent are the siblings that fork.lock says were never published: they are not asked for.
	Absent []lock.Module `json:"-"`
}

// A Tree is an upstream laid out as in its repository, and what it was put
// together from.
type Tree struct {
	filetree.Dir `json:"-"`
	Modules      []lock.Module // of an upstream that is a module: that first, the others sorted by place
	Dropped      []lock.Module // not published, and nothing needs them
	Time         time.Time     // when the upstream's version was made, UTC
}

// A Fetcher gets upstreams: modules through the go command, repositories
// through git, archives by itself.
type Fetcher struct {
	Go     *gotool.Go
	Git    gitrepo.Git
	Dir    string // that relative paths of repositories and archives start from
	Cache  string // folder to keep what was transferred in, one Fetcher's at a time
	Events event.Sink
}

// Fetch lays the upstream out in dst, which does not exist.
func (f Fetcher) Fetch(ctx context.Context, in Input, dst string) (Tree, error) {
	switch {
	case in.Upstream.Git != "":
		return f.fetchGit(ctx, in.Upstream, dst)
	case in.Upstream.Archive != "":
		return f.fetchArchive(ctx, in.Upstream, dst)
	}
	return f.fetchModules(ctx, in, dst)
}

// fetchModules lays out a module and its siblings. A sibling that cannot be fetched,
// or is known to be absent, is dropped where nothing imports it, and is an error
// otherwise.
func (f Fetcher) fetchModules(ctx context.Context, in Input, dst string) (Tree, error) {
	scratch, err := os.MkdirTemp(filepath.Dir(dst), "")
	if err != nil {
		return Tree{}, err
	}
	defer os.RemoveAll(scratch)
	root, err := f.root(ctx, in, scratch)
	if err != nil {
		return Tree{}, err
	}
	wanted, absent, err := f.siblings(ctx, in, root, scratch)
	if err != nil {
		return Tree{}, err
	}
	out := Tree{Dir: filetree.Dir{Path: dst}}
	if out.Time, err = root.Time(); err != nil {
		return Tree{}, err
	}
	wanted = append([]placed{{Module: root, place: path.Join(".", in.Place)}}, wanted...)
	for i, m := range wanted {
		f.Events.Emit(event.Event{Kind: event.Progress, Stage: "source", Subject: m.Path,
			Done: i, Total: len(wanted), Unit: "modules"})
		tree, err := f.lay(ctx, m, dst)
		if err != nil {
			return Tree{}, err
		}
		out.Tree = append(out.Tree, tree...)
		out.Modules = append(out.Modules, lock.Module{Place: m.place, Path: m.Path, Version: m.Version, Sum: m.Sum})
	}
	slices.SortFunc(out.Tree, func(a, b filetree.Entry) int { return strings.Compare(a.Path, b.Path) })
	if err := f.drop(ctx, &out, absent); err != nil {
		return Tree{}, err
	}
	return out, out.align(ctx)
}

// placed is a module and where it goes.
type placed struct {
	gotool.Module
	place string
}

func (f Fetcher) root(ctx context.Context, in Input, scratch string) (gotool.Module, error) {
	got, err := f.Go.Download(ctx, scratch, []string{in.Upstream.Module})
	if err != nil {
		return gotool.Module{}, err
	}
	if got[0].Error != "" {
		return gotool.Module{}, f.unreachable(in.Upstream.Module, got[0].Error)
	}
	return got[0], nil
}

// unreachable is the error of a module that the go command could not get.
func (f Fetcher) unreachable(what, why string) error {
	return fmt.Errorf("%s cannot be fetched: %s\n  %s", what, run.Redact(why), f.Go.ProxyAdvice())
}

// siblings downloads the modules beside the root, and returns which were fetched
// and which are not published.
func (f Fetcher) siblings(
	ctx context.Context, in Input, root gotool.Module, scratch string,
) (had, absent []placed, err error) {
	v, ok := in.Upstream.Version()
	if !ok || len(in.Siblings) == 0 {
		return nil, nil, nil
	}
	list, err := siblings(root.Dir, in.Siblings, v.Fields())
	if err != nil {
		return nil, nil, err
	}
	list, absent = parted(list, in.Absent)
	if len(list) == 0 {
		return nil, absent, nil
	}
	names := make([]string, len(list))
	for i, m := range list {
		names[i] = m.Path + "@" + m.Version
	}
	got, err := f.Go.Download(ctx, scratch, names)
	if err != nil {
		return nil, nil, err
	}
	for i, m := range got {
		p := placed{m, list[i].Place}
		if m.Error != "" && !m.Unpublished() {
			return nil, nil, f.unreachable(names[i], m.Error)
		}
		if m.Error != "" {
			p.Path, p.Version = list[i].Path, list[i].Version
			absent = append(absent, p)
			continue
		}
		had = append(had, p)
	}
	slices.SortFunc(absent, func(a, b placed) int { return strings.Compare(a.place, b.place) })
	return had, absent, nil
}

// parted returns the modules of a list that have to be asked for, and those that are
// known to be absent.
func parted(list, known []lock.Module) (rest []lock.Module, absent []placed) {
	for _, m := range list {
		if slices.Contains(known, m) {
			absent = append(absent, placed{gotool.Module{Path: m.Path, Version: m.Version}, m.Place})
		} else {
			rest = append(rest, m)
		}
	}
	return rest, absent
}

// lay copies a module's files to its place below dst, and checks that they are the
// ones the go command once downloaded.
func (f Fetcher) lay(ctx context.Context, m placed, dst string) (filetree.Tree, error) {
	from, err := filetree.Scan(ctx, m.Dir)
	if err != nil {
		return nil, err
	}
	if sum := gotool.Sum(m.Path, m.Version, from.Tree); sum != m.Sum {
		return nil, &gotool.ChangedError{Module: m.Path + "@" + m.Version, Dir: m.Dir, Want: m.Sum, Got: sum}
	}
	if strayVendor(from.Tree) {
		from.Tree = slices.DeleteFunc(from.Tree, inVendor)
		f.Events.Note(fmt.Sprintf("vendor/ of %s@%s is left out of the tree: modules come without vendored packages",
			m.Path, m.Version))
	}
	if _, err := from.Copy(ctx, filepath.Join(dst, filepath.FromSlash(m.place))); err != nil {
		return nil, err
	}
	for i, e := range from.Tree {
		from.Tree[i].Path = path.Join(m.place, e.Path)
	}
	return from.Tree, nil
}

// strayVendor reports whether a module has what is left of a vendor folder, and the go
// command would take that for a whole one: because of modules.txt, or, outside of a
// workspace, because it is there.
func strayVendor(module filetree.Tree) bool {
	_, list := module.Lookup("vendor/modules.txt")
	_, work := module.Lookup("go.work")
	return list || !work && slices.ContainsFunc(module, inVendor)
}

func inVendor(e filetree.Entry) bool { return strings.HasPrefix(e.Path, "vendor/") }

// A DroppedError says that the tree needs a module which is known to be absent.
type DroppedError struct {
	Module string // PATH@VERSION
	User   string // a file that imports it
}

func (e *DroppedError) Error() string {
	return fmt.Sprintf("%s is dropped, but %s imports it", e.Module, e.User)
}

// drop takes the siblings that are not published out of the tree's module
// files.
func (f Fetcher) drop(ctx context.Context, t *Tree, absent []placed) error {
	if len(absent) == 0 {
		return nil
	}
	for _, m := range absent {
		user, err := importer(t.Dir, m.Path)
		if err != nil {
			return err
		}
		what := m.Path + "@" + m.Version
		switch {
		case user != "" && m.Error == "":
			return &DroppedError{Module: what, User: user}
		case user != "":
			return f.unreachable(fmt.Sprintf("%s, which %s imports,", what, user), m.Error)
		case m.Error == "":
			f.Events.Note(what + " is left out of the tree: it is dropped in fork.lock")
		default:
			f.Events.Note(fmt.Sprintf("%s is left out of the tree: it cannot be fetched, and nothing imports it (%s)",
				what, run.Redact(m.Error)))
		}
		t.Dropped = append(t.Dropped, lock.Module{Place: m.place, Path: m.Path, Version: m.Version})
	}
	places := make([]string, len(t.Modules))
	for i, m := range t.Modules {
		places[i] = m.Place
	}
	changes, err := without(t.Dir, places, t.Dropped)
	if err != nil {
		return err
	}
	t.Dir, err = t.Update(ctx, t.Dir, changes)
	return err
}

// align has the tree's go.mod files require siblings at the versions that are laid. In
// the repository they may require any, such as v0.0.0, but what is published requires
// its siblings at their versions, so without a workspace the go command would want
// go.mod updated.
func (t *Tree) align(ctx context.Context) error {
	if _, work := t.Tree.Lookup("go.work"); work {
		return nil
	}
	changes, err := aligned(t.Dir, t.Modules)
	if err != nil || len(changes) == 0 {
		return err
	}
	t.Dir, err = t.Update(ctx, t.Dir, changes)
	return err
}

// CheckCached compares modules with what the module cache holds of them now.
// One that is not there is passed over: it will be downloaded, and checked.
func (f Fetcher) CheckCached(ctx context.Context, modules []lock.Module) error {
	var errs []error
	for _, m := range modules {
		dir, err := f.Go.ModuleDir(m.Path, m.Version)
		if err != nil {
			return err
		}
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		errs = append(errs, f.Go.CheckModule(ctx, m.Path, m.Version, m.Sum, nil))
	}
	return errors.Join(errs...)
}
