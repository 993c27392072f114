package tarball

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/tarballs"
)

// folder is the folder of release tarballs in dist/FORK.
const folder = "tarballs"

// A plan is what will be made, before anything is read or built.
type plan struct {
	fork      fork.Fork
	request   ReleaseRequest
	date      time.Time
	platforms []platform.Platform
	recipes   tarballs.Recipes
	programs  map[platform.Platform]packaging.Input // what knows which the fork builds
	tarballs  []planned                             // those that others hold come first
	empty     []string                              // files that would have no program
	tree      action.Key                            // covers all that decides what the patched tree must have
}

// A planned is one tarball.
type planned struct {
	kind     string
	file     string
	folder   string            // that all of it is in
	platform platform.Platform // zero of a portable one
	parts    []part
}

// A part is a row of a tarball's contents with its templates filled in. It goes into the
// tarball's key.
type part struct {
	To         string
	Platform   platform.Platform `json:"-"` // of the programs and images
	On         string            // the same
	Components []string          // whose binaries are in To
	Aliases    map[string]string // from the names of a multi-call component's programs to it
	Images     map[string]string // from images to the names in their archives
	Tarballs   []string          // files of tarballs
	Text, Link string
	Empty      bool
	tarballs.Part
}

func newPlan(s *build.Session, r ReleaseRequest) (plan, error) {
	p := plan{fork: s.Fork(), request: r}
	if r.Images != "" && !filepath.IsLocal(r.Images) {
		return p, fmt.Errorf("images in %s: want a folder of the project, as %s", r.Images, p.fork.Dist("images"))
	}
	var err error
	if p.recipes, err = profiles.Tarballs(p.fork.Project.Dir, p.fork.Profile); err != nil {
		return p, err
	}
	if len(p.recipes.At(p.fork.Parsed)) == 0 {
		p.recipes = tarballs.Generic(names(p.fork.Defaults))
	}
	if p.platforms, err = platforms(p.fork, r.Platforms, s.Host()); err != nil {
		return p, err
	}
	if p.programs, err = programs(p.fork, p.platforms); err != nil {
		return p, err
	}
	if err = p.choose(); err != nil {
		return p, err
	}
	if err = s.CheckCross(p.jobs()); err != nil {
		return p, err
	}
	if p.date, err = s.Date(s.Lock().Time); err != nil {
		return p, err
	}
	p.tree = p.treeKey(s.Lock())
	return p, s.Dist().CheckFolders(p.fork.Dist(folder))
}

// platforms returns the platforms with these names. The one name all means those of
// fork.yaml; no name means this machine's or, where nothing builds for its system, Linux.
func platforms(f fork.Fork, list []string, host platform.Platform) ([]platform.Platform, error) {
	if slices.Equal(list, []string{"all"}) {
		return f.Platforms, nil
	}
	if len(list) > 0 {
		return platform.ParseList(list)
	}
	if !slices.ContainsFunc(f.Defaults, func(c cross.Component) bool { return host.In(c.Platforms) }) {
		host.OS = "linux"
	}
	return []platform.Platform{host}, nil
}

// programs returns what knows which programs the fork builds for platforms.
func programs(f fork.Fork, on []platform.Platform) (map[platform.Platform]packaging.Input, error) {
	recipes, _, err := profiles.Recipes(f.Project.Dir, f.Profile, f.Parsed)
	var none *profiles.MissingError
	if err != nil && !errors.As(err, &none) {
		return nil, err
	}
	out := map[platform.Platform]packaging.Input{}
	for _, p := range on {
		fit := slices.DeleteFunc(slices.Clone(f.Defaults), func(c cross.Component) bool { return !p.In(c.Platforms) })
		out[p] = packaging.Input{Recipes: recipes, Version: f.Parsed, Platform: p, Programs: names(fit)}
	}
	return out, nil
}

func names(components []cross.Component) []string {
	var out []string
	for _, c := range components {
		out = append(out, c.Name)
	}
	return out
}

// choose plans the tarballs that are asked for, and those that they hold.
func (p *plan) choose() error {
	all := p.recipes.At(p.fork.Parsed)
	var kinds []string
	for _, r := range all {
		kinds = append(kinds, r.Kind)
	}
	for _, kind := range p.request.Tarballs {
		if !slices.Contains(kinds, kind) {
			return near.Unknown(kind, kinds, "unknown tarball %q; releases of %s %s have %s", kind, p.fork.Name,
				p.fork.Parsed.Upstream(), strings.Join(kinds, ", "))
		}
	}
	if len(p.request.Tarballs) > 0 {
		kinds = p.request.Tarballs
	}
	for _, kind := range kinds {
		if err := p.add(all, kind); err != nil {
			return err
		}
		if len(p.request.Tarballs) > 0 && len(p.files(kind)) == 0 {
			return fmt.Errorf("no tarball %s for %s: releases have none, or the fork builds no program of it", kind,
				joined(p.platforms, ", "))
		}
	}
	if len(p.tarballs) == 0 {
		return fmt.Errorf("no tarball can be made for %s: the fork builds no program of %s: see build.components in %s",
			joined(p.platforms, ", "), strings.Join(p.empty, ", "), p.fork.File("fork.yaml"))
	}
	for i, t := range p.tarballs {
		if slices.ContainsFunc(p.tarballs[:i], func(o planned) bool { return o.file == t.file }) {
			return fmt.Errorf("two tarballs are named %s: see the table tarballs of the profile %s", t.file, p.fork.Profile)
		}
	}
	return nil
}

