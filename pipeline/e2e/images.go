package e2e

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/e2e"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/layers"
)

// inputs are what images are made of.
type inputs struct {
	named  []e2e.Named
	built  build.Binaries
	copies map[string][]byte // files of the tree
	pins   []debbase.Pin     // packages of all images
	own    map[string]result // images of forks, by their names there
}

// A result is an image, or why there is none.
type result struct {
	image   v1.Image
	missing string
}

// gather compiles what the images hold, and finds the packages and files that they have.
func (p plan) gather(ctx context.Context, s *build.Session, named []e2e.Named) (inputs, error) {
	in := inputs{named: named, own: map[string]result{}}
	var err error
	if in.built, err = s.Programs(ctx, fork.Job{Platform: p.on, Components: p.inside}); err != nil {
		return in, err
	}
	var names []string
	for _, image := range p.suite.Images {
		names = slices.AppendSeq(names, maps.Values(image.Copies))
	}
	slices.Sort(names)
	in.copies, _, err = build.Do(ctx, s, copiesStage, copies{Tree: s.Lock().Tree, Names: slices.Compact(names)})
	if err != nil {
		return in, err
	}
	for _, n := range named {
		image, ok := p.described(n)
		if _, done := in.own[image.Own]; !ok || image.Own == "" || done {
			continue
		}
		if in.own[image.Own], err = p.ownImage(ctx, s, image.Own); err != nil {
			return in, err
		}
	}
	if len(p.suite.Debian.Packages) > 0 {
		in.pins, err = p.pins(ctx, s)
	}
	return in, err
}

// pinsStage chooses Debian's packages, once a day.
var pinsStage = build.Stage[packages, []debbase.Pin]{
	Name: "test-packages", Revision: 1, Keep: 8, Run: resolve, Read: build.ReadJSON[[]debbase.Pin]("pins.json"),
}

type packages struct {
	Debian e2e.Debian
	Arch   string // as Debian names it
	Day    string
	from   []debbase.Archive
	now    time.Time
}

func resolve(ctx context.Context, _ *build.Session, in packages, dst string) error {
	pins, err := debbase.Resolve(ctx, in.from, in.Arch, in.Debian.Packages, in.now)
	if err != nil {
		return err
	}
	return build.WriteJSON(dst, "pins.json", pins)
}

// pins returns the packages of the images.
func (p plan) pins(ctx context.Context, s *build.Session) ([]debbase.Pin, error) {
	pins, _, err := build.Do(ctx, s, pinsStage, packages{
		Debian: p.suite.Debian, Arch: debbase.Arch(p.on.Arch), Day: p.request.Now.UTC().Format(time.DateOnly),
		from: p.from, now: p.request.Now,
	})
	if err != nil {
		err = fmt.Errorf("choosing Debian's packages for the images of the tests: %w", err)
	}
	return pins, err
}

// pinsOf returns the packages of an image itself.
func (in inputs) pinsOf(image e2e.Image) []debbase.Pin {
	if image.HasAll() {
		return in.pins
	}
	return slices.DeleteFunc(slices.Clone(in.pins), func(p debbase.Pin) bool {
		return !slices.Contains(image.Packages, p.Name)
	})
}

// A maker makes images of what was gathered.
type maker struct {
	plan
	inputs
	cache layers.Cache
}

// images makes the images that the tests name, by their full names.
func (p plan) images(ctx context.Context, s *build.Session, in inputs) (map[string]result, error) {
	out := map[string]result{}
	m := maker{p, in, layers.New(s, []string{p.fork.Images.Compression}, p.input.Date)}
	m.cache.Note = func(string) {} // the images of tests are no base of anything
	one := s.Counter("image", "of the tests", len(in.named), "images")
	for _, n := range in.named {
		image, ok := p.described(n)
		switch {
		case !ok:
			out[n.Full] = result{missing: "Slipway does not make it"}
		case image.Own != "":
			out[n.Full] = in.own[image.Own]
		default:
			made, err := m.image(ctx, image, n.Tag)
			if err != nil {
				return out, fmt.Errorf("image %s of the tests: %w", image.Name, err)
			}
			out[n.Full] = result{image: made}
		}
		one()
	}
	return out, nil
}

