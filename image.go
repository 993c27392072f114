package slipway

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// An ImageRequest says which images to make.
type ImageRequest struct {
	Fork      string
	Images    []string  // by name; empty: all that the fork comes to
	Platforms []string  // as linux/amd64; empty: all of fork.yaml that are Linux
	Format    string    // oci, or docker for an archive that docker load reads, too
	Now       time.Time // when signatures of others have to be valid
}

// An Images is images.json: the images of the layout that it lies in.
type Images struct {
	Fork    string      `json:"fork"`
	Version string      `json:"version"`
	Tag     string      `json:"tag"`
	Images  []MadeImage `json:"images"` // sorted by name
}

// A MadeImage is an index, and the image of each platform below it.
type MadeImage struct {
	Name      string          `json:"name"`
	Digest    string          `json:"digest"`
	Platforms []PlatformImage `json:"platforms"`
}

// A PlatformImage is one of an index.
type PlatformImage struct {
	Platform string `json:"platform"`
	Digest   string `json:"digest"`
	Size     int64  `json:"size"` // bytes of its layers, as they are moved
	Full     int64  `json:"full"` // and unpacked
}

// keptLayers is how many layers a project keeps.
const keptLayers = 24

// An imaging is the images of a fork on their way.
type imaging struct {
	*packing
	recipes images.Recipes
	chosen  []images.Recipe // to be laid out
	needed  []images.Recipe // those, and what their pods run
	podded  bool            // pods are asked for
	targets []platform.Platform
	at      map[platform.Platform]*materials
	system  []images.File // that all images have
	labels  map[string]string
	now     time.Time
	ownGo   *gotool.Go // what compiles Slipway's own programs

	writer       images.LayerWriter
	compressions []string // that of the images, and gzip where docker load is to read them, too
}

// materials are what the images of one platform are made of.
type materials struct {
	base  v1.Image                // nil is none
	under []*images.Layer         // of Debian's packages, one for each compression
	below []images.Entry          // the files of either
	built map[string]cross.Binary // by component
	own   map[string]string       // where Slipway's own programs lie
}

// Image makes images in dist/FORK/images, a layout of the Open Container
// Initiative, and the binaries that they need.
func (p *Project) Image(ctx context.Context, r ImageRequest) (Images, error) {
	if err := p.imagesWith(ctx, r); err != nil {
		return Images{}, err
	}
	w, l, leave, err := p.enterLocked(ctx, r.Fork)
	if err != nil {
		return Images{}, err
	}
	defer leave()
	own := w.goCmd
	if w.goCmd, err = w.goCmd.At(ctx, w.fork.Build.Toolchain, l.Go, p.Dir); err != nil {
		return Images{}, err
	}
	made, err := w.images(ctx, l, own, r)
	return made, p.advise(p.relative(err))
}

func (w *workshop) images(ctx context.Context, l lock.Lock, own *gotool.Go, r ImageRequest) (Images, error) {
	g := &imaging{
		packing: &packing{workshop: w, lock: l, to: format{name: "image", family: packaging.Debian()}},
		now:     r.Now, ownGo: own, compressions: []string{w.fork.Images.Compression}, at: map[platform.Platform]*materials{},
	}
	if r.Format != "" && r.Format != "oci" && r.Format != "docker" {
		return Images{}, fmt.Errorf("-format=%s: want oci or docker", r.Format)
	}
	if r.Format == "docker" {
		g.compressions = append(g.compressions, "gzip")
	}
	if err := g.choose(r); err != nil {
		return Images{}, err
	}
	w.announce()
	for _, step := range []func(context.Context) error{g.base, g.debian, g.build, g.common} {
		if err := step(ctx); err != nil {
			return Images{}, err
		}
	}
	w.Events.Emit(event.Event{Kind: event.Started, Stage: "image"})
	all, err := g.assembled(ctx)
	if err != nil {
		return Images{}, err
	}
	deployed, err := g.deployments(ctx, all)
	if err != nil {
		return Images{}, err
	}
	record, kept, err := g.layOut(all, r.Format == "docker")
	if err != nil {
		return record, err
	}
	for folder, want := range deployed {
		if _, err := g.leave(folder, want); err != nil {
			return record, err
		}
	}
	w.Events.Emit(event.Event{Kind: event.Finished, Stage: "image", Subject: record.Tag, Kept: kept})
	for _, made := range record.Images {
		w.Events.Emit(event.Event{Kind: event.Artifact, Component: made.Name, Kept: kept, Path: w.fork.dist("images"), Size: made.Platforms[0].Size, SHA256: made.Digest[len("sha256:"):]})
	}
	return record, errors.Join(g.cache.Prune("layers", keptLayers), g.cache.Prune("own", keptOwn))
}

