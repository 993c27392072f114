package slipway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/licenses"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/tarballs"
	"github.com/slipway-build/slipway/version"
)

// keywords are what Gentoo calls the architectures.
var keywords = map[string]string{
	"386": "x86", "amd64": "amd64", "arm": "arm", "arm64": "arm64", "loong64": "loong", "ppc64le": "ppc64", "riscv64": "riscv", "s390x": "s390",
}

// keptDistfiles is how many a project keeps, beside those in dist/distfiles.
const keptDistfiles = 64

// A gentoo is a fork on its way into an overlay.
type gentoo struct {
	*packing
	old   ebuilds.Tree // the overlay that it comes to
	fork  ebuilds.Fork
	built map[string]map[string]cross.Binary // by keyword
	mu    sync.Mutex                         // of what follows, and of fork.Distfiles
	made  map[string]madeDistfile            // by what is in it
}

// gentoo gathers all that an overlay has of a fork, and writes its distfiles. old
// is the overlay that it comes to.
func (w *workshop) gentoo(ctx context.Context, l lock.Lock, o ebuilds.Overlay, old ebuilds.Tree) (ebuilds.Fork, error) {
	g := &gentoo{
		packing: &packing{workshop: w, lock: l, to: format{name: "ebuild", family: packaging.Gentoo()}},
		old:     old, built: map[string]map[string]cross.Binary{}, made: map[string]madeDistfile{},
	}
	for _, step := range []func(context.Context) error{g.describe, g.build, g.distfiles} {
		if err := step(ctx); err != nil {
			return g.fork, err
		}
	}
	differs, err := g.fork.Differs(old, o)
	if err != nil {
		return g.fork, err
	}
	if differs {
		g.fork.Revision++
		if err := g.files(ctx); err != nil {
			return g.fork, err
		}
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, made := range g.made {
		group.Go(func() error { return g.place(made) })
	}
	if err := group.Wait(); err != nil {
		return g.fork, err
	}
	g.tell(g.made["files"])
	return g.fork, errors.Join(g.cache.Prune("gathered", sourceTrees), g.cache.Prune("distfiles", keptDistfiles))
}

// describe gathers what is known before anything is built.
func (g *gentoo) describe(context.Context) error {
	f := g.workshop.fork
	if _, err := g.packaged(nil); err != nil {
		return err
	}
	project, err := profiles.Gentoo(g.Dir, f.Profile)
	if err != nil {
		return err
	}
	if f.Ebuilds.Distfiles == "" {
		return fmt.Errorf("%s: ebuilds fetch files from the web: set ebuilds.distfiles to the folder that you will put them in, as https://example.org/distfiles", f.file("fork.yaml"))
	}
	if err := g.prepare(g.host()); err != nil {
		return err
	}
	vers, err := f.Parsed.Gentoo()
	if err != nil {
		return err
	}
	if g.recipes, err = g.in.Select(nil); err != nil {
		return err
	}
	if err := g.in.Check(); err != nil {
		return err
	}
	own, err := ebuilds.Licenses(map[string][]string{f.Name: {g.in.Recipes.License}}, nil)
	if err != nil {
		return err
	}
	g.fork = ebuilds.Fork{
		Profile: f.Profile, Project: project, Version: vers, Summary: project.Summary, Homepage: g.in.Recipes.Homepage, License: own,
		Year: g.in.Date.Year(), BaseURL: f.Ebuilds.Distfiles, Distfiles: map[string]ebuilds.Distfile{},
	}
	for _, p := range f.Platforms {
		if p.OS == "linux" {
			g.fork.Arches = append(g.fork.Arches, keywords[p.Arch])
		}
	}
	g.fork.Revision = g.fork.Latest(g.old)
	if len(g.fork.Arches) == 0 {
		return fmt.Errorf("%s: build.platforms has none of Linux, and ebuilds are for no other", f.file("fork.yaml"))
	}
	slices.Sort(g.fork.Arches)
	return nil
}

// build compiles for all platforms and assembles the packages.
func (g *gentoo) build(ctx context.Context) error {
	f := g.workshop.fork
	if err := g.compile(ctx); err != nil {
		return err
	}
	components := g.components(g.recipes)
	for _, p := range f.linux() {
		g.built[keywords[p.Arch]] = g.packing.built
		if p == g.host() {
			continue
		}
		built, err := g.binaries(ctx, job{p, components})
		if err != nil {
			return err
		}
		g.built[keywords[p.Arch]] = built
	}
	var err error
	if g.fork.Packages, err = g.assemble(ctx); err != nil {
		return err
	}
	in, _, err := g.input(g.lock, platform.Platform{OS: "linux", Arch: "amd64"})
	if err != nil {
		return err
	}
	g.fork.Build = ebuilds.Build{Go: g.lock.Go, GOPATH: in.GOPATH, Flags: in.Flags()}
	if g.fork.Build.Go == "" {
		g.fork.Build.Go = strings.TrimPrefix(g.goCmd.GOVERSION, "go")
	}
	for _, c := range components {
		g.fork.Build.Components = append(g.fork.Build.Components, ebuilds.Component{Name: c.Name, Main: c.Main, CGO: c.CGO})
	}
	tree, err := g.patched(ctx, g.lock)
	if err != nil {
		return err
	}
	for _, c := range g.parts(tree.Tree) {
		g.fork.Build.Components = append(g.fork.Build.Components, ebuilds.Component{Name: c.Name, Main: c.Main, CGO: c.CGO, Part: g.in.Component(c.Name)})
	}
	return nil
}

// parts returns the components that the fork builds as parts of one of many
// programs, sorted. An ebuild can compile each by itself.
func (g *gentoo) parts(tree filetree.Tree) []cross.Component {
	var out []cross.Component
	for _, r := range g.recipes {
		for program := range r.Programs {
			c, err := g.workshop.fork.Component(program)
			if err == nil && g.in.Component(program) != program && len(tree.Below(c.Main)) > 0 {
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, func(a, b cross.Component) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(out, func(a, b cross.Component) bool { return a.Name == b.Name })
}

// distfiles writes what the ebuilds fetch to dist/distfiles.
func (g *gentoo) distfiles(ctx context.Context) error {
	f := g.workshop.fork
	up, err := readTree(g.upstreamDir())
	if err != nil {
		return err
	}
	series, err := g.series(ctx)
	if err != nil {
		return err
	}
	upstream, err := version.Parse(f.Parsed.Upstream())
	if err != nil {
		return err
	}
	base, err := upstream.Gentoo()
	if err != nil {
		return err
	}
	for i, p := range series {
		name := path.Base(p.Name)
		if mail, ok := p.Mail(); ok && isCommit(p) {
			name = patches.FileName(i+1, mail.Subject)
		}
		diffs, err := patches.Parse(p)
		if err != nil {
			return err
		}
		git := slices.ContainsFunc(diffs, func(d patches.FileDiff) bool { return !d.Plain() })
		g.fork.Series = append(g.fork.Series, ebuilds.Patch{Name: name, Strip: p.Strip, Data: p.Data, Git: git})
	}
	if err := g.sums(ctx, up, series); err != nil {
		return err
	}
	var group errgroup.Group // without a context of its own: what is damaged is made again later
	group.SetLimit(runtime.GOMAXPROCS(0))
	group.Go(func() error {
		root := g.fork.Project.Name + "-" + base
		return g.distfile("source", root+".tar.xz", up.Tree.Digest(), func(name string) error {
			return tarballs.Write(ctx, name, root, up.Dir, g.in.Date)
		})
	})
	group.Go(func() error { return g.dependencies(ctx) })
	for _, arch := range g.fork.Arches {
		group.Go(func() error { return g.programs(ctx, arch) })
	}
	if data := g.fork.TooLarge(); data != nil {
		group.Go(func() error { return g.texts(ctx, "patches", g.fork.P()+"-patches.tar.xz", data) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return g.files(ctx)
}

// files writes the distfile with all that is not compiled, which every revision
// has its own of.
func (g *gentoo) files(ctx context.Context) error {
	data, err := g.fork.Unpacked()
	if err != nil {
		return err
	}
	return g.texts(ctx, "files", g.fork.PF()+"-files.tar.xz", data)
}

func goArch(keyword string) string {
	for arch, k := range keywords {
		if k == keyword {
			return arch
		}
	}
	return keyword
}

// sums notes what the files come to that the series changes.
func (g *gentoo) sums(ctx context.Context, up source.Tree, series []patches.Patch) error {
	applied, err := g.apply(up, series)
	if err != nil {
		return err
	}
	changes, err := g.changes(ctx, up, series)
	if err != nil {
		return err
	}
	g.fork.Touched, g.fork.Edits = map[string]string{}, map[string][]byte{}
	for _, c := range changes {
		same := func(a filetree.Change) bool { return a.Path == c.Path && bytes.Equal(a.Content, c.Content) }
		if !c.Deleted && !slices.ContainsFunc(applied, same) {
			g.fork.Edits[c.Path] = c.Content
		}
		if c.Deleted || c.Mode == filetree.Link {
			continue
		}
		sum := sha256.Sum256(c.Content)
		g.fork.Touched[c.Path] = hex.EncodeToString(sum[:])
	}
	return nil
}

// dependencies gathers the modules that are linked, and the licenses of what is.
func (g *gentoo) dependencies(ctx context.Context) error {
	tree, err := g.patched(ctx, g.lock)
	if err != nil {
		return err
	}
	if g.fork.Build.GOPATH != "" {
		return nil
	}
	builder := cross.Builder{Go: g.goCmd, Events: g.Events}
	components := append(g.components(g.recipes), g.parts(tree.Tree)...)
	in, _, err := g.input(g.lock, g.host())
	if err != nil {
		return err
	}
	key := action.NewKey("deps", ebuilds.Revision, []any{g.lock.Tree, components, in.Tags, g.fork.Arches})
	dir, _, err := g.cache.Do("gathered", key, func(dst string) error {
		g.Events.Emit(event.Event{Kind: event.Started, Stage: "modules"})
		cache := filepath.Join(dst, "go-mod")
		var packages []cross.Package
		for _, arch := range g.fork.Arches {
			in.Platform = platform.Platform{OS: "linux", Arch: goArch(arch)}
			some, err := builder.Gather(ctx, in, tree, components, cache)
			if err != nil {
				return err
			}
			packages = append(packages, some...)
		}
		found, err := licensed(packages)
		if err != nil {
			return err
		}
		data, err := json.Marshal(found)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dst, "licenses.json"), data, 0o644)
	})
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(dir, "licenses.json"))
	if err != nil {
		return err
	}
	var found map[string][]string
	if err := json.Unmarshal(data, &found); err != nil {
		return err
	}
	if g.fork.Linked, err = ebuilds.Licenses(found, g.fork.License); err != nil {
		return err
	}
	return g.distfile("deps", g.fork.P()+"-deps.tar.xz", string(key), func(name string) error {
		modules, err := filetree.Scan(ctx, filepath.Join(dir, "go-mod"))
		if err != nil {
			return err
		}
		return tarballs.Write(ctx, name, "go-mod", modules, g.in.Date)
	})
}

// licensed returns the licenses of modules, as SPDX names them.
func licensed(packages []cross.Package) (map[string][]string, error) {
	detector, err := licenses.NewDetector()
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, p := range packages {
		found, err := detector.Of(p.Root, p.Dir)
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", p.Module, err)
		}
		out[p.Module] = append(out[p.Module], found...)
	}
	for module := range out {
		slices.Sort(out[module])
		out[module] = slices.Compact(out[module])
	}
	return out, nil
}
