package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/registry"
)

// inputs are what images are made of, packages apart.
type inputs struct {
	at     map[platform.Platform]parts
	system []images.File // that all images have
	labels map[string]string
	others []otherPods
	user   fs.FS // the user's files for hosts without packages; nil: none
}

// parts are the inputs of one platform.
type parts struct {
	base     base
	built    build.Binaries
	embedded map[string]string         // paths of the programs that Slipway itself adds, by name
	taken    map[string]build.Binaries // programs of other forks, by fork
}

// A base is what the images of a platform are built on.
type base struct {
	image  v1.Image        // nil: none
	debian []*images.Layer // the layer of Debian's packages, in each compression; or none
	files  images.Base     // of either
}

// gather compiles what the images hold, and gets what they are built on.
func gather(ctx context.Context, s *build.Session, w layerCache, p plan) (inputs, error) {
	in, err := gatherFiles(ctx, s, w, p)
	if err != nil {
		return in, err
	}
	if err := p.checkAdded(in); err != nil {
		return in, err
	}
	for _, on := range p.platforms {
		part := in.at[on]
		if part.taken, err = p.gatherTaken(ctx, on); err != nil {
			return in, err
		}
		if len(part.taken) > 0 && !s.DryRun() {
			s.Announce()
		}
		if len(p.components) > 0 {
			if part.built, err = s.Binaries(ctx, fork.Job{Platform: on, Components: p.components}); err != nil {
				return in, err
			}
		}
		if part.embedded, err = compileEmbedded(ctx, s, p, on); err != nil {
			return in, err
		}
		in.at[on] = part
	}
	return in, nil
}

// gatherFiles gets what images are made of besides programs.
func gatherFiles(ctx context.Context, s *build.Session, w layerCache, p plan) (inputs, error) {
	in := inputs{at: map[platform.Platform]parts{}}
	if s.DryRun() && p.hasBase() && p.fork.Images.RemoteBase() {
		return in, build.Late{"the base is read from its registry"}.For("image")
	}
	bases, err := p.bases(ctx, registry.PullOptions(s.Env(), p.fork.Images.Base, s.Note))
	if err != nil {
		return in, err
	}
	if err := addDebian(ctx, w, p, bases); err != nil {
		return in, err
	}
	for _, on := range p.platforms {
		in.at[on] = parts{base: bases[on]}
	}
	zones := filepath.Join(s.Go().GOROOT, "lib", "time", "zoneinfo.zip")
	if in.system, err = images.System(p.recipes.Users, zones); err != nil {
		return in, err
	}
	_, record, err := s.Input(p.platforms[0])
	if err != nil {
		return in, err
	}
	in.labels = p.labels(record)
	if dir, ok := p.fork.UserFiles(packaging.Installer); ok {
		in.user = os.DirFS(p.fork.Project.Path(dir))
	}
	if len(p.pods) > 0 {
		if in.others, err = readOtherPods(s.Dist(), p.fork.Images.With); err == nil {
			err = noteFormats(p.fork, s.Note)
		}
	}
	return in, err
}

// bases gets the images that those of each platform are built on; pull is how one of a
// registry is read.
func (p plan) bases(ctx context.Context, pull []remote.Option) (map[platform.Platform]base, error) {
	out := map[platform.Platform]base{}
	if !p.hasBase() {
		return out, nil
	}
	for _, on := range p.platforms {
		image, err := p.fork.Images.BaseImage(ctx, p.fork.Project.Dir, on, pull...)
		if err == nil && image == nil {
			continue
		}
		var files images.Base
		if err == nil {
			files, err = images.BaseOf("images.base ("+p.fork.Images.Base+")", image)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, p.fork.Refuse("images.base", "%v", err)
		}
		out[on] = base{image: image, files: files}
	}
	return out, nil
}

// labels returns the annotations that all images have, by
// https://github.com/opencontainers/image-spec/blob/main/annotations.md.
func (p plan) labels(record build.Record) map[string]string {
	out := map[string]string{
		"org.opencontainers.image.version":  p.fork.Version,
		"org.opencontainers.image.revision": record.Commit,
		"org.opencontainers.image.created":  record.Date,
		"org.opencontainers.image.licenses": p.input.Recipes.License,
		"org.opencontainers.image.url":      p.input.Recipes.Homepage,
	}
	if record.UpstreamCommit != "" {
		out["build.slipway.upstream.revision"] = record.UpstreamCommit
	}
	if p.fork.Images.Source != "" {
		out["org.opencontainers.image.source"] = p.fork.Images.Source
	}
	return out
}

// packages are the packages that images install and that pods run with.
type packages struct {
	installed map[string]map[platform.Platform]selection // by image
	pods      []packaging.Package
}

// A selection is packages of one platform.
type selection struct {
	components []cross.Component // that their programs are
	packages   []packaging.Package
}

// gatherPackages assembles packages. Faults of all images are reported at once.
func gatherPackages(ctx context.Context, s *build.Session, p plan, in inputs) (packages, error) {
	out := packages{installed: map[string]map[platform.Platform]selection{}}
	var faults faults
	for _, r := range p.needed {
		if len(r.Installs) == 0 {
			continue
		}
		recipes, err := selectPackages(p.input, r.Packages())
		if err != nil {
			return out, fmt.Errorf("image %s: %w", r.Name, err)
		}
		out.installed[r.Name] = map[platform.Platform]selection{}
		for _, on := range p.platforms {
			made, err := assemble(ctx, s, recipes, on, in.at[on].built)
			if err != nil {
				faults.add(fmt.Errorf("image %s: %w", r.Name, err))
			}
			out.installed[r.Name][on] = selection{p.componentsOf(recipes), made}
		}
	}
	if err := faults.join(); err != nil || len(p.pods) == 0 {
		return out, err
	}
	recipes, err := p.podPackages()
	if err != nil {
		return out, err
	}
	out.pods, err = assemble(ctx, s, recipes, p.platforms[0], in.at[p.platforms[0]].built)
	return out, err
}

// assemble assembles packages for a platform. No program is asked for its help:
// selectPackages leaves out what that is for.
func assemble(
	ctx context.Context, s *build.Session, recipes []packaging.Recipe, on platform.Platform, built build.Binaries,
) ([]packaging.Package, error) {
	in, err := s.PackageInput(packaging.Debian(), on)
	if err != nil {
		return nil, err
	}
	return s.Packages(ctx, in, recipes, built, build.Binaries{})
}

// faults are errors, each once: most are the same for each platform.
type faults []error

func (f *faults) add(err error) {
	for _, said := range *f {
		if said.Error() == err.Error() {
			return
		}
	}
	*f = append(*f, err)
}

func (f faults) join() error { return errors.Join(f...) }
