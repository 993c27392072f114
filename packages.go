package slipway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/deb"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/rpm"
)

// A PackageRequest says which packages to make.
type PackageRequest struct {
	Fork      string   // empty: the project's default
	Packages  []string // empty: all that the fork comes to
	Platforms []string // as of a CrossRequest
}

// A Packages is packages.json: the packages that lie beside it.
type Packages struct {
	Fork     string         `json:"fork"`
	Version  string         `json:"version"`
	Platform string         `json:"platform"`
	Packages []MadePackage  `json:"packages"` // sorted by name
	Binaries []cross.Binary `json:"binaries"` // that are in them
}

// A MadePackage is one package, written.
type MadePackage struct {
	Name   string     `json:"name"`
	File   string     `json:"file"`
	Size   int64      `json:"size"` // bytes
	SHA256 string     `json:"sha256"`
	Inputs action.Key `json:"inputs"` // stands for all that decided its bytes
}

// A format writes packages.
type format struct {
	name     string // of the stage, and of the folder in dist/FORK
	revision int
	family   packaging.Family
	write    func(p packaging.Package, w io.Writer, scratch string) (file string, err error)
}

// Deb makes Debian packages in dist/FORK/deb, and the binaries that they need.
func (p *Project) Deb(ctx context.Context, r PackageRequest) ([]Packages, error) {
	return p.packages(ctx, r, format{"deb", deb.Revision, packaging.Debian(), deb.Write})
}

// RPM makes Fedora's packages in dist/FORK/rpm, and the binaries that they need.
func (p *Project) RPM(ctx context.Context, r PackageRequest) ([]Packages, error) {
	return p.packages(ctx, r, format{"rpm", rpm.Revision, packaging.Fedora(), rpm.Write})
}

func (p *Project) packages(ctx context.Context, r PackageRequest, to format) ([]Packages, error) {
	f, err := p.Fork(r.Fork)
	if err != nil {
		return nil, err
	}
	l, err := p.readLock(f)
	if err != nil {
		return nil, err
	}
	w, leave, err := p.enter(ctx, f)
	if err != nil {
		return nil, err
	}
	defer leave()
	if w.goCmd, err = w.goCmd.At(ctx, f.Build.Toolchain, l.Go, p.Dir); err != nil {
		return nil, err
	}
	platforms, err := w.packaged(r.Platforms)
	if err != nil {
		return nil, err
	}
	w.announce()
	var out []Packages
	for _, platform := range platforms {
		made, err := w.pack(ctx, l, to, platform, r.Packages)
		if err != nil {
			return nil, p.advise(p.relative(err))
		}
		out = append(out, made)
	}
	return out, nil
}

// packaged returns the platforms to make packages for.
func (w *workshop) packaged(names []string) ([]platform.Platform, error) {
	if w.goCmd.GOHOSTOS != "linux" {
		return nil, errors.New("packages have manual pages and completions that the programs write themselves: make them on Linux")
	}
	if len(names) == 0 {
		return []platform.Platform{w.host()}, nil
	}
	if slices.Equal(names, []string{"all"}) {
		names = slices.DeleteFunc(slices.Clone(w.fork.Build.Platforms), func(p string) bool { return !strings.HasPrefix(p, "linux/") })
	}
	platforms, err := platform.ParseList(names)
	for _, p := range platforms {
		if p.OS != "linux" {
			return nil, fmt.Errorf("there are no packages for %s: they are for Linux", p)
		}
	}
	return platforms, err
}

func (w *workshop) host() platform.Platform {
	return platform.Platform{OS: w.goCmd.GOHOSTOS, Arch: w.goCmd.GOHOSTARCH}
}

// A packing is the packages of one platform on their way.
type packing struct {
	*workshop
	lock    lock.Lock
	to      format
	in      packaging.Input
	recipes []packaging.Recipe
	record  Packages
	helpers map[string]string // by component, the sum of the binary that this machine can ask
	dir     string            // where the packages come to lie
}

