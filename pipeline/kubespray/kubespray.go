// Package kubespray writes the variables that have Kubespray deploy a fork's images
// and binaries, and builds the binaries whose sums are among them.
package kubespray

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/kubespray"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/registry"
)

// A Request says where Kubespray will find a fork's images and binaries.
type Request struct {
	// Registry is the prefix of the images' repositories; empty: the one that the images were
	// made for, or else that of fork.yaml.
	Registry string
	URL      string // below which the binaries will be; empty where Kubespray takes none
}

// Run writes dist/FORK/deploy/kubespray.yml. The fork's images have to be made.
func Run(ctx context.Context, s *build.Session, r Request) (artifact.Set, error) {
	p, err := newPlan(s, r)
	if err != nil {
		return nil, err
	}
	if _, err := p.compose(unknown(p)); err != nil { // what is missing is said before the build
		return nil, err
	}
	s.Announce()
	for _, note := range p.notes {
		s.Note(note)
	}
	programs, err := gather(ctx, s, p)
	if err != nil {
		return nil, err
	}
	data, err := p.compose(programs)
	if err != nil {
		return nil, err
	}
	return write(s, p.input.Registry, data)
}

// Check returns what is wrong with a request. That images are missing is none: they
// may be made until then.
func Check(s *build.Session, r Request) error {
	f := s.Fork()
	record, _ := artifact.ReadImages(f.Project.Dir, f.Dist("images"), f.ID, f.Version)
	_, err := settings(f, r, record)
	return err
}

// A plan is what is known before anything is built.
type plan struct {
	recipes  kubespray.Recipes
	input    kubespray.Input
	packages packaging.Input // tells which component a program is
	programs []string        // that the fork builds, and Kubespray downloads
	targets  []platform.Platform
	notes    []string
}

func newPlan(s *build.Session, r Request) (plan, error) {
	var p plan
	var err error
	f := s.Fork()
	if p.recipes, err = profiles.Kubespray(f.Project.Dir, f.Profile); err != nil {
		return p, err
	}
	if p.targets, err = f.Linux("Kubespray deploys"); err != nil {
		return p, err
	}
	record, missing := artifact.ReadImages(f.Project.Dir, f.Dist("images"), f.ID, f.Version)
	if p.input, err = settings(f, r, record); cmp.Or(err, missing) != nil {
		return p, cmp.Or(err, missing)
	}
	if p.targets, p.input.Images, err = imageNames(f, record, p.targets); err != nil {
		return p, err
	}
	if p.notes, err = p.agree(f); err != nil {
		return p, err
	}
	p.input.Tag = record.Tag
	if p.packages, err = s.PackageInput(packaging.Debian(), p.targets[0]); err != nil {
		return p, err
	}
	p.programs = p.built()
	return p, nil
}

// built returns the programs that Kubespray downloads, and the fork builds.
func (p plan) built() []string {
	return slices.DeleteFunc(p.recipes.Programs(p.input.Version), func(program string) bool {
		return !slices.Contains(p.packages.Programs, program) && p.packages.Multicall(program) == nil
	})
}

// settings checks a request for images that are made.
func settings(f fork.Fork, r Request, record artifact.Images) (kubespray.Input, error) {
	pulled := f.Images
	pulled.Registry = cmp.Or(r.Registry, record.Registry, pulled.Registry)
	in := kubespray.Input{
		Fork: f.ID, Profile: path.Join("profiles", f.Profile, "kubespray.yaml"), Version: f.Parsed,
		Registry: strings.TrimSuffix(pulled.Registry, "/"), URL: strings.TrimRight(r.URL, "/"),
	}
	if in.Registry == "" {
		return in, fmt.Errorf("-registry: say where the images are pulled from, "+
			"such as -registry=registry.example.org/team, or set images.registry in %s", f.File("fork.yaml"))
	}
	if err := pulled.CheckRegistry(); err != nil {
		return in, fmt.Errorf("-registry: %w", err)
	}
	if r.URL == "" {
		return in, nil
	}
	return in, kubespray.CheckURL(r.URL)
}

