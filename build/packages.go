package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// PackageInput returns what the fork's packages for a family of distributions and
// a platform are assembled from, as far as it is known before anything is built.
func (s *Session) PackageInput(family packaging.Family, p platform.Platform) (packaging.Input, error) {
	in, err := PackageInput(s.fork, family, p)
	if err != nil {
		return in, err
	}
	if in.Closes, err = Closes(s.fork); err != nil {
		return in, err
	}
	in.Date, err = s.stamped()
	return in, err
}

// PackageInput is Session.PackageInput for any fork, without a date.
func PackageInput(f fork.Fork, family packaging.Family, p platform.Platform) (packaging.Input, error) {
	recipes, sources, err := profiles.Recipes(f.Project.Dir, f.Profile, f.Parsed)
	if err != nil {
		return packaging.Input{}, err
	}
	in := packaging.Input{
		Family: family, Recipes: recipes, Settings: f.Packages, Version: f.Parsed, Platform: p, Sources: sources,
	}
	for _, c := range f.Defaults {
		if p.In(c.Platforms) {
			in.Programs = append(in.Programs, c.Name)
		}
	}
	if in.Images, err = containable(f, in); err != nil {
		return packaging.Input{}, err
	}
	dir, ok := f.UserFiles()
	if in.UserDir = dir; ok {
		in.User = os.DirFS(f.Project.Path(dir))
	}
	return in, nil
}

// PackagePlatforms returns the platforms with these names. The one name all means
// those of fork.yaml that are Linux; no name means this machine's.
func (s *Session) PackagePlatforms(names []string) ([]platform.Platform, error) {
	if s.Host().OS != "linux" {
		return nil, errors.New("packages have manual pages and completions that the programs print: " +
			"make the packages on Linux")
	}
	if len(names) == 0 {
		return []platform.Platform{s.Host()}, nil
	}
	if slices.Equal(names, []string{"all"}) {
		names = slices.DeleteFunc(slices.Clone(s.fork.Build.Platforms), func(p string) bool {
			return !strings.HasPrefix(p, "linux/")
		})
	}
	platforms, err := platform.ParseList(names)
	for _, p := range platforms {
		if p.OS != "linux" {
			return nil, fmt.Errorf("packages are for Linux, not for %s", p)
		}
	}
	return platforms, err
}

// Components returns the components that build programs of packages, sorted, each
// once.
func (s *Session) Components(in packaging.Input, programs []string) []cross.Component {
	return Components(s.fork, in, programs)
}

// Components returns the components of a fork that build programs of packages,
// sorted, each once.
func Components(f fork.Fork, in packaging.Input, programs []string) []cross.Component {
	var out []cross.Component
	for _, program := range programs {
		if c, err := f.Component(in.Component(program)); err == nil {
			out = append(out, c)
		}
	}
	byName := func(a, b cross.Component) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(out, byName)
	return slices.CompactFunc(out, func(a, b cross.Component) bool { return byName(a, b) == 0 })
}

// Programs returns the programs of recipes.
func Programs(recipes []packaging.Recipe) []string {
	var out []string
	for _, r := range recipes {
		for program := range r.Programs {
			out = append(out, program)
		}
	}
	return out
}

// Packages assembles packages of recipes that in.Select returned. built has the
// programs that go into them, host the same programs of this machine's platform,
// which are asked for their help.
func (s *Session) Packages(
	ctx context.Context, in packaging.Input, recipes []packaging.Recipe, built, host Binaries,
) ([]packaging.Package, error) {
	tree, err := s.Patched(ctx)
	if err != nil {
		return nil, err
	}
	in.Tree = func(name string) ([]byte, error) {
		if _, ok := tree.Tree.Lookup(name); !ok {
			return nil, &fs.PathError{Op: "reading", Path: name + " of the patched tree", Err: fs.ErrNotExist}
		}
		return tree.ReadFile(name)
	}
	in.Image = func(name string) ([]byte, error) { return s.Image(ctx, name, in.Platform) }
	in.Binaries = map[string]string{}
	for _, b := range built.All {
		in.Binaries[b.Component] = built.Path(b.Component)
	}
	if in.Changes, in.Closes, err = s.changelog(ctx); err != nil {
		return nil, err
	}
	if in.Docs, err = s.documents(ctx, in, recipes, host); err != nil {
		return nil, err
	}
	return in.Assemble(recipes, s.searchPrivate(ctx))
}

// changelog returns what the fork's version changes, a line each, and the
// vulnerabilities that this fixes, sorted.
func (s *Session) changelog(ctx context.Context) (changes, fixes []string, err error) {
	series, err := s.Series(ctx)
	if err != nil {
		return nil, nil, err
	}
	heads, err := readHeads(s.fork, series.Effective())
	if err != nil {
		return nil, nil, err
	}
	changes = []string{fmt.Sprintf("%s, from %s.", s.fork.Version, s.fork.Upstream)}
	for _, h := range heads {
		changes = append(changes, change(h.Title, h.CVEs))
	}
	return changes, closes(heads), nil
}
