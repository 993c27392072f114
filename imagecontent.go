package slipway

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipway-build/slipway/hostroot"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
)

// A content is what an image holds beside what all do, from the lowest layer on.
type content struct {
	layers  [][]images.File
	command []string
}

// content returns that of an image for a platform. Programs that are one in this
// fork are those of the image that has it whole, links and all, so that they
// share its layer.
func (g *imaging) content(ctx context.Context, recipe images.Recipe, p platform.Platform) (content, error) {
	var c content
	whole := recipe
	for program := range recipe.Programs {
		if component := g.in.Component(program); component != program {
			var ok bool
			if whole, ok = g.holder(component); !ok {
				return c, fmt.Errorf("image %s: profile %s has no image of %s, which %s is a part of", recipe.Name, g.workshop.fork.Profile, component, program)
			}
		}
	}
	if recipe.Start != "" {
		many := g.in.Multicall(recipe.Start)
		if g.in.Component(recipe.Start) == recipe.Start {
			many = nil
		}
		at := ""
		if many != nil {
			at = whole.Programs[many.Component]
		}
		c.command = recipe.Command(recipe.Start, many, at)
	}
	c.layers = [][]images.File{g.files(recipe, whole, p)}
	if len(recipe.Installs) > 0 {
		var err error
		if c.layers, err = g.installing(ctx, recipe, c.layers[0], p); err != nil {
			return c, fmt.Errorf("image %s: %w", recipe.Name, err)
		}
	}
	return c, images.Check(recipe.Name, p.Arch, g.at[p].below, slices.Concat(c.layers...), c.command)
}

// holder returns the image whose layer has a component, if the fork builds all
// that is in there.
func (g *imaging) holder(component string) (images.Recipe, bool) {
	for _, r := range g.recipes.Images {
		whole := r.Programs[component] != "" && r.Versions.Contains(g.in.Version)
		for program := range r.Programs {
			whole = whole && slices.Contains(g.in.Programs, program)
		}
		if whole {
			return r, true
		}
	}
	return images.Recipe{}, false
}

// files returns those of an image, sorted, with the programs of the image that
// has them whole.
func (g *imaging) files(recipe, whole images.Recipe, p platform.Platform) []images.File {
	var out []images.File
	bind := map[string]bool{}
	for _, program := range recipe.Bind {
		bind[g.in.Component(program)] = true
	}
	for program, at := range whole.Programs {
		out = append(out, images.File{Path: at, Mode: 0o755, Bind: bind[program], Source: g.binary(program, p)})
	}
	for program, at := range whole.BuiltIn {
		out = append(out, images.File{Path: at, Mode: 0o755, Source: g.at[p].own[program]})
	}
	for at, target := range whole.Links {
		out = append(out, images.File{Path: at, Target: target})
	}
	for _, dir := range whole.Folders {
		out = append(out, images.File{Path: dir, Folder: true})
	}
	slices.SortFunc(out, func(a, b images.File) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// binary returns where a component's lies.
func (g *imaging) binary(component string, p platform.Platform) string {
	return filepath.Join(g.Dir, g.workshop.fork.dist("bin", p.Dir(), g.at[p].built[component].File))
}

// installing returns the layers of an image that installs packages: those of the
// images that have their programs, and one with all else.
func (g *imaging) installing(ctx context.Context, recipe images.Recipe, own []images.File, p platform.Platform) ([][]images.File, error) {
	f := g.workshop.fork
	recipes, err := g.brought(recipe.Packages())
	if err != nil {
		return nil, err
	}
	in := hostroot.Input{Name: f.Name, Version: f.Version, Arch: p.Arch, Roles: recipe.Installs, Programs: map[string]hostroot.Program{}, UserDir: f.file(filepath.Join("files", packaging.Installer))}
	if in.Packages, err = g.packages(ctx, recipes, p); err != nil {
		return nil, err
	}
	if user := filepath.Join(g.Dir, in.UserDir); exists(user) {
		in.User = os.DirFS(user)
	}
	var layers [][]images.File
	var held []string
	for _, c := range g.components(recipes) {
		program := hostroot.Program{SHA256: g.at[p].built[c.Name].SHA256}
		if holder, ok := g.holder(c.Name); ok {
			program.At = holder.Programs[c.Name]
			if !slices.Contains(held, holder.Name) {
				held = append(held, holder.Name)
				files := g.files(holder, holder, p)
				for i := range files {
					files[i].Guest = files[i].Source != ""
				}
				layers = append(layers, files)
			}
		}
		in.Programs[g.binary(c.Name, p)] = program
	}
	files, err := in.Lay()
	return append(layers, append(own, files...)), err
}

// brought returns the recipes of packages, without manuals and completions. Where
// programs are one, its package is among them.
func (k *packing) brought(names []string) ([]packaging.Recipe, error) {
	if len(names) == 0 {
		return nil, nil
	}
	out, err := k.in.Select(names)
	if err != nil {
		return nil, err
	}
	for _, r := range out {
		for program := range r.Programs {
			if m := k.in.Multicall(program); m != nil && k.in.Component(program) != program && !slices.Contains(names, m.Package) {
				names = append(names, m.Package)
			}
		}
	}
	out, err = k.in.Select(names)
	for i := range out {
		out[i].Man, out[i].Completions = nil, nil
	}
	return out, err
}

// packages puts packages together for a platform.
func (g *imaging) packages(ctx context.Context, recipes []packaging.Recipe, p platform.Platform) ([]packaging.Package, error) {
	k := &packing{workshop: g.workshop, lock: g.lock, to: g.to, built: g.at[p].built, recipes: recipes}
	if err := k.prepare(p); err != nil {
		return nil, err
	}
	for component := range g.at[p].built {
		k.in.Binaries[component] = g.binary(component, p)
	}
	return k.assemble(ctx)
}

// build compiles what the images hold.
func (g *imaging) build(ctx context.Context) error {
	var programs []string
	for _, recipe := range g.needed {
		programs = slices.AppendSeq(programs, maps.Keys(recipe.Programs))
		recipes, err := g.brought(slices.Concat(recipe.Packages(), g.podPackages(recipe)))
		if err != nil {
			return err
		}
		for _, c := range g.components(recipes) {
			holder, _ := g.holder(c.Name)
			programs = slices.AppendSeq(append(programs, c.Name), maps.Keys(holder.Programs))
		}
	}
	components := g.componentsOf(programs)
	for _, p := range g.targets {
		built, err := g.binaries(ctx, job{p, components})
		if err != nil {
			return err
		}
		g.at[p].built = built
		for _, recipe := range g.needed {
			for program := range recipe.BuiltIn {
				at, err := g.compileOwn(ctx, program, p)
				if err != nil {
					return fmt.Errorf("image %s: %w", recipe.Name, err)
				}
				g.at[p].own[program] = at
			}
		}
	}
	return nil
}
