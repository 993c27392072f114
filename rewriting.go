package slipway

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// A revision is what a fork is to become: what fork.yaml says of it, and the
// files of its series.
type revision struct {
	edits []func([]byte) ([]byte, error) // of fork.yaml
	files []patches.Patch
}

// adopt makes the fork what r says and pins it, in one step: whoever looks sees
// the fork as it was or the whole new one. tree is the digest that the patched
// tree has to have, "" for any.
func (w *workshop) adopt(ctx context.Context, r revision, tree string) error {
	scratch, err := w.cache.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	old, next := filepath.Join(w.Dir, w.fork.file(".")), filepath.Join(scratch, "forks", w.fork.ID)
	if err := os.CopyFS(next, os.DirFS(old)); err != nil {
		return err
	}
	if err := r.write(next, w.fork.Series); err != nil {
		return err
	}
	if err := w.repin(ctx, scratch, next, tree); err != nil {
		return err
	}
	return filetree.Exchange(next, old)
}

// write makes the fork in dir what r says. before is the series as it is there.
func (r revision) write(dir string, before []patches.Patch) error {
	name := filepath.Join(dir, "fork.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for _, edit := range r.edits {
		if data, err = edit(data); err != nil {
			return fmt.Errorf("fork.yaml: %w", err)
		}
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		return err
	}
	folder := filepath.Join(dir, "patches")
	series, err := os.ReadFile(filepath.Join(folder, "series"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	named := func(p patches.Patch) bool {
		return slices.ContainsFunc(r.files, func(o patches.Patch) bool { return o.Name == p.Name })
	}
	for _, p := range before {
		if !named(p) {
			if err := os.Remove(filepath.Join(folder, p.Name)); err != nil {
				return err
			}
		}
	}
	for _, p := range r.files {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(folder, p.Name)), 0o755), os.WriteFile(filepath.Join(folder, p.Name), p.Data, 0o644)); err != nil {
			return err
		}
	}
	if len(r.files) == 0 && len(series) == 0 {
		return nil
	}
	return os.WriteFile(filepath.Join(folder, "series"), patches.EditSeries(series, r.files), 0o644)
}

// repin writes the lock of the fork in next, which lies below root as in a
// project.
func (w *workshop) repin(ctx context.Context, root, next, tree string) error {
	sketch := &Project{Dir: root, Env: w.Env, Events: w.Events}
	if profiles := filepath.Join(w.Dir, "profiles"); exists(profiles) {
		if err := os.CopyFS(filepath.Join(root, "profiles"), os.DirFS(profiles)); err != nil {
			return err
		}
	}
	f, err := sketch.Fork(w.fork.ID)
	if err != nil {
		return err
	}
	then := &workshop{Project: w.Project, fork: f, goCmd: w.goCmd, cache: w.cache}
	l, err := then.pin(ctx)
	if err != nil {
		return err
	}
	if tree != "" && l.Tree != tree {
		return fmt.Errorf("the new series comes to the tree %s instead of %s: nothing was changed", l.Tree, tree)
	}
	return l.Write(filepath.Join(next, "fork.lock"))
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// setField returns the edit that sets a field of fork.yaml.
func setField(field, value string) func([]byte) ([]byte, error) {
	return func(data []byte) ([]byte, error) { return config.Set(data, field, value) }
}

func dropField(field string) func([]byte) ([]byte, error) {
	return func(data []byte) ([]byte, error) { return config.Drop(data, field) }
}

// moveTo returns the edits that set fork.yaml to another upstream of its kind
// and the version of the fork that goes with it.
func moveTo(u source.Upstream, version string) []func([]byte) ([]byte, error) {
	edits := []func([]byte) ([]byte, error){setField("version", version)}
	if u.Module != "" {
		return append(edits, setField("upstream.module", u.Module), dropField("upstream.commit"))
	}
	edits = append(edits, setField("upstream.commit", u.Commit))
	if u.Tag == "" {
		return append(edits, dropField("upstream.tag"))
	}
	return append(edits, setField("upstream.tag", u.Tag))
}
