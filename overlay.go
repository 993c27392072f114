package slipway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/event"
)

// Ebuild lays out an overlay of a fork, or of all forks of the project, in
// dist/overlay, and what its ebuilds fetch in dist/distfiles. It returns the
// overlay's files.
func (p *Project) Ebuild(ctx context.Context, id string) (ebuilds.Tree, error) {
	ids := []string{id}
	if id == "" {
		var err error
		if ids, err = p.ForkIDs(); err != nil {
			return nil, err
		}
	}
	old, err := p.overlay()
	if err != nil {
		return nil, err
	}
	o := ebuilds.Overlay{}
	for _, id := range ids {
		f, err := p.ebuilds(ctx, id, &o, old)
		if err != nil {
			return nil, p.advise(p.relative(err))
		}
		o.Forks = append(o.Forks, f)
	}
	return p.placeOverlay(ctx, o)
}

// overlayDir is where the overlay lies, relative to the project.
var overlayDir = filepath.Join("dist", "overlay")

// overlay reads the overlay that is there.
func (p *Project) overlay() (ebuilds.Tree, error) {
	root := filepath.Join(p.Dir, overlayDir)
	out := ebuilds.Tree{}
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == root {
			return nil
		}
		if err != nil {
			return err
		}
		if e.Name() == ".git" {
			return fmt.Errorf("%s is a git repository, and an overlay is replaced as a whole: keep the repository elsewhere, and copy with rsync -a --delete --exclude=.git %[1]s/ CHECKOUT/", overlayDir)
		}
		if e.Type().IsRegular() {
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			out[filepath.ToSlash(rel)], err = os.ReadFile(name)
			return err
		}
		return nil
	})
	return out, err
}

// ebuilds gathers one fork for an overlay.
func (p *Project) ebuilds(ctx context.Context, id string, o *ebuilds.Overlay, old ebuilds.Tree) (ebuilds.Fork, error) {
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
	return w.gentoo(ctx, l, *o, old)
}

// placeOverlay merges the overlay into the one that is there, and puts it into
// its place in one step.
func (p *Project) placeOverlay(ctx context.Context, o ebuilds.Overlay) (ebuilds.Tree, error) {
	leave, err := p.cache().Lock(ctx, func() { p.Events.Note("waiting for another run in this project to end") })
	if err != nil {
		return nil, p.advise(err)
	}
	defer leave()
	old, err := p.overlay()
	if err != nil {
		return nil, err
	}
	files, notes, err := o.Merge(old)
	if err != nil {
		return nil, err
	}
	for _, note := range notes {
		p.Events.Note(note)
	}
	scratch, err := p.cache().Scratch()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	whole, root := filepath.Join(scratch, "whole"), filepath.Join(p.Dir, overlayDir)
	for name, data := range files {
		to := filepath.Join(whole, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, data, 0o644)); err != nil {
			return nil, err
		}
	}
	if err := swap(whole, root, filepath.Join(scratch, "old")); err != nil {
		return nil, err
	}
	p.tell(o, old, files)
	return files, nil
}

// tell says which ebuilds there are of the forks.
func (p *Project) tell(o ebuilds.Overlay, old, files ebuilds.Tree) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		of := func(f ebuilds.Fork) bool { return strings.HasPrefix(name, f.Project.Category+"/"+f.Project.Name) }
		if path.Ext(name) != ".ebuild" || !slices.ContainsFunc(o.Forks, of) {
			continue
		}
		p.Events.Emit(event.Event{Kind: event.Artifact, Component: strings.TrimSuffix(path.Base(name), ".ebuild"), Kept: bytes.Equal(old[name], files[name]),
			Path: filepath.Join(overlayDir, filepath.FromSlash(name)), Size: int64(len(files[name])), SHA256: fmt.Sprintf("%x", sha256.Sum256(files[name]))})
	}
}