// pack sees to it that the packages of one platform lie in dist.
func (w *workshop) pack(ctx context.Context, l lock.Lock, to format, p platform.Platform, names []string) (Packages, error) {
	k := &packing{workshop: w, lock: l, to: to, dir: filepath.Join(w.Dir, w.fork.dist(to.name, p.Dir())),
		record: Packages{Fork: w.fork.ID, Version: w.fork.Version, Platform: p.String()}}
	if err := k.prepare(p); err != nil {
		return k.record, err
	}
	var err error
	if k.recipes, err = k.in.Select(names); err != nil {
		return k.record, err
	}
	if err := k.in.Check(); err != nil {
		return k.record, err
	}
	if err := k.compile(ctx); err != nil {
		return k.record, err
	}
	kept := k.standing()
	var missing []string
	for _, r := range k.recipes {
		if _, ok := kept[r.Name]; !ok {
			missing = append(missing, r.Name)
		}
	}
	w.Events.Emit(event.Event{Kind: event.Started, Stage: to.name, Subject: p.String()})
	if len(missing) > 0 {
		if err := k.make(ctx, missing, kept); err != nil {
			return k.record, err
		}
	} else {
		k.record.Packages = k.of(kept)
	}
	w.Events.Emit(event.Event{Kind: event.Finished, Stage: to.name, Subject: p.String(), Detail: text.Count(len(k.recipes), "package"), Kept: len(missing) == 0})
	for _, made := range k.record.Packages {
		_, was := kept[made.Name]
		w.Events.Emit(event.Event{Kind: event.Artifact, Component: made.Name, Platform: p.String(), Kept: was,
			Path: w.fork.dist(to.name, p.Dir(), made.File), Size: made.Size, SHA256: made.SHA256})
	}
	return k.record, nil
}

// prepare gathers what is known before anything is built.
func (k *packing) prepare(p platform.Platform) error {
	recipes, sources, err := profiles.Recipes(k.Dir, k.fork.Profile)
	if err != nil {
		return err
	}
	date, err := k.date(k.lock.Time)
	if err != nil {
		return err
	}
	var programs []string
	for _, c := range k.fork.Defaults {
		if p.In(c.Platforms) {
			programs = append(programs, c.Name)
		}
	}
	k.in = packaging.Input{
		Family: k.to.family, Recipes: recipes, Settings: k.fork.Packages, Version: k.fork.Parsed, Platform: p, Date: date,
		Programs: programs, Binaries: map[string]string{}, Docs: map[string]packaging.Doc{},
		Sources: sources, UserDir: k.fork.file("files"),
	}
	if own := filepath.Join(k.Dir, k.in.UserDir); exists(own) {
		k.in.User = os.DirFS(own)
	}
	return nil
}

// compile sees to it that the binaries are there: those that go into the
// packages, and those that this machine can run for what they tell of
// themselves.
func (k *packing) compile(ctx context.Context) error {
	components := k.components()
	if len(components) == 0 {
		return nil
	}
	record, _, err := k.cross(ctx, k.lock, job{k.in.Platform, components}, false)
	if err != nil {
		return err
	}
	for _, b := range record.Binaries {
		if slices.ContainsFunc(components, func(c cross.Component) bool { return c.Name == b.Component }) {
			k.in.Binaries[b.Component] = filepath.Join(k.Dir, k.fork.dist("bin", k.in.Platform.Dir(), b.File))
			k.record.Binaries = append(k.record.Binaries, b)
		}
	}
	if k.in.Platform != k.host() {
		if record, _, err = k.cross(ctx, k.lock, job{k.host(), components}, false); err != nil {
			return err
		}
	}
	k.helpers = map[string]string{}
	for _, b := range record.Binaries {
		k.helpers[b.Component] = b.SHA256
	}
	return nil
}