// aim says for which platforms there will be images.
func (g *imaging) aim(r ImageRequest) error {
	f := g.workshop.fork
	var err error
	if g.targets, err = platform.ParseList(r.Platforms); err != nil {
		return err
	}
	if len(g.targets) == 0 {
		g.targets = f.linux()
	}
	for _, p := range g.targets {
		if p.OS != "linux" {
			return fmt.Errorf("images are for Linux, and not for %s", p)
		}
		g.at[p] = &materials{own: map[string]string{}}
	}
	if len(g.targets) == 0 {
		return fmt.Errorf("%s: build.platforms has none of Linux, and images are for no other", f.file("fork.yaml"))
	}
	return nil
}

// choose says which images there will be.
func (g *imaging) choose(r ImageRequest) error {
	var err error
	if g.recipes, err = profiles.Images(g.Dir, g.workshop.fork.Profile); err != nil {
		return err
	}
	if err := g.aim(r); err != nil {
		return err
	}
	if err := g.prepare(g.targets[0]); err != nil {
		return err
	}
	all := g.possible()
	if len(all) == 0 {
		return errors.New("the fork comes to no image: it builds not all programs of any")
	}
	for _, name := range r.Images {
		if !slices.Contains(titles(all), name) {
			return fmt.Errorf("no image %q: the fork comes to %s", name, strings.Join(titles(all), ", "))
		}
	}
	for _, recipe := range all {
		if len(r.Images) == 0 || slices.Contains(r.Images, recipe.Name) {
			g.chosen = append(g.chosen, recipe)
			g.podded = g.podded || len(r.Images) == 0 || recipe.Pods != ""
		}
	}
	pods := g.podsOf(all)
	g.podded = g.podded && len(pods) > 0
	for _, recipe := range all {
		if slices.Contains(titles(g.chosen), recipe.Name) || g.podded && slices.ContainsFunc(pods, func(p images.Pod) bool { return p.Name == recipe.Name }) {
			g.needed = append(g.needed, recipe)
		}
	}
	return nil
}

// possible returns the images that the fork comes to. One that installs has the
// roles that the fork has all packages of.
func (g *imaging) possible() []images.Recipe {
	all := g.recipes.Select(g.in.Version, func(program string) bool {
		return slices.Contains(g.in.Programs, program) || g.in.Multicall(program) != nil
	})
	return slices.DeleteFunc(all, func(recipe images.Recipe) bool {
		roles := len(recipe.Installs)
		maps.DeleteFunc(recipe.Installs, func(_ string, role images.Role) bool {
			_, err := g.brought(role.Packages)
			return err != nil
		})
		return roles > 0 && len(recipe.Installs) == 0
	})
}

// titles returns the names of images.
func titles(recipes []images.Recipe) []string {
	var out []string
	for _, r := range recipes {
		out = append(out, r.Name)
	}
	return out
}

// base gets what the images stand on.
func (g *imaging) base(ctx context.Context) error {
	for _, p := range g.targets {
		image, err := g.workshop.fork.Images.BaseImage(ctx, g.Dir, p)
		if err != nil {
			return fmt.Errorf("%s: %w", g.workshop.fork.file("fork.yaml"), err)
		}
		if image == nil {
			continue
		}
		if g.at[p].below, err = images.Contents(image); err != nil {
			return fmt.Errorf("%s: images.base: %w", g.workshop.fork.file("fork.yaml"), err)
		}
		g.at[p].base = image
	}
	return nil
}

// common gathers the files that all images have, and what is said of them.
func (g *imaging) common(ctx context.Context) error {
	f := g.workshop.fork
	var err error
	g.system, err = images.System(g.recipes.Users, filepath.Join(g.goCmd.GOROOT, "lib", "time", "zoneinfo.zip"))
	if err != nil {
		return err
	}
	_, record, err := g.input(g.lock, g.targets[0])
	if err != nil {
		return err
	}
	g.labels = map[string]string{
		"org.opencontainers.image.version": f.Version, "org.opencontainers.image.revision": record.Commit, "org.opencontainers.image.created": record.Date,
		"org.opencontainers.image.licenses": g.in.Recipes.License, "org.opencontainers.image.url": g.in.Recipes.Homepage,
	}
	if f.Images.Source != "" {
		g.labels["org.opencontainers.image.source"] = f.Images.Source
	}
	return nil
}

