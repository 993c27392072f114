package scaffold

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/version"
)

// A forkPlan is one fork to be written.
type forkPlan struct {
	ID         string // its folder below forks
	Profile    string
	Version    string
	Default    bool
	Upstream   string // module@version
	Library    []string
	Components []string
	Platforms  []string
	Maintainer string
	ImagesWith []string
	Series     []patches.Patch
}

// planForks returns the forks that a request is for. All that is wrong with it is in the error.
func planForks(known tables, r Request, at folder) ([]forkPlan, error) {
	members := []member{{Profile: cmp.Or(r.Profile, known.ControlPlane[0].Profile)}}
	if r.ControlPlane {
		members = known.ControlPlane
	}
	if r.ControlPlane && r.Profile != "" && r.Profile != members[0].Profile {
		return nil, fmt.Errorf("a control plane is one of %s: leave out %s", members[0].Profile, r.Profile)
	}
	faults := []error{checkMaintainer(r.Maintainer)}
	if r.CI != "" && !slices.Contains(known.services(), r.CI) {
		faults = append(faults, near.Unknown(r.CI, known.services(), "unknown pipeline %q: there are %s", r.CI,
			strings.Join(known.services(), ", ")))
	}
	var forks []forkPlan
	for i, m := range members {
		asked := r
		if i > 0 {
			asked = Request{Dir: r.Dir, Platforms: r.Platforms, Maintainer: r.Maintainer}
		}
		asked.Profile = m.Profile
		if len(asked.Components) == 0 {
			asked.Components = m.Components
		}
		f, err := planFork(known.project(m.Profile), asked, at)
		faults = append(faults, err)
		f.Default = r.ControlPlane && i == 0 && !at.forks
		f.ImagesWith = m.ImagesWith
		forks = append(forks, f)
	}
	return forks, errors.Join(faults...)
}

func checkMaintainer(name string) error {
	if name == "" {
		return errors.New("the maintainer is missing: packages name who answers for them: " +
			"-maintainer='Acme <k8s@example.org>'")
	}
	var faults []error
	for _, f := range (packaging.Settings{Maintainer: name}).Defaulted().Validate() {
		faults = append(faults, fmt.Errorf("%s: %s", f.Field, f.Message))
	}
	return errors.Join(faults...)
}

// planFork returns the fork of one project that a request is for.
func planFork(begins project, r Request, at folder) (forkPlan, error) {
	if err := fork.CheckName(cmp.Or(r.Name, r.Profile)); err != nil {
		return forkPlan{}, fmt.Errorf("%q cannot name a folder below forks: %w", cmp.Or(r.Name, r.Profile), err)
	}
	facts, err := profile(r)
	if err != nil {
		return forkPlan{}, err
	}
	v, err := forkVersion(facts, cmp.Or(r.Version, begins.Version), at.revision)
	if err != nil {
		return forkPlan{}, err
	}
	f := forkPlan{
		ID: cmp.Or(r.Name, r.Profile), Profile: r.Profile, Version: v.String(), Maintainer: r.Maintainer,
		Upstream: facts.ModuleAt(v) + "@v" + v.Upstream(),
	}
	on, wrongPlatform := platforms(r.Platforms)
	for _, p := range on {
		f.Platforms = append(f.Platforms, p.String())
	}
	var wrongComponent error
	f.Components, wrongComponent = choose(r.Components, begins.Components, facts.ComponentsAt(v), on)
	if wrongComponent != nil {
		wrongComponent = fmt.Errorf("%s %s: %w", r.Profile, v.Upstream(), wrongComponent)
	}
	faults := []error{wrongPlatform, wrongComponent}
	for _, m := range begins.Patches {
		takes, err := m.takes(r.Profile, v, f.Components)
		if takes {
			f.Library = append(f.Library, m.Name)
		}
		faults = append(faults, err)
	}
	f.Series, err = series(r)
	return f, errors.Join(append(faults, err)...)
}

