package image

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-build/slipway/hostroot"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
)

// A spec is an image for one platform before its layers are written.
type spec struct {
	image  images.Image // without layers
	debian []*images.Layer
	layers [][]images.File // from the lowest on
}

// compose says what each image holds, by image and then by platform, and checks
// it. Faults of all images are reported at once.
func compose(p plan, in inputs, packages packages) ([]spec, error) {
	var out []spec
	var faults faults
	for _, r := range p.needed {
		for _, on := range p.platforms {
			c := p.contentsOf(r, on, in)
			layers, command, err := c.layers(packages.installed[r.Name][on], in)
			if err == nil {
				layers, err = c.above(layers, in)
			}
			if err == nil {
				err = images.Check(r.Name, on.Arch, c.parts.base.files, slices.Concat(layers...), command)
				err = c.hint(err, command)
			}
			if err != nil && !r.HasBase() {
				err = fmt.Errorf("%w\n  Profile %s gives image %s no base", err, p.fork.Profile, r.Name)
			}
			if err != nil {
				faults.add(err)
			}
			out = append(out, spec{
				image: images.Image{
					Recipe: r, Platform: on, Format: p.fork.Images.Format, Base: c.parts.base.image, Command: command,
					Labels: c.labels(in.labels), Created: p.input.Date,
				},
				debian: c.parts.base.debian,
				layers: append([][]images.File{in.system}, layers...),
			})
		}
	}
	return out, faults.join()
}

// contents tells what an image holds on a platform.
type contents struct {
	plan     plan
	parts    parts
	recipe   images.Recipe
	platform platform.Platform
}

// contentsOf returns the contents of an image on a platform.
func (p plan) contentsOf(r images.Recipe, on platform.Platform, in inputs) contents {
	c := contents{plan: p, parts: in.at[on], recipe: r, platform: on}
	if !r.HasBase() {
		c.parts.base = base{}
	}
	return c
}

// layers returns the layers of an image above those that all have, and how it
// starts.
func (c contents) layers(installed selection, in inputs) ([][]images.File, []string, error) {
	whole, err := c.whole()
	if err != nil {
		return nil, nil, err
	}
	command, files := c.command(whole), c.files(whole)
	if len(c.recipe.Installs) == 0 {
		return [][]images.File{files}, command, nil
	}
	layers, err := c.installing(installed, in, files)
	if err != nil {
		err = fmt.Errorf("image %s: %w", c.recipe.Name, err)
	}
	return layers, command, err
}

// hint adds to an error what may be behind it: that the image whose layer this one shares
// has no link by which the program is started.
func (c contents) hint(err error, command []string) error {
	whole, fault := c.whole()
	if err == nil || fault != nil || whole.Name == c.recipe.Name || len(command) == 0 || whole.Links[command[0]] != "" ||
		slices.Contains(slices.Collect(maps.Values(whole.Programs)), command[0]) {
		return err
	}
	return fmt.Errorf("%w\n  It has the files of image %s: add %s to the links of that in the profile's images.yaml",
		err, whole.Name, command[0])
}

// whole returns the recipe whose files an image has. Where its programs are part
// of a multicall binary in this fork, that is the recipe with the whole binary,
// links and all, so that the images share its layer.
func (c contents) whole() (images.Recipe, error) {
	whole := c.recipe
	for program := range c.recipe.Programs {
		component := c.plan.input.Component(program)
		if component == program {
			continue
		}
		var ok bool
		if whole, ok = c.plan.holder(component); !ok {
			return whole, fmt.Errorf("image %s: profile %s has no image of %s, which %s is a part of",
				c.recipe.Name, c.plan.fork.Profile, component, program)
		}
	}
	return whole, nil
}

// command returns how an image with the files of a recipe starts.
func (c contents) command(whole images.Recipe) []string {
	start := c.recipe.Start
	if start == "" {
		return nil
	}
	many := c.plan.input.Multicall(start)
	if many == nil || c.plan.input.Component(start) == start {
		return c.recipe.Command(start, nil, "")
	}
	return c.recipe.Command(start, many, whole.Programs[many.Component])
}

// files returns the files of a recipe, sorted. Which programs may listen on ports
// below 1024 is what the image's own recipe says.
func (c contents) files(whole images.Recipe) []images.File {
	return recipeFiles(whole, c.parts, c.bind())
}

// bind returns the components that may listen on ports below 1024.
func (c contents) bind() map[string]bool {
	out := map[string]bool{}
	for _, program := range c.recipe.Bind {
		out[c.plan.input.Component(program)] = true
	}
	return out
}

// recipeFiles returns the files of a recipe, sorted.
func recipeFiles(r images.Recipe, from parts, bind map[string]bool) []images.File {
	var out []images.File
	for program, at := range r.Programs {
		out = append(out, images.File{Path: at, Mode: 0o755, Bind: bind[program], Source: from.built.Path(program)})
	}
	for program, at := range r.BuiltIn {
		out = append(out, images.File{Path: at, Mode: 0o755, Source: from.embedded[program]})
	}
	for at, target := range r.Links {
		out = append(out, images.File{Path: at, Target: target})
	}
	for _, dir := range r.Folders {
		out = append(out, images.File{Path: dir, Folder: true})
	}
	slices.SortFunc(out, func(a, b images.File) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// installing returns the layers of an image that installs packages: those of the
// images that have their programs, and one with all else.
func (c contents) installing(installed selection, in inputs, files []images.File) ([][]images.File, error) {
	f := c.plan.fork
	userDir, _ := f.UserFiles(packaging.Installer)
	host := hostroot.Input{
		Name: f.Name, Version: f.Version, Arch: c.platform.Arch, Roles: c.recipe.Installs,
		Packages: installed.packages, Programs: map[string]hostroot.Program{}, User: in.user, UserDir: userDir,
	}
	var layers [][]images.File
	var held []string
	for _, component := range installed.components {
		program := hostroot.Program{SHA256: c.parts.built.Get(component.Name).SHA256}
		if holder, ok := c.plan.holder(component.Name); ok {
			program.At = holder.Programs[component.Name]
			if !slices.Contains(held, holder.Name) {
				held = append(held, holder.Name)
				layers = append(layers, asGuests(contents{c.plan, c.parts, holder, c.platform}.files(holder)))
			}
		}
		host.Programs[c.parts.built.Path(component.Name)] = program
	}
	laid, err := host.Lay()
	return append(layers, append(files, laid...)), err
}

// asGuests marks the programs among files as for the host to run.
func asGuests(files []images.File) []images.File {
	for i := range files {
		files[i].Guest = files[i].Source != ""
	}
	return files
}

// labels returns the annotations of an image, with those that all have.
func (c contents) labels(all map[string]string) map[string]string {
	out := maps.Clone(all)
	out["org.opencontainers.image.title"] = c.recipe.Name
	out["org.opencontainers.image.description"] = c.recipe.Summary
	if base := c.parts.base.image; base != nil {
		out["org.opencontainers.image.base.name"] = c.plan.fork.Images.Base
		if digest, err := base.Digest(); err == nil {
			out["org.opencontainers.image.base.digest"] = digest.String()
		}
	}
	return out
}