// imageNames returns the names of the images, and those of targets that they are made for,
// which has to be the same for all.
func imageNames(
	f fork.Fork, record artifact.Images, targets []platform.Platform,
) ([]platform.Platform, []string, error) {
	made := record.Platforms()
	on := slices.DeleteFunc(slices.Clone(targets), func(p platform.Platform) bool {
		return len(made) > 0 && !slices.Contains(made, p.String())
	})
	if len(on) == 0 {
		return nil, nil, fmt.Errorf("%s: the images are made for %s, and %s lists none of these: make them again: "+
			"mage image -platforms=all -fork=%s", f.Dist("images"), strings.Join(made, ", "), f.File("fork.yaml"), f.ID)
	}
	var names []string
	for _, image := range record.Images {
		for _, p := range on {
			has := func(made artifact.PlatformImage) bool { return made.Platform == p.String() }
			if !slices.ContainsFunc(image.Platforms, has) {
				return nil, nil, fmt.Errorf("%s: image %s is not made for %s: make all images again: "+
					"mage image -platforms=all -fork=%s", f.Dist("images"), image.Name, p, f.ID)
			}
		}
		names = append(names, image.Name)
	}
	return on, names, nil
}

// agree tells what the variables leave out, and of pods and units that name another registry.
func (p plan) agree(f fork.Fork) ([]string, error) {
	var notes []string
	all, err := f.Linux("Kubespray deploys")
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(all, func(one platform.Platform) bool { return slices.Contains(p.targets, one) })
	if len(missing) > 0 {
		notes = append(notes, fmt.Sprintf("Kubespray deploys only %s, which the images in %s are for; %s also lists %s: "+
			"for all, mage image -platforms=all -fork=%s", list(p.targets), f.Dist("images"), f.File("fork.yaml"),
			list(missing), f.ID))
	}
	pulls, err := artifact.Pulls(f.Project.Dir, f.Dist(), "")
	i := slices.IndexFunc(pulls, func(pull artifact.Pull) bool {
		return slices.Contains(p.input.Images, pull.Name) && !registry.Same(pull.Registry, p.input.Registry)
	})
	if i >= 0 {
		notes = append(notes, fmt.Sprintf("Kubespray pulls from %s, and %s names %s: to make them agree, "+
			"mage image -registry=%[1]s -fork=%[4]s, and push there", p.input.Registry, path.Dir(pulls[i].File),
			pulls[i].Registry, f.ID))
	}
	return notes, err
}

// list returns platforms with commas between them.
func list(on []platform.Platform) string {
	var names []string
	for _, p := range on {
		names = append(names, p.String())
	}
	return strings.Join(names, ", ")
}

// unknown returns the plan's programs with sums that are not known yet.
func unknown(p plan) map[string]kubespray.Program {
	out := map[string]kubespray.Program{}
	for _, program := range p.programs {
		out[program] = kubespray.Program{Sums: map[string]string{}}
		for _, target := range p.targets {
			out[program].Sums[target.Arch] = "not known yet"
		}
	}
	return out
}

// gather builds the programs where they are not up to date, and returns their
// files and sums.
func gather(ctx context.Context, s *build.Session, p plan) (map[string]kubespray.Program, error) {
	out := unknown(p)
	components := s.Components(p.packages, slices.Collect(maps.Keys(out)))
	if len(components) == 0 {
		return out, nil
	}
	for _, target := range p.targets {
		built, err := s.Binaries(ctx, fork.Job{Platform: target, Components: components})
		if err != nil {
			return nil, err
		}
		for name, program := range out {
			b := built.Get(p.packages.Component(name))
			program.File, program.Sums[target.Arch] = b.File, b.SHA256
			out[name] = program
		}
	}
	return out, nil
}

// compose returns the file.
func (p plan) compose(programs map[string]kubespray.Program) ([]byte, error) {
	in := p.input
	in.Programs = programs
	return p.recipes.Write(in)
}

// write puts the file into dist/FORK/deploy, with the record of where images are pulled from.
func write(s *build.Session, from string, data []byte) (artifact.Set, error) {
	const file = "kubespray.yml"
	record, err := json.MarshalIndent(artifact.Deployment{
		Fork: s.Fork().ID, Version: s.Fork().Version, File: file, Registry: from,
	}, "", "  ")
	if err != nil {
		return nil, err
	}
	a := artifact.Artifact{
		Kind: artifact.Deploy, Name: "kubespray", Path: s.Fork().Dist("deploy", file),
		Size: int64(len(data)), Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(data)),
	}
	err = s.Stage("deploy", "", a.Name, func() (build.Done, error) {
		var err error
		a.Kept, err = s.Dist().Files(s.Fork().Dist("deploy"), map[string][]byte{
			file: data, artifact.DeployFile: append(record, '\n'),
		})
		return build.Done{Kept: a.Kept}, err
	})
	if err != nil {
		return nil, err
	}
	return s.Report(a), nil
}
