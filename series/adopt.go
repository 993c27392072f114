package series

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/lock"
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
// the fork as it was or the whole new one. tree is the digest of the tree that the
// series has to make, before the fork's deps; "" for any.
func adopt(ctx context.Context, s *build.Session, r revision, tree string) error {
	scratch, err := s.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	old, next := s.Fork().Abs("."), filepath.Join(scratch, "forks", s.Fork().ID)
	if err := os.CopyFS(next, os.DirFS(old)); err != nil {
		return err
	}
	if err := r.write(next, s.Fork().Series); err != nil {
		return err
	}
	if err := repin(ctx, s, scratch, tree); err != nil {
		return err
	}
	if err := s.Dist().Place(next, s.Fork().File(".")); err != nil {
		return err
	}
	now, err := s.Fork().Project.Fork(s.Fork().ID)
	if err != nil {
		return err
	}
	if _, _, err := now.Commit(tree); err != nil { // known now, and not only to the next build
		s.Note(err.Error())
	}
	return nil
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
	for _, p := range before {
		if !named(r.files, p.Name) {
			if err := os.Remove(filepath.Join(folder, p.Name)); err != nil {
				return err
			}
		}
	}
	for _, p := range r.files {
		to := filepath.Join(folder, p.Name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, p.Data, 0o644)); err != nil {
			return err
		}
	}
	if len(r.files) == 0 && len(series) == 0 {
		return nil
	}
	return os.WriteFile(filepath.Join(folder, "series"), patches.EditSeries(series, r.files), 0o644)
}

// repin writes the lock of the fork as it is below root, a project of its own.
func repin(ctx context.Context, s *build.Session, root, tree string) error {
	project := s.Fork().Project
	if _, err := os.Stat(project.Path("profiles")); err == nil {
		if err := os.CopyFS(filepath.Join(root, "profiles"), os.DirFS(project.Path("profiles"))); err != nil {
			return err
		}
	}
	f, err := fork.Project{Dir: root}.Fork(s.Fork().ID)
	if err != nil {
		return err
	}
	file := f.Abs("fork.lock")
	f.Project = project // paths of repositories in fork.yaml are relative to it
	then, err := s.On(ctx, f, lock.Lock{})
	if err != nil {
		return err
	}
	p, err := pin(ctx, then)
	if err != nil {
		return err
	}
	if tree != "" && p.series != tree {
		return fmt.Errorf("the new series makes the tree %s instead of %s: nothing was changed", p.series, tree)
	}
	return p.lock.Write(file)
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