// layer writes a layer, or finds the one that was written of the same files.
func (g *imaging) layer(files []images.File, compression string) (*images.Layer, error) {
	files = slices.Clone(files)
	sums := make([]string, len(files))
	for i, f := range files {
		if f.Source != "" {
			_, sum, err := g.outputs.Sum(f.Source)
			if err != nil {
				return nil, err
			}
			sums[i], f.Source, f.Guest, files[i].Sum = sum.String(), "", false, sum.String()
		} else {
			sums[i], f.Data = fmt.Sprintf("%x", sha256.Sum256(f.Data)), nil
		}
		sums[i] += fmt.Sprintf("%+v", f)
	}
	key := action.NewKey("layers", images.Revision, []any{sums, compression, g.in.Date.UTC().String()})
	return g.keptLayer(key, func(dst string) (*images.Layer, error) { return g.writer.Write(dst, files, compression, g.in.Date) })
}

// keptLayer returns the layer that key stands for, which write writes to a file
// where there is none.
func (g *imaging) keptLayer(key action.Key, write func(dst string) (*images.Layer, error)) (*images.Layer, error) {
	dir, _, err := g.cache.Do("layers", key, func(dst string) error {
		made, err := write(filepath.Join(dst, "blob"))
		if err != nil {
			return err
		}
		data, err := json.Marshal(made)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dst, "layer.json"), data, 0o644)
	})
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "layer.json"))
	if err != nil {
		return nil, err
	}
	var l images.Layer
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, err
	}
	return l.At(filepath.Join(dir, "blob")), nil
}

// assembled makes all images, each for all platforms.
func (g *imaging) assembled(ctx context.Context) (map[string][]images.Image, error) {
	all := map[string][]images.Image{}
	var errs []error
	contents := map[string]map[platform.Platform]content{}
	for _, recipe := range g.needed {
		contents[recipe.Name] = map[platform.Platform]content{}
		all[recipe.Name] = make([]images.Image, len(g.targets))
		for _, p := range g.targets {
			c, err := g.content(ctx, recipe, p)
			contents[recipe.Name][p] = c
			if err != nil && !slices.ContainsFunc(errs, func(said error) bool { return said.Error() == err.Error() }) { // of another platform
				errs = append(errs, err)
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, how := range g.compressions { // which platforms share, and so would write twice
		if _, err := g.layer(g.system, how); err != nil {
			return nil, err
		}
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range g.targets {
		group.Go(func() error {
			for _, recipe := range g.needed {
				if err := groupCtx.Err(); err != nil {
					return err
				}
				c := contents[recipe.Name][p]
				image := images.Image{Recipe: recipe, Platform: p, Base: g.at[p].base, Command: c.command, Labels: g.describe(recipe, p), Created: g.in.Date}
				if g.at[p].under != nil {
					image.AppendLayer(g.at[p].under)
				}
				for _, files := range append([][]images.File{g.system}, c.layers...) {
					if err := g.stack(&image, files); err != nil {
						return err
					}
				}
				all[recipe.Name][i] = image
			}
			return nil
		})
	}
	return all, group.Wait()
}

// stack puts a layer with files on top of an image.
func (g *imaging) stack(image *images.Image, files []images.File) error {
	var layers []*images.Layer
	for _, how := range g.compressions {
		l, err := g.layer(files, how)
		if err != nil {
			return fmt.Errorf("image %s: %w", image.Recipe.Name, err)
		}
		layers = append(layers, l)
	}
	image.AppendLayer(layers)
	return nil
}

// describe returns the annotations of an image, by
// https://github.com/opencontainers/image-spec/blob/main/annotations.md.
func (g *imaging) describe(recipe images.Recipe, p platform.Platform) map[string]string {
	labels := maps.Clone(g.labels)
	labels["org.opencontainers.image.title"], labels["org.opencontainers.image.description"] = recipe.Name, recipe.Summary
	if base := g.at[p].base; base != nil {
		labels["org.opencontainers.image.base.name"] = g.workshop.fork.Images.Base
		if digest, err := base.Digest(); err == nil {
			labels["org.opencontainers.image.base.digest"] = digest.String()
		}
	}
	return labels
}
