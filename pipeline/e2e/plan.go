package e2e

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/e2e"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// A plan is what will be made, before anything is built.
type plan struct {
	fork    fork.Fork
	request Request
	suite   e2e.Suite
	input   packaging.Input   // of this machine
	on      platform.Platform // of the images
	runners []cross.Component // that run the tests
	called  []cross.Component // of the fork
	inside  []cross.Component // that are in images
	from    []debbase.Archive
}

func newPlan(s *build.Session, r Request) (plan, error) {
	f := s.Fork()
	p := plan{fork: f, request: r, on: platform.Platform{OS: "linux", Arch: s.Host().Arch}}
	if r.Platform != "" {
		all, err := platform.ParseList([]string{r.Platform})
		if err != nil {
			return p, err
		}
		p.on = all[0]
	}
	if p.on.OS != "linux" {
		return p, fmt.Errorf("images of the tests are for Linux, not for %s", p.on)
	}
	recipes, err := profiles.Conformance(f.Project.Dir, f.Profile)
	if err != nil {
		return p, err
	}
	if p.suite, err = recipes.Suite(f.Parsed); err != nil {
		return p, fmt.Errorf("%s: %w", f.File("fork.yaml"), err)
	}
	if p.input, err = s.PackageInput(packaging.Debian(), s.Host()); err != nil {
		return p, err
	}
	if p.from, err = archives(p.suite.Debian); err != nil {
		return p, err
	}
	return p.withPrograms()
}

// archives returns where the packages of images come from.
func archives(d e2e.Debian) ([]debbase.Archive, error) {
	var out []debbase.Archive
	for _, suite := range d.Suites {
		a, err := debbase.ParseSuite(suite)
		if err != nil {
			return nil, err
		}
		a.Keyring, a.Get = []byte(d.Keyring), debbase.Get
		out = append(out, a)
	}
	return out, nil
}

// withPrograms returns the plan with the programs that it needs.
func (p plan) withPrograms() (plan, error) {
	for _, call := range p.suite.Calls {
		if !slices.Contains(p.input.Programs, p.input.Component(call)) {
			return p, fmt.Errorf("%s: the tests call %s, which the fork does not build: add it to build.components",
				p.fork.File("fork.yaml"), call)
		}
	}
	p.called = build.Components(p.fork, p.input, p.suite.Calls)
	for _, one := range p.suite.Programs {
		p.runners = append(p.runners, cross.Component{Name: one.Name, Main: one.Main, Module: one.Module, Test: one.Test})
	}
	mains := map[string]string{} // by name
	for _, image := range p.suite.Images {
		for at, main := range image.Programs {
			mains[path.Base(at)] = main
		}
	}
	for _, name := range slices.Sorted(maps.Keys(mains)) {
		p.inside = append(p.inside, cross.Component{Name: name, Main: mains[name]})
	}
	return p, nil
}

// described returns the description of an image that the tests name.
func (p plan) described(n e2e.Named) (e2e.Image, bool) {
	i := slices.IndexFunc(p.suite.Images, func(i e2e.Image) bool { return i.Name == n.Repository })
	if i < 0 || n.Registry == "" { // the tests look at how it cannot be had
		return e2e.Image{}, false
	}
	return p.suite.Images[i], true
}

// without returns what a reason says of an image that no fork has.
func (p plan) without(name string) string {
	return fmt.Sprintf("neither %s nor a fork in its images.with makes an image %s", p.fork.ID, name)
}

// title returns what an image is called in its annotations.
func title(image e2e.Image) string { return image.Name[strings.LastIndex(image.Name, "/")+1:] }