// components returns those that the recipes' programs are, sorted.
func (k *packing) components() []cross.Component {
	var out []cross.Component
	for _, r := range k.recipes {
		for program := range r.Programs {
			c, err := k.fork.Component(k.in.Component(program))
			if err == nil && !slices.ContainsFunc(out, func(o cross.Component) bool { return o.Name == c.Name }) {
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, func(a, b cross.Component) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// key stands for all that decides a package.
func (k *packing) key(r packaging.Recipe) (action.Key, error) {
	what, err := k.in.Inputs(r)
	if err != nil {
		return "", err
	}
	sums := map[string]string{}
	for _, b := range k.record.Binaries {
		if _, ok := r.Programs[b.Component]; ok {
			sums[b.Component] = b.SHA256
		}
	}
	docs := map[string]string{}
	for _, program := range slices.Concat(slices.Collect(maps.Keys(r.Man)), slices.Collect(maps.Keys(r.Completions))) {
		docs[program] = k.helpers[k.in.Component(program)]
	}
	return action.NewKey(k.to.name, k.to.revision, struct {
		What     any
		Lock     string
		Binaries map[string]string
		Docs     map[string]string
	}{what, string(k.lock.Encode()), sums, docs}), nil
}

// standing returns the packages in dist, by name, that are what would be made
// now.
func (k *packing) standing() map[string]MadePackage {
	kept := map[string]MadePackage{}
	data, err := os.ReadFile(filepath.Join(k.dir, "packages.json"))
	var old Packages
	if err != nil || json.Unmarshal(data, &old) != nil {
		return kept
	}
	all, err := k.in.Select(nil)
	if err != nil {
		return kept
	}
	for _, made := range old.Packages {
		i := slices.IndexFunc(all, func(r packaging.Recipe) bool { return r.Name == made.Name })
		if i < 0 || filepath.Base(made.File) != made.File {
			continue
		}
		if key, err := k.key(all[i]); err != nil || key != made.Inputs {
			continue
		}
		if size, sum, err := cross.Sum(filepath.Join(k.dir, made.File)); err == nil && size == made.Size && sum == made.SHA256 {
			kept[made.Name] = made
		}
	}
	return kept
}

// of returns the packages that were asked for.
func (k *packing) of(made map[string]MadePackage) []MadePackage {
	var out []MadePackage
	for _, r := range k.recipes {
		out = append(out, made[r.Name])
	}
	slices.SortFunc(out, func(a, b MadePackage) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// make writes the missing packages, and puts them and those that are kept into
// their place in one step.
func (k *packing) make(ctx context.Context, missing []string, kept map[string]MadePackage) error {
	packages, err := k.assemble(ctx)
	if err != nil {
		return err
	}
	scratch, err := k.cache.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	whole := filepath.Join(scratch, "whole")
	if err := errors.Join(os.MkdirAll(whole, 0o755), os.MkdirAll(filepath.Dir(k.dir), 0o755)); err != nil {
		return err
	}
	made := make([]MadePackage, len(packages))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range packages {
		if !slices.Contains(missing, p.Name) {
			continue
		}
		group.Go(func() error {
			if err := groupCtx.Err(); err != nil {
				return err
			}
			var err error
			made[i], err = k.write(p, scratch, whole)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	all := map[string]MadePackage{}
	for name, old := range kept {
		if err := filetree.LinkOrCopy(filepath.Join(k.dir, old.File), filepath.Join(whole, old.File), filetree.Regular); err != nil {
			return err
		}
		all[name] = old
	}
	for _, m := range made {
		if m.Name != "" {
			all[m.Name] = m
		}
	}
	k.record.Packages = k.of(all)
	return k.place(all, whole, scratch)
}

// write writes one package.
func (k *packing) write(p packaging.Package, scratch, dst string) (MadePackage, error) {
	own := filepath.Join(scratch, p.Name)
	if err := os.Mkdir(own, 0o755); err != nil {
		return MadePackage{}, err
	}
	at := filepath.Join(own, "package")
	f, err := os.Create(at)
	if err != nil {
		return MadePackage{}, err
	}
	file, err := k.to.write(p, f, own)
	if err = errors.Join(err, f.Close()); err != nil {
		return MadePackage{}, err
	}
	made := MadePackage{Name: p.Name, File: file}
	if made.Size, made.SHA256, err = cross.Sum(at); err != nil {
		return made, err
	}
	i := slices.IndexFunc(k.recipes, func(r packaging.Recipe) bool { return r.Name == p.Name })
	if made.Inputs, err = k.key(k.recipes[i]); err != nil {
		return made, err
	}
	return made, os.Rename(at, filepath.Join(dst, file))
}

// place writes the record and puts the folder into its place.
func (k *packing) place(all map[string]MadePackage, whole, scratch string) error {
	record := k.record
	record.Packages = nil
	for _, m := range all {
		record.Packages = append(record.Packages, m)
	}
	slices.SortFunc(record.Packages, func(a, b MadePackage) int { return strings.Compare(a.Name, b.Name) })
	data, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(whole, "packages.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	return swap(whole, k.dir, filepath.Join(scratch, "old"))
}

// assemble puts the packages together.
func (k *packing) assemble(ctx context.Context) ([]packaging.Package, error) {
	tree, err := k.patched(ctx, k.lock)
	if err != nil {
		return nil, err
	}
	k.in.Tree = func(name string) ([]byte, error) {
		if _, ok := tree.Tree.Lookup(name); !ok {
			return nil, &fs.PathError{Op: "reading", Path: name + " of the patched tree", Err: fs.ErrNotExist}
		}
		return tree.ReadFile(name)
	}
	series, err := k.series(ctx)
	if err != nil {
		return nil, err
	}
	k.in.Changes = []string{fmt.Sprintf("%s, from %s.", k.fork.Version, k.fork.Upstream)}
	for _, p := range series {
		subject := p.Name
		if mail, ok := p.Mail(); ok {
			subject = mail.Subject
		}
		k.in.Changes = append(k.in.Changes, subject)
	}
	if err := k.document(ctx); err != nil {
		return nil, err
	}
	return k.in.Assemble(k.recipes, k.private())
}

// private returns the folders of this machine that nothing in a package should
// name. One as short as /src may be meant otherwise.
func (k *packing) private() []string {
	var out []string
	for _, dir := range []string{k.Dir, k.goCmd.GOMODCACHE, k.goCmd.GOCACHE} {
		if strings.Count(dir, "/") > 1 {
			out = append(out, dir)
		}
	}
	return out
}
