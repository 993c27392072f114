package image

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// A plan is what will be made, before anything is built.
type plan struct {
	fork       fork.Fork
	request    Request
	recipes    images.Recipes
	input      packaging.Input // of the first platform
	platforms  []platform.Platform
	chosen     []images.Recipe          // that were asked for
	needed     []images.Recipe          // those, and the ones that pods run
	pods       []images.Pod             // none where no pods are asked for
	components []cross.Component        // whose binaries the images hold
	added      map[string]addition      // by image, of those that are needed
	pins       map[string][]debbase.Pin // packages of the base, by architecture
}

// Check returns what is wrong with the request by itself.
func (r Request) Check() error {
	if r.Format != "" && r.Format != "oci" && r.Format != "docker" {
		return near.Unknown(r.Format, []string{images.OCI, images.Docker}, "-format=%s: want oci or docker", r.Format)
	}
	if err := (images.Settings{Registry: strings.TrimSuffix(r.Registry, "/")}).CheckRegistry(); err != nil {
		return fmt.Errorf("-registry: %w", err)
	}
	return nil
}

// Others returns the requests for n forks whose images are made for those of r.
func (r Request) Others(n int) []Request {
	return slices.Repeat([]Request{{
		Platforms: r.Platforms, Registry: r.Registry, Programs: r.Programs, From: r.From, DryRun: r.DryRun,
	}}, n)
}

func newPlan(s *build.Session, r Request) (plan, error) {
	p := plan{fork: s.Fork(), request: r}
	err := r.Check()
	if err != nil {
		return p, err
	}
	p.fork.Images.Registry = cmp.Or(strings.TrimSuffix(r.Registry, "/"), p.fork.Images.Registry)
	if r.Format == images.OCI && p.fork.Images.Format == images.Docker {
		return p, fmt.Errorf("-format=oci: %s has images.format: docker: change it there, or leave out -format",
			p.fork.File("fork.yaml"))
	}
	if p.recipes, err = profiles.Images(p.fork.Project.Dir, p.fork.Profile); err != nil {
		return p, err
	}
	if p.platforms, err = platforms(p.fork, r.Platforms, s.Host()); err != nil {
		return p, err
	}
	if p.input, err = s.PackageInput(packaging.Debian(), p.platforms[0]); err != nil {
		return p, err
	}
	if p, err = p.choose(); err != nil {
		return p, err
	}
	if err := CheckTags(p.fork, names(p.needed)); err != nil {
		return p, err
	}
	if p.added, err = p.additions(); err != nil {
		return p, err
	}
	if p.components, err = p.neededComponents(); err != nil {
		return p, err
	}
	return p, s.Dist().CheckFolders(p.fork.Dist("images"), p.fork.Dist("deploy"))
}

// platforms returns the platforms of images, by the names of a request. The one name all
// means those of fork.yaml; no name means Linux on the architecture of host.
func platforms(f fork.Fork, names []string, host platform.Platform) ([]platform.Platform, error) {
	linux, err := f.Linux("images are")
	if len(names) == 0 || slices.Equal(names, []string{"all"}) {
		if len(names) == 0 && err == nil {
			linux = []platform.Platform{{OS: "linux", Arch: host.Arch}}
		}
		return linux, err
	}
	out, err := platform.ParseList(names)
	if err != nil {
		return nil, err
	}
	for _, p := range out {
		if p.OS != "linux" {
			return nil, fmt.Errorf("images are for Linux, not for %s", p)
		}
	}
	return out, nil
}

// hasBase reports whether one of the images that are needed has the fork's base.
func (p plan) hasBase() bool { return slices.ContainsFunc(p.needed, images.Recipe.HasBase) }

// tag returns the tag of the images.
func (p plan) tag() string { return p.fork.Parsed.Tag() }

// docker reports whether an archive for docker load is asked for.
func (p plan) docker() bool { return p.request.Format == "docker" }

// compressions returns how layers are compressed: as the images want it, and by
// gzip where docker load is to read them too.
func (p plan) compressions() []string {
	if p.docker() {
		return []string{p.fork.Images.Compression, "gzip"}
	}
	return []string{p.fork.Images.Compression}
}

// choose returns the plan with the images and pods that are asked for.
func (p plan) choose() (plan, error) {
	all := p.possible()
	if len(all) == 0 {
		return p, packaging.NothingError("this fork makes no images: it does not build all programs of any image")
	}
	for _, name := range p.request.Images {
		if !slices.Contains(names(all), name) {
			return p, unknownImage(name, names(all))
		}
	}
	p.chosen = slices.DeleteFunc(slices.Clone(all), func(r images.Recipe) bool {
		return len(p.request.Images) > 0 && !slices.Contains(p.request.Images, r.Name)
	})
	if asksForPods(p.chosen, p.request.Images) {
		p.pods = p.podsOf(all)
	}
	p.needed = slices.DeleteFunc(slices.Clone(all), func(r images.Recipe) bool {
		runs := func(pod images.Pod) bool { return pod.Name == r.Name }
		return !slices.Contains(names(p.chosen), r.Name) && !slices.ContainsFunc(p.pods, runs)
	})
	return p, nil
}

