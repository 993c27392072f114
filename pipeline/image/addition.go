package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// An addition is what the fork adds to an image, as far as it is known before
// anything is built.
type addition struct {
	files   []images.File // links, and the user's own files
	taken   []taken
	replace []string
}

// taken are programs of a fork that are put into a dir of an image.
type taken struct {
	from       *build.Session
	components []cross.Component
	folder     string
}

// on returns the components that are built for a platform.
func (t taken) on(p platform.Platform) []cross.Component {
	return slices.DeleteFunc(slices.Clone(t.components), func(c cross.Component) bool { return !p.In(c.Platforms) })
}

// complete reports whether there is something to take on a platform: all of the
// components, if they are named.
func (t taken) complete(p platform.Platform, named bool) bool {
	built := len(t.on(p))
	return built > 0 && (built == len(t.components) || !named)
}

// filesOn returns what is added on a platform, for which other has the binaries of
// other forks.
func (a addition) filesOn(p platform.Platform, other map[string]build.Binaries) []images.File {
	out := slices.Clone(a.files)
	for _, t := range a.taken {
		for _, c := range t.on(p) {
			out = append(out, images.File{
				Path: path.Join(t.folder, c.Name), Mode: 0o755, Source: other[t.from.Fork().ID].Path(c.Name),
			})
		}
	}
	return out
}

// From returns the forks whose programs images.add puts into images that are made: those
// of forks, and of f as r asks for them. None of these is among them.
func From(forks []fork.Fork, f fork.Fork, r Request) ([]fork.Fork, error) {
	recipes, err := profiles.Images(f.Project.Dir, f.Profile)
	if err != nil {
		return nil, err
	}
	known := append(slices.Clone(forks), f)
	all := asksForPods(recipes.Images, r.Images)
	for _, of := range known[:len(known):len(known)] {
		for _, image := range slices.Sorted(maps.Keys(of.Images.Add)) {
			if !all && !slices.Contains(r.Images, image) {
				continue
			}
			for i, programs := range of.Images.Add[image].From {
				if slices.ContainsFunc(known, func(o fork.Fork) bool { return o.ID == programs.Fork }) {
					continue
				}
				other, err := f.Project.Fork(programs.Fork)
				if err != nil {
					return nil, of.Refuse(fmt.Sprintf("images.add.%s.from[%d].fork", image, i), "%v", err)
				}
				known = append(known, other)
			}
		}
	}
	return known[len(forks)+1:], nil
}

// additions returns what the fork adds to the images that are needed, by image.
func (p plan) additions() (map[string]addition, error) {
	var errs []error
	all := names(p.possible())
	for _, image := range slices.Sorted(maps.Keys(p.fork.Images.Add)) {
		if !slices.Contains(all, image) {
			errs = append(errs, p.fork.Refuse("images.add."+image, "%v", unknownImage(image, all)))
		}
	}
	dir, user, err := p.userImages(all)
	errs = append(errs, err)
	out := map[string]addition{}
	for _, r := range p.needed {
		a, err := p.addition(r.Name)
		files, ferr := p.userFiles(user, dir, r.Name)
		a.files = append(a.files, files...)
		errs = append(errs, err, ferr)
		if len(a.files)+len(a.taken)+len(a.replace) > 0 {
			out[r.Name] = a
		}
	}
	return out, errors.Join(errs...)
}

// addition returns what fork.yaml adds to an image.
func (p plan) addition(image string) (addition, error) {
	settings := p.fork.Images.Add[image]
	a := addition{replace: settings.Replace}
	for _, at := range slices.Sorted(maps.Keys(settings.Links)) {
		a.files = append(a.files, images.File{Path: at, Target: settings.Links[at]})
	}
	var errs []error
	for i, programs := range settings.From {
		t, err := p.take(programs, fmt.Sprintf("images.add.%s.from[%d]", image, i))
		a.taken = append(a.taken, t)
		errs = append(errs, err)
	}
	return a, errors.Join(errs...)
}

// userImages returns the folder of the user's own files for images, all of which
// the fork makes. It may not exist.
func (p plan) userImages(all []string) (string, fs.FS, error) {
	dir, ok := p.fork.UserFiles(packaging.Images)
	if !ok {
		return dir, nil, nil
	}
	user := os.DirFS(p.fork.Project.Path(dir))
	entries, err := fs.ReadDir(user, ".")
	if err != nil {
		return dir, nil, fmt.Errorf("%s: %w", dir, err)
	}
	var errs []error
	for _, e := range entries {
		if !slices.Contains(all, e.Name()) {
			errs = append(errs, fmt.Errorf("%s: %w", path.Join(dir, e.Name()), unknownImage(e.Name(), all)))
		}
	}
	return dir, user, errors.Join(errs...)
}

// userFiles returns the user's own files for an image.
func (p plan) userFiles(user fs.FS, dir, image string) ([]images.File, error) {
	list, err := packaging.UserFiles(user, dir, image)
	if err != nil {
		return nil, err
	}
	var out []images.File
	var errs []error
	for _, name := range list {
		f, err := userFile(user, name, strings.TrimPrefix(name, image))
		for _, on := range p.platforms {
			if err == nil {
				err = images.CheckAdded(f, on.Arch)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path.Join(dir, name), err))
		}
		out = append(out, f)
	}
	return out, errors.Join(errs...)
}