// image makes an image. Images of two tags differ in their annotations, as the tests may want to
// tell them apart.
func (m maker) image(ctx context.Context, image e2e.Image, tag string) (v1.Image, error) {
	settled := m.suite.Settled(image)
	out := images.Image{
		Recipe:   images.Recipe{Name: image.Name, Args: settled.Args, User: settled.User, Ports: settled.Ports},
		Platform: m.on, Format: m.fork.Images.Format, Command: settled.Start, Created: m.input.Date,
		Labels: map[string]string{
			"org.opencontainers.image.title":       title(image),
			"org.opencontainers.image.version":     tag,
			"org.opencontainers.image.description": "for the end-to-end tests of " + m.fork.Version,
		},
	}
	below, above, err := m.stack(ctx, &out, m.suite.Chain(image))
	if err != nil {
		return nil, err
	}
	start := settled.Start
	if len(start) > 0 && !path.IsAbs(start[0]) {
		start = nil // it is looked up in PATH
	}
	if err := images.Check(title(image), m.on.Arch, below, above, start); err != nil {
		return nil, err
	}
	return out.Assemble()
}

// stack adds the layers of a chain of images to one, and returns what is in them: packages below,
// files above.
func (m maker) stack(
	ctx context.Context, to *images.Image, chain []e2e.Image,
) (below images.Base, above []images.File, err error) {
	below.Name = "Debian's packages"
	for _, image := range chain {
		if pins := m.pinsOf(image); len(pins) > 0 {
			made, err := m.cache.Debian(ctx, m.from, pins)
			if err != nil {
				return below, nil, err
			}
			to.AppendLayer(made)
			below.Files, below.Layers = made[0].Files, []v1.Layer{made[0]}
		}
		if files := m.files(image); len(files) > 0 {
			made, err := m.cache.Files(ctx, files)
			if err != nil {
				return below, nil, err
			}
			to.AppendLayer(made)
			above = append(above, checkable(image, files)...)
		}
	}
	return below, above, nil
}

// files returns the files of an image itself.
func (in inputs) files(image e2e.Image) []images.File {
	var out []images.File
	for at := range image.Programs {
		f := images.File{Path: at, Mode: 0o755, Source: in.built.Path(path.Base(at))}
		if slices.Contains(image.Setuid, at) {
			f.Mode |= setuid
		}
		out = append(out, f)
	}
	for at, name := range image.Copies {
		out = append(out, images.File{Path: at, Data: in.copies[name]})
	}
	for at, text := range image.Texts {
		f := images.File{Path: at, Data: []byte(text)}
		if strings.HasPrefix(text, "#!") {
			f.Mode = 0o755
		}
		out = append(out, f)
	}
	for at, target := range image.Links {
		out = append(out, images.File{Path: at, Target: target})
	}
	for at, names := range image.Applets {
		for _, name := range names {
			out = append(out, images.File{Path: path.Join(path.Dir(at), name), Target: path.Base(at)})
		}
	}
	for _, at := range image.Folders {
		f := images.File{Path: at, Folder: true}
		if at == "/tmp" {
			f.Mode = 0o1777
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b images.File) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// setuid has a program run as its owner, and as its group.
const setuid = 0o6000

// checkable returns the files of an image as rules for images take them. What the profile asks for
// by its path is right, though: programs that run as their owner, and the keys that upstream's
// tests have.
func checkable(image e2e.Image, files []images.File) []images.File {
	var out []images.File
	for _, f := range files {
		if image.Copies[f.Path] == "" {
			f.Mode &^= setuid
			out = append(out, f)
		}
	}
	return out
}
