package slipway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// A packing is the packages of one platform on their way.
type packing struct {
	*workshop
	lock    lock.Lock
	to      format
	in      packaging.Input
	recipes []packaging.Recipe
	record  Packages
	built   map[string]cross.Binary // by component, what stands in dist for the platform
	helpers map[string]cross.Binary // the same for this machine's, which it can ask
	dir     string                  // where the packages come to lie
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
	components := k.components(k.recipes)
	if len(components) == 0 {
		return nil
	}
	var err error
	if k.built, err = k.binaries(ctx, job{k.in.Platform, components}); err != nil {
		return err
	}
	for _, c := range components {
		k.in.Binaries[c.Name] = filepath.Join(k.Dir, k.fork.dist("bin", k.in.Platform.Dir(), k.built[c.Name].File))
		k.record.Binaries = append(k.record.Binaries, k.built[c.Name])
	}
	k.helpers = k.built
	if k.in.Platform != k.host() {
		k.helpers, err = k.binaries(ctx, job{k.host(), components})
	}
	return err
}

// binaries sees to it that those of a job stand in dist, and returns all that do.
func (k *packing) binaries(ctx context.Context, j job) (map[string]cross.Binary, error) {
	record, _, err := k.cross(ctx, k.lock, j, false)
	out := map[string]cross.Binary{}
	for _, b := range record.Binaries {
		out[b.Component] = b
	}
	return out, err
}

// components returns those that the recipes' programs are, sorted.
func (k *packing) components(recipes []packaging.Recipe) []cross.Component {
	var programs []string
	for _, r := range recipes {
		programs = slices.AppendSeq(programs, maps.Keys(r.Programs))
	}
	return k.componentsOf(programs)
}

// componentsOf returns the components that programs are, sorted, each once.
func (k *packing) componentsOf(programs []string) []cross.Component {
	var out []cross.Component
	for _, program := range programs {
		if c, err := k.fork.Component(k.in.Component(program)); err == nil {
			out = append(out, c)
		}
	}
	byName := func(a, b cross.Component) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(out, byName)
	return slices.CompactFunc(out, func(a, b cross.Component) bool { return byName(a, b) == 0 })
}

// key stands for all that decides a package.
func (k *packing) key(r packaging.Recipe) (action.Key, error) {
	what, err := k.in.Inputs(r)
	if err != nil {
		return "", err
	}
	sums := map[string]string{}
	for program := range r.Programs {
		if b, ok := k.built[program]; ok {
			sums[program] = b.SHA256
		}
	}
	docs := map[string]string{}
	for _, program := range slices.Concat(slices.Collect(maps.Keys(r.Man)), slices.Collect(maps.Keys(r.Completions))) {
		docs[program] = k.helpers[k.in.Component(program)].SHA256
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
		if size, sum, err := k.outputs.Sum(filepath.Join(k.dir, made.File)); err == nil && size == made.Size && sum.String() == made.SHA256 {
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
	record.Packages, record.Binaries = nil, nil
	recipes, err := k.in.Select(slices.Sorted(maps.Keys(all)))
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		record.Packages = append(record.Packages, all[name])
	}
	for _, c := range k.components(recipes) {
		record.Binaries = append(record.Binaries, k.built[c.Name])
	}
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
