package slipway

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/event"
)

// Ebuild lays out an overlay of a fork, or of all forks of the project, in
// dist/overlay, and what its ebuilds fetch in dist/distfiles. It returns the
// overlay's files.
func (p *Project) Ebuild(ctx context.Context, id string) ([]ebuilds.File, error) {
	ids := []string{id}
	if id == "" {
		var err error
		if ids, err = p.ForkIDs(); err != nil {
			return nil, err
		}
	}
	o := ebuilds.Overlay{}
	for _, id := range ids {
		f, err := p.ebuilds(ctx, id, &o)
		if err != nil {
			return nil, p.advise(p.relative(err))
		}
		o.Forks = append(o.Forks, f)
	}
	files, err := o.Lay()
	if err != nil {
		return nil, err
	}
	return files, p.placeOverlay(ctx, files)
}

// ebuilds gathers one fork for an overlay.
func (p *Project) ebuilds(ctx context.Context, id string, o *ebuilds.Overlay) (ebuilds.Fork, error) {
	w, l, leave, err := p.enterLocked(ctx, id)
	if err != nil {
		return ebuilds.Fork{}, err
	}
	defer leave()
	if w.goCmd, err = w.goCmd.At(ctx, w.fork.Build.Toolchain, l.Go, p.Dir); err != nil {
		return ebuilds.Fork{}, err
	}
	w.announce()
	if name := w.fork.Ebuilds.Repository; o.Name != "" && o.Name != name {
		return ebuilds.Fork{}, fmt.Errorf("%s: ebuilds.repository is %s, and another fork's %s: they share an overlay", w.fork.file("fork.yaml"), name, o.Name)
	}
	o.Name, o.Maintainer = w.fork.Ebuilds.Repository, w.fork.Packages.Maintainer
	return w.gentoo(ctx, l)
}

// placeOverlay writes the overlay and puts it into its place in one step.
func (p *Project) placeOverlay(ctx context.Context, files []ebuilds.File) error {
	leave, err := p.cache().Lock(ctx, func() { p.Events.Note("waiting for another run in this project to end") })
	if err != nil {
		return p.advise(err)
	}
	defer leave()
	scratch, err := p.cache().Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	whole := filepath.Join(scratch, "whole")
	for _, f := range files {
		at := filepath.Join(whole, filepath.FromSlash(f.Path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, f.Data, 0o644)); err != nil {
			return err
		}
	}
	if err := swap(whole, filepath.Join(p.Dir, "dist", "overlay"), filepath.Join(scratch, "old")); err != nil {
		return err
	}
	for _, f := range files {
		if path.Ext(f.Path) == ".ebuild" {
			p.Events.Emit(event.Event{Kind: event.Artifact, Component: strings.TrimSuffix(path.Base(f.Path), ".ebuild"), Path: path.Join("dist", "overlay", f.Path),
				Size: int64(len(f.Data)), SHA256: fmt.Sprintf("%x", sha256.Sum256(f.Data))})
		}
	}
	return nil
}