// profile returns the profile that a request names: of the project, or of Slipway.
func profile(r Request) (profiles.Profile, error) {
	facts, unknown, err := profiles.Load(r.Dir, r.Profile)
	if err == nil && len(unknown) > 0 && facts.Name != "" { // there is one
		return facts, errors.New(unknown[0].Message)
	}
	if err == nil && len(unknown) > 0 {
		err = near.Unknown(r.Profile, profiles.Names(), "%s", unknown[0].Message)
	}
	return facts, err
}

// forkVersion reads the version of a fork. To one of the upstream, it adds the first revision of
// that name.
func forkVersion(facts profiles.Profile, text, revision string) (version.Version, error) {
	if text == "" {
		return version.Version{}, fmt.Errorf("the version of %s is missing: -version=1.2.3", facts.Name)
	}
	v, err := version.Parse(strings.TrimPrefix(text, "v"))
	if err != nil {
		return v, err
	}
	if v.Fields().Metadata == "" {
		if v, err = version.Parse(v.String() + "+" + revision + ".1"); err != nil {
			return v, err
		}
	}
	if _, err := facts.Settings(v); err != nil {
		return v, err
	}
	if facts.ModuleAt(v) == "" {
		return v, fmt.Errorf("profile %s names no Go module that version %s is published as: "+
			"take another version, or write forks/%[1]s/fork.yaml with upstream.git or upstream.archive", facts.Name,
			v.Upstream())
	}
	return v, nil
}

// platforms returns the platforms that a request names.
func platforms(names []string) ([]platform.Platform, error) {
	common := []string{"linux/amd64", "linux/arm64"}
	if len(names) == 0 {
		names = common
	}
	var parsed []platform.Platform
	for _, name := range names {
		p, err := platform.Parse(name)
		if err != nil {
			return nil, near.Unknown(name, platform.Strings(platform.Known()), "%s", err)
		}
		if slices.Contains(parsed, p) {
			return nil, fmt.Errorf("platform %s is named twice", p)
		}
		parsed = append(parsed, p)
	}
	return parsed, nil
}

// choose returns the components that a request names. If it names none, they are those to begin with, or
// all that build for one of the platforms.
func choose(asked, begin []string, all []cross.Component, on []platform.Platform) ([]string, error) {
	var known, fit []string
	for _, c := range all {
		known = append(known, c.Name)
		if slices.ContainsFunc(on, func(p platform.Platform) bool { return p.In(c.Platforms) }) {
			fit = append(fit, c.Name)
		}
	}
	var faults []error
	for i, name := range asked {
		if slices.Contains(asked[:i], name) {
			faults = append(faults, fmt.Errorf("component %s is named twice", name))
		} else if !slices.Contains(known, name) {
			faults = append(faults, near.Unknown(name, known, "unknown component %q; there are %s", name,
				strings.Join(known, ", ")))
		}
	}
	if len(asked) > 0 {
		return asked, errors.Join(faults...)
	}
	if len(begin) > 0 {
		return begin, nil
	}
	return fit, nil
}

// series reads the patches that a request names.
func series(r Request) ([]patches.Patch, error) {
	var read []patches.Patch
	var faults []error
	for _, name := range r.Patches {
		at := name
		if !filepath.IsAbs(at) {
			at = filepath.Join(r.Dir, name)
		}
		data, err := os.ReadFile(at)
		p := patches.Patch{Name: filepath.Base(name), Strip: 1, Data: data}
		if err == nil {
			_, err = patches.Parse(p)
		}
		if slices.ContainsFunc(read, func(q patches.Patch) bool { return q.Name == p.Name }) {
			err = fmt.Errorf("patch %s: another file has that name: rename one", name)
		}
		faults, read = append(faults, err), append(read, p)
	}
	return read, errors.Join(faults...)
}

var notInRevision = regexp.MustCompile(`[^0-9A-Za-z]+`)

// revisionOf returns the name of revisions in a module: that of its owner, as acme in
// example.org/acme/builds, or "fork" where its path has no owner.
func revisionOf(module string) string {
	_, rest, _ := strings.Cut(module, "/")
	owner, _, _ := strings.Cut(rest, "/")
	return cmp.Or(notInRevision.ReplaceAllString(strings.ToLower(owner), ""), "fork")
}
