package overlay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/platform"
)

// inputs are what an overlay has of a fork, made.
type inputs struct {
	binaries map[platform.Platform]build.Binaries
	packages []packaging.Package
	trees    build.Trees
	series   []ebuilds.Patch
	changes  build.Changes
	build    ebuilds.Build
	modules  modules
}

func gather(ctx context.Context, s *build.Session, p plan) (inputs, error) {
	var in inputs
	var err error
	if in.binaries, err = compile(ctx, s, p); err != nil {
		return in, err
	}
	host := in.binaries[s.Host()]
	if in.packages, err = s.Packages(ctx, p.input, p.recipes, host, host); err != nil {
		return in, err
	}
	if in.trees, err = s.Trees(ctx); err != nil {
		return in, err
	}
	parts := parts(s.Fork(), p, in.trees.Patched.Tree)
	if in.build, err = sourceBuild(s, p, parts, in.trees.Patched); err != nil {
		return in, err
	}
	series, err := s.Series(ctx)
	if err != nil {
		return in, err
	}
	if in.series, err = patchFiles(series.Effective()); err != nil {
		return in, err
	}
	if in.changes, err = s.Changes(ctx, in.trees.Upstream, series.Patches); err != nil {
		return in, err
	}
	in.modules, err = gatherModules(ctx, s, p, in.trees.Patched, slices.Concat(p.components, parts))
	return in, err
}

// compile compiles the components for this machine, which asks them for their help,
// and for all targets.
func compile(ctx context.Context, s *build.Session, p plan) (map[platform.Platform]build.Binaries, error) {
	out := map[platform.Platform]build.Binaries{}
	for _, j := range jobs(s, p) {
		built, err := s.Binaries(ctx, j)
		if err != nil {
			return nil, err
		}
		out[j.Platform] = built.Only(p.components) // whatever else an earlier run built
	}
	return out, nil
}

// jobs are what is compiled for an overlay: for this machine, and for each target.
func jobs(s *build.Session, p plan) []fork.Job {
	if len(p.components) == 0 {
		return nil
	}
	var out []fork.Job
	for _, t := range slices.Concat([]target{{platform: s.Host()}}, p.targets) {
		if !slices.ContainsFunc(out, func(j fork.Job) bool { return j.Platform == t.platform }) {
			out = append(out, fork.Job{Platform: t.platform, Components: p.components})
		}
	}
	return out
}

// parts returns the components that the fork builds as parts of a multi-name
// program, sorted. An ebuild can compile each by itself.
func parts(f fork.Fork, p plan, patched filetree.Tree) []cross.Component {
	var out []cross.Component
	for _, program := range build.Programs(p.recipes) {
		c, err := f.Component(program)
		if err == nil && p.input.Component(program) != program && len(patched.Below(c.Main)) > 0 {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b cross.Component) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(out, func(a, b cross.Component) bool { return a.Name == b.Name })
}

// sourceBuild returns how an ebuild compiles the fork. Stamps are the same on all
// platforms, so the flags of one are those of all.
func sourceBuild(s *build.Session, p plan, parts []cross.Component, patched filetree.Dir) (ebuilds.Build, error) {
	in, _, err := s.Input(platform.Platform{OS: "linux", Arch: "amd64"})
	if err != nil {
		return ebuilds.Build{}, err
	}
	compiled, err := components(p.components, parts, p.input.Component,
		func(c cross.Component) (cross.Target, error) { return in.Target(patched, c) })
	if err != nil {
		return ebuilds.Build{}, err
	}
	levels := s.Fork().Build.Levels()
	var env []string
	for _, t := range p.targets {
		env = append(env, cross.Input{Platform: t.platform, Level: levels[t.platform.Arch]}.Environment()...)
	}
	slices.Sort(env)
	// Gentoo's GOFLAGS only say what the go command prints, and how many processes it starts.
	env = slices.DeleteFunc(slices.Compact(env), func(pair string) bool { return strings.HasPrefix(pair, "GOFLAGS=") })
	return ebuilds.Build{
		Go: goRelease(s.Lock().Go, s.Go().GOVERSION), GOPATH: in.GOPATH, Flags: in.Flags(), Env: env,
		Components: compiled,
	}, nil
}

// goRelease returns the Go release that the fork's lock names, or else that of the
// go command.
func goRelease(locked, goVersion string) string {
	if locked != "" {
		return locked
	}
	return strings.TrimPrefix(goVersion, "go")
}

// components returns the components that an ebuild compiles: the whole ones, and
// those that are parts of what partOf names.
func components(
	whole, parts []cross.Component, partOf func(program string) string,
	targetOf func(cross.Component) (cross.Target, error),
) ([]ebuilds.Component, error) {
	var out []ebuilds.Component
	for _, c := range slices.Concat(whole, parts) {
		t, err := targetOf(c)
		if err != nil {
			return nil, err
		}
		e := ebuilds.Component{Name: c.Name, Main: t.Main, Mod: t.Mod, CGO: c.CGO}
		if t.Dir != "." {
			e.Dir = t.Dir
		}
		if len(out) >= len(whole) {
			e.Part = partOf(c.Name)
		}
		out = append(out, e)
	}
	return out, nil
}

// patchFiles returns a series as an ebuild applies it. A carried commit gets the
// name of a patch file.
func patchFiles(series []patches.Patch) ([]ebuilds.Patch, error) {
	var out []ebuilds.Patch
	for i, p := range series {
		if mail, ok := p.Mail(); ok && build.IsCommit(p) {
			p.Name = patches.FileName(i+1, mail.Subject)
		}
		files, err := p.Portable()
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			diffs, err := patches.Parse(f)
			if err != nil {
				return nil, err
			}
			git := slices.ContainsFunc(diffs, func(d patches.FileDiff) bool { return !d.Plain() })
			out = append(out, ebuilds.Patch{Name: f.Name, Strip: f.Strip, Data: f.Data, Git: git})
		}
	}
	namePatches(out)
	return out, nil
}