// add plans the tarballs of a kind, unless they are planned, and before them those that
// they hold.
func (p *plan) add(all []tarballs.Recipe, kind string) error {
	i := slices.IndexFunc(all, func(r tarballs.Recipe) bool { return r.Kind == kind })
	if i < 0 || len(p.files(kind)) > 0 {
		return nil
	}
	for _, c := range p.recipes.Of(kind, p.fork.Parsed) {
		for _, held := range c.Tarballs {
			if err := p.add(all, held); err != nil {
				return err
			}
		}
	}
	on := []platform.Platform{{}}
	if !all[i].Portable {
		on = slices.DeleteFunc(slices.Clone(p.platforms), func(o platform.Platform) bool { return !all[i].For(o) })
	}
	for _, o := range on {
		t, err := p.planned(all[i], o)
		switch {
		case err != nil:
			return fmt.Errorf("tarball %s of the profile %s: %w", kind, p.fork.Profile, err)
		case !all[i].Portable && len(t.holds()) == 0:
			if !slices.Contains(p.empty, t.file) {
				p.empty = append(p.empty, t.file)
			}
		default:
			p.tarballs = append(p.tarballs, t)
		}
	}
	return nil
}

// files returns the planned tarballs of a kind.
func (p plan) files(kind string) []string {
	var out []string
	for _, t := range p.tarballs {
		if t.kind == kind {
			out = append(out, t.file)
		}
	}
	return out
}

// planned plans one tarball.
func (p plan) planned(r tarballs.Recipe, on platform.Platform) (planned, error) {
	t := planned{kind: r.Kind, platform: on}
	var err error
	if t.file, err = p.names(on).Expand(r.File); err != nil {
		return t, err
	}
	if t.folder, err = p.names(on).Expand(r.Folder); err != nil {
		return t, err
	}
	for _, c := range p.recipes.Of(r.Kind, p.fork.Parsed) {
		each := []platform.Platform{on}
		if r.Portable && (c.Programs != nil || c.Images != nil) {
			each = p.platforms
		}
		for _, one := range each {
			part, err := p.part(c, one)
			if err != nil {
				return t, err
			}
			t.parts = append(t.parts, part)
		}
	}
	return t, nil
}

// names returns what templates can name.
func (p plan) names(on platform.Platform) tarballs.Names {
	return tarballs.Names{Fields: p.fork.Parsed.Fields(), Name: p.fork.Name, OS: on.OS, Arch: on.Arch}
}

// part fills in a row of contents.
func (p plan) part(c tarballs.Content, on platform.Platform) (part, error) {
	n := p.names(on)
	out := part{
		Platform: on, Link: c.Link, Empty: c.Empty, Part: c.Part,
		Aliases: map[string]string{}, Images: map[string]string{},
	}
	if on != (platform.Platform{}) {
		out.On = on.String()
	}
	var err error
	if out.To, err = n.Expand(c.To); err != nil {
		return out, err
	}
	if out.Text, err = n.Expand(c.Text); err != nil {
		return out, err
	}
	for _, program := range c.Programs {
		p.program(&out, program)
	}
	for _, n.Image = range c.Images {
		if out.Images[n.Image], err = n.Expand(c.Reference); err != nil {
			return out, err
		}
	}
	for _, kind := range c.Tarballs {
		out.Tarballs = append(out.Tarballs, p.files(kind)...)
	}
	return out, nil
}

// program adds a program, as the fork builds it: by itself, or as one of the names of a
// multi-call component.
func (p plan) program(out *part, program string) {
	in := p.programs[out.Platform]
	component := in.Component(program)
	if !slices.Contains(in.Programs, component) {
		return
	}
	if component != program {
		out.Aliases[path.Base(in.Multicall(program).Programs[program])] = component
	}
	if !slices.Contains(out.Components, component) {
		out.Components = append(out.Components, component)
	}
}

// holds returns the components whose binaries are in a tarball for one platform, sorted. One
// that is for all platforms is not said to hold any: it may have a component several times.
func (t planned) holds() []string {
	if t.platform == (platform.Platform{}) {
		return nil
	}
	return t.components(t.platform)
}

// components returns the components of a platform that are in a tarball, sorted.
func (t planned) components(on platform.Platform) []string {
	var out []string
	for _, part := range t.parts {
		if part.Platform == on {
			out = append(out, part.Components...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// jobs returns what has to be compiled.
func (p plan) jobs() []fork.Job {
	var out []fork.Job
	for _, on := range p.platforms {
		some := map[string]bool{}
		for _, t := range p.tarballs {
			for _, name := range t.components(on) {
				some[name] = true
			}
		}
		j := fork.Job{Platform: on}
		for _, name := range slices.Sorted(maps.Keys(some)) {
			if c, err := p.fork.Component(name); err == nil {
				j.Components = append(j.Components, c)
			}
		}
		if len(j.Components) > 0 {
			out = append(out, j)
		}
	}
	return out
}

func joined(on []platform.Platform, sep string) string {
	var out []string
	for _, p := range on {
		out = append(out, p.String())
	}
	return strings.Join(out, sep)
}
