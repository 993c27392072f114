package slipway

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

// A content is what an image holds beside what all do.
type content struct {
	files   []images.File
	command []string
}

// content returns that of an image for a platform. Programs that are one in this
// fork are those of the image that has it whole, links and all, so that they
// share its layer.
func (g *imaging) content(recipe images.Recipe, p platform.Platform) (content, error) {
	var c content
	whole := recipe
	bind := map[string]bool{}
	for _, program := range recipe.Bind {
		bind[g.in.Component(program)] = true
	}
	for program := range recipe.Programs {
		if many := g.in.Multicall(program); many != nil && g.in.Component(program) != program {
			i := slices.IndexFunc(g.recipes.Images, func(o images.Recipe) bool {
				return o.Programs[many.Component] != "" && o.Versions.Contains(g.in.Version)
			})
			if i < 0 {
				return c, fmt.Errorf("image %s: profile %s has no image of %s, which %s is a part of", recipe.Name, g.workshop.fork.Profile, many.Component, program)
			}
			whole = g.recipes.Images[i]
		}
	}
	for _, program := range slices.Sorted(maps.Keys(whole.Programs)) {
		b := g.built[p][program]
		c.files = append(c.files, images.File{Path: whole.Programs[program], Mode: 0o755, Bind: bind[program], Source: filepath.Join(g.Dir, g.workshop.fork.dist("bin", p.Dir(), b.File))})
	}
	for program, at := range whole.Own {
		c.files = append(c.files, images.File{Path: at, Mode: 0o755, Source: g.ownProgram(program, p)})
	}
	for at, target := range whole.Links {
		c.files = append(c.files, images.File{Path: at, Target: target})
	}
	for _, dir := range whole.Folders {
		c.files = append(c.files, images.File{Path: dir, Folder: true})
	}
	slices.SortFunc(c.files, func(a, b images.File) int { return cmp.Compare(a.Path, b.Path) })
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
	return c, images.Check(recipe.Name, p.Arch, g.below[p], c.files, c.command)
}

// ownProgram returns where a program of Slipway's lies once it is compiled.
func (g *imaging) ownProgram(name string, p platform.Platform) string {
	return filepath.Join(g.cache.Dir, "own", p.Dir(), name)
}

// own has the sources of Slipway's programs, for a project need not know it as a
// Go module.
//
//go:embed cmd/pause/main.go
var own embed.FS

// compileOwn compiles a program of Slipway's. Go knows when there is nothing to
// do.
func (g *imaging) compileOwn(ctx context.Context, name string, p platform.Platform) error {
	source, err := own.ReadFile(path.Join("cmd", name, "main.go"))
	if err != nil {
		return fmt.Errorf("there is no program %s of Slipway's", name)
	}
	dir, err := g.cache.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for file, data := range map[string][]byte{"main.go": source, "go.mod": []byte("module " + name + "\n\ngo 1.24\n")} {
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
			return err
		}
	}
	env := g.goCmd.Clean().With("GOOS="+p.OS, "GOARCH="+p.Arch, "CGO_ENABLED=0", "GOWORK=off")
	args := []string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-buildid= -s -w", "-o", g.ownProgram(name, p)}
	return g.goCmd.Run.Run(ctx, run.Cmd{Args: args, Dir: dir, Env: env})
}