// unknownImage is the error of a name that none of all images has.
func unknownImage(name string, all []string) error {
	return near.Unknown(name, all, "unknown image %q; this fork makes %s", name, strings.Join(all, ", "))
}

// possible returns the images that the fork has the programs for. One that
// installs packages has those roles whose packages the fork has all of.
func (p plan) possible() []images.Recipe {
	all := p.recipes.Select(p.input.Version, func(program string) bool {
		return slices.Contains(p.input.Programs, program) || p.input.Multicall(program) != nil
	})
	var out []images.Recipe
	for _, r := range all {
		roles := maps.Clone(r.Installs)
		maps.DeleteFunc(roles, func(_ string, role images.Role) bool {
			_, err := selectPackages(p.input, role.Packages)
			return err != nil
		})
		if len(r.Installs) > 0 && len(roles) == 0 {
			continue
		}
		r.Installs = roles
		out = append(out, r)
	}
	return out
}

// podsOf returns the pods of the fork's version that run one of some images, the first
// of each name.
func (p plan) podsOf(some []images.Recipe) []images.Pod {
	var out []images.Pod
	for _, pod := range p.recipes.Pods {
		seen := slices.ContainsFunc(out, func(o images.Pod) bool { return o.Name == pod.Name })
		if !seen && pod.Versions.Contains(p.input.Version) && slices.Contains(names(some), pod.Name) {
			out = append(out, pod)
		}
	}
	return out
}

// podPackages returns the packages whose options the pods run with.
func (p plan) podPackages() ([]packaging.Recipe, error) {
	var list []string
	for _, pod := range p.pods {
		list = append(list, pod.Name)
	}
	return selectPackages(p.input, list)
}

// neededComponents returns the components whose binaries the images hold, or that
// packages are assembled with.
func (p plan) neededComponents() ([]cross.Component, error) {
	recipes, err := p.podPackages()
	if err != nil {
		return nil, err
	}
	var programs []string
	for _, r := range p.needed {
		programs = slices.AppendSeq(programs, maps.Keys(r.Programs))
		installed, err := selectPackages(p.input, r.Packages())
		if err != nil {
			return nil, err
		}
		recipes = append(recipes, installed...)
	}
	if err := p.input.CheckOptions(recipes); err != nil {
		return nil, err
	}
	for _, c := range p.componentsOf(recipes) {
		holder, _ := p.holder(c.Name)
		programs = slices.AppendSeq(append(programs, c.Name), maps.Keys(holder.Programs))
	}
	return build.Components(p.fork, p.input, programs), nil
}

// componentsOf returns the components that the programs of packages are, sorted.
func (p plan) componentsOf(recipes []packaging.Recipe) []cross.Component {
	return build.Components(p.fork, p.input, build.Programs(recipes))
}

// holder returns the image whose layer has a component, if the fork builds all
// programs of that image. Of several, it is the first of those with the most links:
// these are the names that the component is called by.
func (p plan) holder(component string) (images.Recipe, bool) {
	var out images.Recipe
	built := func(program string) bool { return slices.Contains(p.input.Programs, program) }
	for _, r := range p.recipes.Select(p.input.Version, built) {
		if r.Programs[component] != "" && (out.Name == "" || len(r.Links) > len(out.Links)) {
			out = r
		}
	}
	return out, out.Name != ""
}

// selectPackages returns the recipes of packages, without manual pages and
// completions. Where a program is part of a multicall binary, the package of that
// is among them.
func selectPackages(in packaging.Input, list []string) ([]packaging.Recipe, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out, err := in.Select(list)
	if err != nil {
		return nil, err
	}
	list = slices.Clone(list)
	for _, program := range build.Programs(out) {
		m := in.Multicall(program)
		if m != nil && in.Component(program) != program && !slices.Contains(list, m.Package) {
			list = append(list, m.Package)
		}
	}
	out, err = in.Select(list)
	for i := range out {
		out[i].Man, out[i].Completions = nil, nil
	}
	return out, err
}

// names returns the names of images.
func names(recipes []images.Recipe) []string {
	out := make([]string, len(recipes))
	for i, r := range recipes {
		out[i] = r.Name
	}
	return out
}
