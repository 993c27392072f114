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
	"github.com/slipway-build/slipway/internal/run"
)

// An EbuildRequest says which overlay to lay out.
type EbuildRequest struct {
	Fork   string // empty: all forks of the project
	Gentoo string // a checkout of ::gentoo; empty: the host's, if it has one
}

// hostGentoo is where Gentoo has its repository.
const hostGentoo = "/var/db/repos/gentoo"

// Ebuild lays out an overlay in dist/overlay, and what its ebuilds fetch in
// dist/distfiles. Where there is a checkout of ::gentoo, whose eclasses decide
// it, the overlay also says what Portage would otherwise find out of each ebuild.
// It returns the overlay's files.
func (p *Project) Ebuild(ctx context.Context, r EbuildRequest) (ebuilds.Tree, error) {
	if r.Gentoo == "" && exists(filepath.Join(hostGentoo, "eclass")) {
		r.Gentoo = hostGentoo
	}
	if r.Gentoo != "" && !exists(filepath.Join(r.Gentoo, "eclass")) {
		return nil, fmt.Errorf("-gentoo=%s: it has no folder eclass: want a checkout of the repository ::gentoo", r.Gentoo)
	}
	ids := []string{r.Fork}
	if r.Fork == "" {
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
	return p.placeOverlay(ctx, o, r.Gentoo)
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
func (p *Project) placeOverlay(ctx context.Context, o ebuilds.Overlay, gentoo string) (ebuilds.Tree, error) {
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
	if err := clashes(o, gentoo); err != nil {
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
	files.Uncache()
	if err := writeAll(whole, files); err != nil {
		return nil, err
	}
	if gentoo == "" {
		p.Events.Note("without a checkout of ::gentoo there is no metadata/md5-cache: users' Portage makes its own (-gentoo=DIR)")
	} else if err := p.describeEbuilds(ctx, whole, gentoo, files); err != nil {
		return nil, err
	}
	if err := swap(whole, root, filepath.Join(scratch, "old")); err != nil {
		return nil, err
	}
	p.tell(o, old, files)
	return files, nil
}

// clashes tells of packages that ::gentoo has in another category: their names
// alone would not say which is meant.
func clashes(o ebuilds.Overlay, gentoo string) error {
	if gentoo == "" {
		return nil
	}
	var errs []error
	for _, f := range o.Forks {
		for _, name := range []string{f.Project.Name, f.Project.Name + "-bin", f.Project.Name + "-meta"} {
			found, err := filepath.Glob(filepath.Join(gentoo, "*-*", name))
			if err != nil {
				return err
			}
			for _, dir := range found {
				if category := filepath.Base(filepath.Dir(dir)); category != f.Project.Category && !strings.HasPrefix(category, "acct-") {
					errs = append(errs, fmt.Errorf("%s/%s clashes with %s/%[2]s of ::gentoo: change category or name in profiles/%[4]s/gentoo.yaml", f.Project.Category, name, category, f.Profile))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// writeAll writes files below a folder.
func writeAll(dir string, files ebuilds.Tree) error {
	for name, data := range files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, data, 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// describeEbuilds adds to an overlay, which lies in dir, what is in its ebuilds.
func (p *Project) describeEbuilds(ctx context.Context, dir, gentoo string, files ebuilds.Tree) error {
	eclasses, err := filepath.Abs(filepath.Join(gentoo, "eclass"))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	args := append([]string{"bash", "-c", ebuilds.MetadataScript, "metadata.bash", eclasses}, files.Ebuilds()...)
	env := run.Env{"PATH=" + run.Env(p.Env).Get("PATH"), "LC_ALL=C.UTF-8"}
	if err := (run.Runner{Events: p.Events}).Run(ctx, run.Cmd{Args: args, Dir: dir, Env: env, Stdout: &out}); err != nil {
		return fmt.Errorf("reading the overlay's ebuilds with the eclasses of %s: %w", gentoo, err)
	}
	if err := files.Cache(out.String(), func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(eclasses, name+".eclass")) }); err != nil {
		return err
	}
	return writeAll(dir, files)
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