// userFile reads a file of the user's, for a path of an image. One that may be
// executed, or begins with #!, can be in the image, too.
func userFile(user fs.FS, name, at string) (images.File, error) {
	info, err := fs.Stat(user, name)
	if err != nil {
		return images.File{}, err
	}
	data, err := fs.ReadFile(user, name)
	f := images.File{Path: at, Mode: 0o644, Data: data}
	if info.Mode()&0o111 != 0 || bytes.HasPrefix(data, []byte("#!")) {
		f.Mode = 0o755
	}
	if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
		f.Mode |= 0o6000
	}
	return f, err
}

// take finds the programs of a fork that the field at of fork.yaml names. All of them
// have to be built for all platforms; without names, at least one.
func (p plan) take(programs images.Programs, at string) (taken, error) {
	i := slices.IndexFunc(p.request.From, func(s *build.Session) bool { return s.Fork().ID == programs.Fork })
	if i < 0 {
		return taken{}, p.fork.Refuse(at+".fork", "no session is open on fork %s", programs.Fork)
	}
	out := taken{from: p.request.From[i], folder: programs.Folder}
	other := out.from.Fork()
	out.components = other.Defaults
	if len(programs.Programs) > 0 {
		out.components = nil
	}
	for j, name := range programs.Programs {
		c, err := other.Component(name)
		if err != nil {
			return out, p.fork.Refuse(fmt.Sprintf("%s.programs[%d]", at, j), "%v", err)
		}
		out.components = append(out.components, c)
	}
	for _, on := range p.platforms {
		if !out.complete(on, len(programs.Programs) > 0) {
			return out, p.fork.Refuse(at, "fork %s does not build %s for %s", other.ID,
				fork.Job{Components: out.components}.Names(), on)
		}
	}
	return out, nil
}

// takenOn returns what is compiled in the sessions on other forks whose programs images have
// on a platform, and the order of those.
func (p plan) takenOn(on platform.Platform) (jobs map[*build.Session]fork.Job, order []*build.Session) {
	jobs = map[*build.Session]fork.Job{}
	for _, r := range p.needed {
		for _, t := range p.added[r.Name].taken {
			j, ok := jobs[t.from]
			if !ok {
				order = append(order, t.from)
			}
			j.Platform = on
			for _, c := range t.on(on) {
				if !slices.ContainsFunc(j.Components, func(o cross.Component) bool { return o.Name == c.Name }) {
					j.Components = append(j.Components, c)
				}
			}
			jobs[t.from] = j
		}
	}
	return jobs, order
}

// gatherTaken compiles the programs of other forks that images have on a platform, and
// returns them by fork.
func (p plan) gatherTaken(ctx context.Context, on platform.Platform) (map[string]build.Binaries, error) {
	out := map[string]build.Binaries{}
	jobs, order := p.takenOn(on)
	for _, s := range order {
		if !s.DryRun() {
			s.Announce()
		}
		built, err := s.Binaries(ctx, jobs[s])
		if err != nil {
			return nil, err
		}
		out[s.Fork().ID] = built
	}
	return out, nil
}

// above returns the layers of an image as they are on its base: each file where its
// path leads to there, and what the fork adds on top.
func (c contents) above(layers [][]images.File, in inputs) ([][]images.File, error) {
	base := c.parts.base.files.Files
	if len(base) > 0 {
		on := images.NewStack(base)
		for i, files := range layers {
			layers[i] = on.Settle(files)
		}
	}
	a, ok := c.plan.added[c.recipe.Name]
	if !ok {
		return layers, nil
	}
	below := [][]images.Entry{base, images.Entries(in.system)}
	for _, files := range layers {
		below = append(below, images.Entries(files))
	}
	if c.recipe.Pods != "" {
		below = append(below, images.Entries(podFiles(c.recipe.Pods, c.plan.podNames(in.others), nil)))
	}
	files, misfits := images.NewStack(below...).Add(a.filesOn(c.platform, c.parts.taken), a.replace)
	var errs []error
	for _, m := range misfits {
		errs = append(errs, c.plan.refuseAdded(c.recipe.Name, m))
	}
	return append(layers, files), errors.Join(errs...)
}

// refuseAdded returns the error about a path of an addition, which names where the user
// asked for it.
func (p plan) refuseAdded(image string, m images.Misfit) error {
	settings, at := p.fork.Images.Add[image], "images.add."+image
	_, isLink := settings.Links[m.Path]
	from := slices.IndexFunc(settings.From, func(o images.Programs) bool { return path.Dir(m.Path) == o.Folder })
	switch {
	case m.Replace:
		at = fmt.Sprintf("%s.replace[%d]", at, slices.Index(settings.Replace, m.Path))
	case isLink:
		at += ".links." + m.Path
	case p.hasUserFile(image, m.Path):
		dir, _ := p.fork.UserFiles(packaging.Images)
		return fmt.Errorf("%s: %s: %s", path.Join(dir, image, m.Path), at, m.Fault)
	case from >= 0:
		at = fmt.Sprintf("%s.from[%d]", at, from)
	}
	return p.fork.Refuse(at, "%s", m.Fault)
}

// hasUserFile reports whether a file of an addition is the user's own.
func (p plan) hasUserFile(image, at string) bool {
	return slices.ContainsFunc(p.added[image].files, func(f images.File) bool { return f.Path == at && f.Target == "" })
}

// checkAdded returns what keeps the fork from adding to images what it wants to,
// before anything is compiled.
func (p plan) checkAdded(in inputs) error {
	var faults faults
	for _, r := range p.needed {
		for _, on := range p.platforms {
			if _, ok := p.added[r.Name]; !ok {
				continue
			}
			c := p.contentsOf(r, on, in)
			whole, err := c.whole()
			if err == nil {
				_, err = c.above([][]images.File{c.files(whole)}, in)
			}
			if err != nil {
				faults.add(err)
			}
		}
	}
	return faults.join()
}
