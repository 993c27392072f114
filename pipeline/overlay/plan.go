package overlay

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/version"
)

// keywords are what Gentoo calls the architectures.
var keywords = map[string]string{
	"386": "x86", "amd64": "amd64", "arm": "arm", "arm64": "arm64",
	"loong64": "loong", "ppc64le": "ppc64", "riscv64": "riscv", "s390x": "s390",
}

// A plan is what an overlay will have of a fork, before anything is built.
type plan struct {
	input      packaging.Input
	recipes    []packaging.Recipe
	components []cross.Component // that the recipes' programs are
	targets    []target          // in the order of fork.yaml
	upstream   string            // the upstream's version, as Gentoo writes it
	source     string            // the digest of the upstream's tree
	known      []packaging.Package
	fork       ebuilds.Fork // as far as it is known
}

// A target is a platform that ebuilds are for.
type target struct {
	platform platform.Platform
	keyword  string // Gentoo's name of the architecture
}

// newPlans returns the overlay that the sessions' forks share, without them, and a
// plan of each. old is the overlay in dist.
func newPlans(sessions []*build.Session, r Request, old ebuilds.Tree) (ebuilds.Overlay, []plan, error) {
	forks := make([]fork.Fork, len(sessions))
	for i, s := range sessions {
		forks[i] = s.Fork()
	}
	o, err := newOverlay(forks)
	if err != nil {
		return o, nil, err
	}
	others, err := leftOut(forks)
	if err != nil {
		return o, nil, err
	}
	for _, other := range others {
		o.Others = append(o.Others, other.atom()+"-"+other.version)
	}
	plans := make([]plan, len(sessions))
	for i, s := range sessions {
		if plans[i], err = newPlan(s, r, old); err != nil {
			return o, nil, err
		}
	}
	return o, plans, collisions(sessions, plans, others)
}

func newPlan(s *build.Session, r Request, old ebuilds.Tree) (plan, error) {
	var p plan
	f := s.Fork()
	if _, err := s.PackagePlatforms(nil); err != nil {
		return p, err
	}
	project, err := profiles.Gentoo(f.Project.Dir, f.Profile)
	if err != nil {
		return p, err
	}
	if f.Ebuilds.Distfiles == "" {
		return p, fmt.Errorf("%s: ebuilds fetch files from the web: "+
			"set ebuilds.distfiles to the folder that you will put them in, such as https://example.org/distfiles",
			f.File("fork.yaml"))
	}
	if p.input, err = s.PackageInput(packaging.Gentoo(), s.Host()); err != nil {
		return p, err
	}
	if p.fork, err = known(f, project, p.input); err != nil {
		return p, err
	}
	if p.recipes, err = p.input.Select(nil); err != nil {
		return p, err
	}
	if err := p.input.Check(); err != nil {
		return p, err
	}
	if p.known, err = knownPackages(p.input, p.recipes); err != nil {
		return p, err
	}
	p.source = s.Lock().Source
	p.components = s.Components(p.input, build.Programs(p.recipes))
	if p.targets, err = targets(f, r.Platforms); err != nil {
		return p, err
	}
	if p.upstream, err = upstreamVersion(f); err != nil {
		return p, err
	}
	p.fork.Arches, p.fork.Revision = arches(p.targets), p.fork.Latest(old)
	return p, nil
}

// knownPackages returns what is known of the packages before anything is built, if
// their services can run under OpenRC.
func knownPackages(in packaging.Input, recipes []packaging.Recipe) ([]packaging.Package, error) {
	var out []packaging.Package
	var errs []error
	for _, r := range recipes {
		p, err := in.Known(r)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
		if err := ebuilds.Check(p); err != nil {
			errs = append(errs, fmt.Errorf("package %s: %w", p.Name, err))
		}
	}
	return out, errors.Join(errs...)
}

// known returns what fork.yaml and the profile say of a fork.
func known(f fork.Fork, project ebuilds.Project, in packaging.Input) (ebuilds.Fork, error) {
	out := ebuilds.Fork{
		Profile: f.Profile, Summary: project.Summary, Homepage: in.Recipes.Homepage,
		Year: in.Date.Year(), Copyright: f.Ebuilds.Copyright, Notice: f.Ebuilds.Notice,
		PIE: f.Ebuilds.PIE != nil && *f.Ebuilds.PIE, BaseURL: f.Ebuilds.Distfiles,
	}
	upstream, err := version.Parse(f.Parsed.Upstream())
	if err != nil {
		return out, err
	}
	out.Project = project.At(upstream)
	if out.Version, err = f.Parsed.Gentoo(); err != nil {
		return out, err
	}
	out.License, err = ebuilds.Licenses(map[string][]string{f.Name: {in.Recipes.License}}, nil)
	return out, err
}

// targets returns the platforms of a fork that are Linux; if some are named, only those.
func targets(f fork.Fork, only []string) ([]target, error) {
	linux, err := f.Linux("ebuilds are")
	var out []target
	for _, p := range linux {
		if len(only) == 0 || slices.Contains(only, p.String()) {
			out = append(out, target{p, keywords[p.Arch]})
		}
	}
	return out, err
}

// byKeyword returns targets sorted by their keywords.
func byKeyword(list []target) []target {
	return slices.SortedFunc(slices.Values(list), func(a, b target) int { return cmp.Compare(a.keyword, b.keyword) })
}

// arches returns the keywords of targets, sorted.
func arches(list []target) []string {
	var out []string
	for _, t := range byKeyword(list) {
		out = append(out, t.keyword)
	}
	return out
}

// upstreamVersion returns the version of a fork's upstream, as Gentoo writes it.
func upstreamVersion(f fork.Fork) (string, error) {
	v, err := version.Parse(f.Parsed.Upstream())
	if err != nil {
		return "", err
	}
	return v.Gentoo()
}

// clashes tells of packages that ::gentoo has in another category: their names
// alone would not say which is meant.
func clashes(plans []plan, gentoo string) error {
	if gentoo == "" {
		return nil
	}
	var errs []error
	for _, p := range plans {
		project := p.fork.Project
		for _, name := range []string{project.Name, project.Name + "-bin", project.Name + "-meta"} {
			found, err := filepath.Glob(filepath.Join(gentoo, "*-*", name))
			if err != nil {
				return err
			}
			for _, dir := range found {
				category := filepath.Base(filepath.Dir(dir))
				if category != project.Category && !strings.HasPrefix(category, "acct-") {
					errs = append(errs, fmt.Errorf("%s/%s clashes with %s/%[2]s of ::gentoo: "+
						"change category or name in profiles/%[4]s/gentoo.yaml",
						project.Category, name, category, p.fork.Profile))
				}
			}
		}
	}
	return errors.Join(errs...)
}
