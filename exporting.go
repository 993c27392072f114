package slipway

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/tarballs"
)

// Export writes the fork's series, carried commits among it, for other tools,
// and returns its path in dist/FORK/export: as "quilt", a folder with a series
// file; as "mbox", which git am reads; or as "git", a bundle to clone, with a
// commit for the upstream and one for each patch. What was written is read back
// and has to come to the fork's patched tree.
func (p *Project) Export(ctx context.Context, id, format string) (string, error) {
	write, ok := map[string]func(context.Context, *workshop, export) error{
		"quilt": exportQuilt, "mbox": exportMbox, "git": exportGit,
	}[format]
	if !ok {
		return "", fmt.Errorf("-format=%s: want quilt, mbox or git", format)
	}
	var path string
	err := p.patchedFork(ctx, id, func(w *workshop, e export) error {
		path = w.fork.dist("export", map[string]string{"quilt": "quilt", "mbox": "series.mbox", "git": "series.bundle"}[format])
		scratch, err := w.cache.Scratch()
		if err != nil {
			return err
		}
		defer os.RemoveAll(scratch)
		e.scratch, e.to = scratch, filepath.Join(scratch, "made")
		if err := write(ctx, w, e); err != nil {
			return fmt.Errorf("exporting %s as %s: %w", w.fork.ID, format, err)
		}
		whole := filepath.Join(w.Dir, path)
		if err := os.MkdirAll(filepath.Dir(whole), 0o755); err != nil {
			return err
		}
		if err := swap(e.to, whole, filepath.Join(scratch, "old")); err != nil {
			return err
		}
		w.Events.Emit(event.Event{Kind: event.Artifact, Path: path})
		return nil
	})
	return path, err
}

// An export is what is exported, and where to.
type export struct {
	up      source.Tree
	series  []patches.Patch
	tree    filetree.Dir // patched
	scratch string
	to      string // does not exist
}

// patchedFork calls f with the fork's patched tree.
func (p *Project) patchedFork(ctx context.Context, id string, f func(*workshop, export) error) error {
	w, l, leave, err := p.enterLocked(ctx, id)
	if err != nil {
		return err
	}
	defer leave()
	w.announce()
	e := export{}
	if e.tree, err = w.patched(ctx, l); err != nil {
		return p.advise(err)
	}
	if e.up, err = readTree(w.upstreamDir()); err != nil {
		return p.advise(err)
	}
	if e.series, err = w.series(ctx); err != nil {
		return p.advise(err)
	}
	return p.advise(f(w, e))
}

// check applies a series that was read back.
func (e export) check(series []patches.Patch) error {
	result, err := patches.Apply(e.up.Dir, series)
	if err != nil {
		return err
	}
	if got, want := e.up.Tree.Changed(result.Changes).Digest(), e.tree.Tree.Digest(); got != want {
		return fmt.Errorf("what was written comes to the tree %s instead of %s", got, want)
	}
	return nil
}

func exportQuilt(_ context.Context, _ *workshop, e export) error {
	out := make([]patches.Patch, len(e.series))
	for i, p := range e.series {
		out[i] = p
		if mail, ok := p.Mail(); ok && isCommit(p) {
			out[i].Name = patches.FileName(i+1, mail.Subject)
		}
		name := filepath.Join(e.to, filepath.FromSlash(out[i].Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, p.Data, 0o644)); err != nil {
			return err
		}
	}
	if err := errors.Join(os.MkdirAll(e.to, 0o755), os.WriteFile(filepath.Join(e.to, "series"), patches.EditSeries(nil, out), 0o644)); err != nil {
		return err
	}
	series, err := patches.ReadSeries(e.to)
	if err != nil {
		return err
	}
	return e.check(series)
}

func exportMbox(ctx context.Context, w *workshop, e export) error {
	src := filepath.Join(e.scratch, "git")
	ids, err := w.history(ctx, src, e)
	if err != nil {
		return err
	}
	var mbox []byte
	var back []patches.Patch
	for i, id := range ids[1:] {
		data, err := w.fetcher().Git.Patch(ctx, src, id)
		if err != nil {
			return err
		}
		mbox = append(append(mbox, data...), '\n')
		back = append(back, patches.Patch{Name: e.series[i].Name, Strip: 1, Data: data})
	}
	if err := e.check(back); err != nil {
		return err
	}
	return os.WriteFile(e.to, mbox, 0o644)
}

func exportGit(ctx context.Context, w *workshop, e export) error {
	src := filepath.Join(e.scratch, "git")
	if _, err := w.history(ctx, src, e); err != nil {
		return err
	}
	laid, err := filetree.Scan(ctx, src)
	if err != nil {
		return err
	}
	if got, want := withoutGit(laid.Tree).Digest(), e.tree.Tree.Digest(); got != want {
		return fmt.Errorf("the commits come to the tree %s instead of %s", got, want)
	}
	return w.fetcher().Git.Bundle(ctx, src, e.to)
}

// history lays the series out as commits in dir and returns them, the
// upstream's first.
func (w *workshop) history(ctx context.Context, dir string, e export) ([]string, error) {
	steps, err := patches.Steps(e.up.Dir, e.series)
	if err != nil {
		return nil, err
	}
	return w.fetcher().Git.Build(ctx, dir, gitrepo.Series{
		Base: e.up.Dir, Upstream: w.fork.Upstream.Pin(), Date: e.up.Time, Steps: w.commits(steps, e.up.Time),
	})
}

// ExportSource writes the patched source as a tarball, the same bytes for the
// same fork, and returns its path in dist/FORK/export. format is "tar.xz" or
// "tar.gz".
func (p *Project) ExportSource(ctx context.Context, id, format string) (string, error) {
	if format != "tar.xz" && format != "tar.gz" {
		return "", fmt.Errorf("-format=%s: want tar.xz or tar.gz", format)
	}
	var path string
	err := p.patchedFork(ctx, id, func(w *workshop, e export) error {
		date, err := w.date(e.up.Time)
		if err != nil {
			return err
		}
		root := w.fork.Name + "-" + w.fork.Version
		path = w.fork.dist("export", root+"."+format)
		whole := filepath.Join(w.Dir, path)
		if err := os.MkdirAll(filepath.Dir(whole), 0o755); err != nil {
			return err
		}
		if err := e.tree.Verify(ctx, nil); err != nil {
			return fmt.Errorf("%w\n  To have it laid out again: mage clean", err)
		}
		w.Events.Emit(event.Event{Kind: event.Started, Stage: "source", Subject: strings.TrimPrefix(format, "tar.")})
		if err := tarballs.Write(ctx, whole, root, e.tree, date); err != nil {
			return err
		}
		w.Events.Emit(event.Event{Kind: event.Artifact, Path: path})
		return nil
	})
	return path, err
}