// unfit are the characters that names in an overlay do not have.
var unfit = regexp.MustCompile(`[^A-Za-z0-9._+-]+`)

// namePatches names patches as the files of one folder. A patch keeps the name that
// it has in its own folder, unless another has it, too: then it is named after the
// folder as well, and after its place in the series if that is not enough. Some
// file systems take names for the same that differ in case.
func namePatches(list []ebuilds.Patch) {
	paths := make([]string, len(list))
	for i, p := range list {
		paths[i] = p.Name
	}
	spellings := []func(i int) string{
		func(i int) string { return path.Base(paths[i]) },
		func(i int) string { return paths[i] },
		func(i int) string { return fmt.Sprintf("%d-%s", i+1, paths[i]) },
	}
	used := make([]int, len(list)) // the spelling of each
	for again := true; again; {
		again = false
		by := map[string][]int{}
		for i := range list {
			list[i].Name = unfit.ReplaceAllString(spellings[used[i]](i), "-")
			key := strings.ToLower(list[i].Name)
			by[key] = append(by[key], i)
		}
		for _, same := range by {
			for _, i := range same {
				if len(same) > 1 && used[i]+1 < len(spellings) {
					used[i], again = used[i]+1, true
				}
			}
		}
	}
}

// edits returns the files that a fork changes after its series.
func edits(c build.Changes) map[string][]byte {
	out := map[string][]byte{}
	for _, change := range c.All {
		same := func(a filetree.Change) bool {
			return a.Path == change.Path && bytes.Equal(a.Content, change.Content)
		}
		if !change.Deleted && !slices.ContainsFunc(c.Series, same) {
			out[change.Path] = change.Content
		}
	}
	return out
}

// touched returns the SHA-256 of the files that a fork makes or changes.
func touched(c build.Changes) map[string]string {
	out := map[string]string{}
	for _, change := range c.All {
		if !change.Deleted && change.Mode != filetree.Link {
			sum := sha256.Sum256(change.Content)
			out[change.Path] = hex.EncodeToString(sum[:])
		}
	}
	return out
}

// compose returns a fork as an overlay has it, without its distfiles.
func compose(p plan, in inputs) ebuilds.Fork {
	f := p.fork
	f.Packages, f.Series, f.Build, f.Linked = in.packages, in.series, in.build, in.modules.licenses
	f.Edits, f.Touched = edits(in.changes), touched(in.changes)
	return f
}
