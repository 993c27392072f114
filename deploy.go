package slipway

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/kubespray"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// A KubesprayRequest says where Kubespray will find what of a fork.
type KubesprayRequest struct {
	Fork     string
	Registry string // prefix of the images' repositories; empty: that of fork.yaml
	URL      string // below which the binaries will be; empty where Kubespray takes none
}

// Kubespray writes dist/FORK/deploy/kubespray.yml, the variables that have
// Kubespray deploy the fork, for which its images have to be made. It builds the
// binaries whose sums are in there.
func (p *Project) Kubespray(ctx context.Context, r KubesprayRequest) error {
	w, l, leave, err := p.enterLocked(ctx, r.Fork)
	if err != nil {
		return err
	}
	defer leave()
	if w.goCmd, err = w.goCmd.At(ctx, w.fork.Build.Toolchain, l.Go, p.Dir); err != nil {
		return err
	}
	return p.advise(p.relative(w.kubespray(ctx, l, r)))
}

func (w *workshop) kubespray(ctx context.Context, l lock.Lock, r KubesprayRequest) error {
	recipes, err := profiles.Kubespray(w.Dir, w.fork.Profile)
	if err != nil {
		return err
	}
	targets := w.fork.linux()
	if len(targets) == 0 {
		return fmt.Errorf("%s: build.platforms has none of Linux, and Kubespray deploys on no other", w.fork.file("fork.yaml"))
	}
	in, err := w.deployed(r, targets)
	if err != nil {
		return err
	}
	k := &packing{workshop: w, lock: l, to: format{name: "deploy", family: packaging.Debian()}}
	if err := k.prepare(targets[0]); err != nil {
		return err
	}
	in.Programs = map[string]kubespray.Program{}
	for _, program := range recipes.Programs(in.Version) {
		if !slices.Contains(k.in.Programs, program) && k.in.Multicall(program) == nil {
			continue
		}
		in.Programs[program] = kubespray.Program{Sums: map[string]string{}}
		for _, target := range targets {
			in.Programs[program].Sums[target.Arch] = "not known yet"
		}
	}
	if _, err := recipes.Write(in); err != nil { // what lacks is said before the build
		return err
	}
	w.announce()
	if err := k.sum(ctx, in.Programs, targets); err != nil {
		return err
	}
	w.Events.Emit(event.Event{Kind: event.Started, Stage: "deploy"})
	data, err := recipes.Write(in)
	if err != nil {
		return err
	}
	return w.deploy("kubespray", "kubespray.yml", data)
}

// deployed gathers what is known before anything is built.
func (w *workshop) deployed(r KubesprayRequest, targets []platform.Platform) (kubespray.Input, error) {
	f := w.fork
	in := kubespray.Input{
		Fork: f.ID, Profile: path.Join("profiles", f.Profile, "kubespray.yaml"), Version: f.Parsed,
		Registry: cmp.Or(r.Registry, f.Images.Registry), URL: strings.TrimRight(r.URL, "/"),
	}
	if in.Registry == "" {
		return in, fmt.Errorf("-registry: say where the images are pulled from, as -registry=registry.example.org/team, or set images.registry in %s", f.file("fork.yaml"))
	}
	if _, err := name.NewRepository(in.Registry + "/image"); err != nil {
		return in, fmt.Errorf("-registry=%s is no registry's: write it as registry.example.org/team", in.Registry)
	}
	if r.URL != "" {
		if err := kubespray.CheckURL(r.URL); err != nil {
			return in, err
		}
	}
	record, err := w.imagesOf(f)
	if err != nil {
		return in, err
	}
	in.Tag = record.Tag
	for _, image := range record.Images {
		for _, p := range targets {
			if !slices.ContainsFunc(image.Platforms, func(made PlatformImage) bool { return made.Platform == p.String() }) {
				return in, fmt.Errorf("%s: image %s is not made for %s: make all anew, mage image -fork=%s", f.dist("images"), image.Name, p, f.ID)
			}
		}
		in.Images = append(in.Images, image.Name)
	}
	return in, nil
}

// sum builds programs for platforms, where they are not built, and notes their
// files and sums.
func (k *packing) sum(ctx context.Context, programs map[string]kubespray.Program, targets []platform.Platform) error {
	components := k.componentsOf(slices.Collect(maps.Keys(programs)))
	if len(components) == 0 {
		return nil
	}
	for _, target := range targets {
		built, err := k.binaries(ctx, job{target, components})
		if err != nil {
			return err
		}
		for program, p := range programs {
			b := built[k.in.Component(program)]
			p.File, p.Sums[target.Arch] = b.File, b.SHA256
			programs[program] = p
		}
	}
	return nil
}

// deploy puts a file into dist/FORK/deploy.
func (w *workshop) deploy(what, file string, data []byte) error {
	kept, err := w.leave("deploy", map[string][]byte{file: data})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	w.Events.Emit(event.Event{Kind: event.Finished, Stage: "deploy", Detail: what, Kept: kept})
	w.Events.Emit(event.Event{Kind: event.Artifact, Component: what, Kept: kept, Path: w.fork.dist("deploy", file), Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])})
	return nil
}

// leave puts files into a folder of dist, in one step, and reports whether it had
// just those already.
func (w *workshop) leave(folder string, want map[string][]byte) (kept bool, err error) {
	dir := filepath.Join(w.Dir, w.fork.dist(folder))
	kept = slices.Equal(files(dir), slices.Sorted(maps.Keys(want)))
	for name, data := range want {
		old, err := os.ReadFile(filepath.Join(dir, name))
		kept = kept && err == nil && bytes.Equal(old, data)
	}
	if kept {
		return true, nil
	}
	scratch, err := w.cache.Scratch()
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(scratch)
	whole := filepath.Join(scratch, "whole")
	err = errors.Join(os.MkdirAll(whole, 0o755), os.MkdirAll(filepath.Dir(dir), 0o755))
	for name, data := range want {
		err = errors.Join(err, os.WriteFile(filepath.Join(whole, name), data, 0o644))
	}
	if err != nil {
		return false, err
	}
	return false, swap(whole, dir, filepath.Join(scratch, "old"))
}
