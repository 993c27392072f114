package packages

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/packaging"
)

// A job is the packages to write.
type job struct {
	composed []packaging.Package
	missing  []string        // of these, by name
	kept     map[string]Made // that stay as they are
	dst      string          // folder to write to
}

// write writes the missing packages, puts the folder with them and those that are
// kept in its place in one step, and returns all that are in it.
func write(ctx context.Context, s *build.Session, p plan, in inputs, j job) (map[string]Made, error) {
	all := maps.Clone(j.kept)
	err := s.Dist().Replace(p.dir, func(dst string) error {
		if err := os.Mkdir(dst, 0o755); err != nil {
			return err
		}
		for _, old := range j.kept {
			from := filepath.Join(s.Dist().Abs(p.dir), old.File)
			if err := filetree.LinkOrCopy(from, filepath.Join(dst, old.File), filetree.Regular); err != nil {
				return err
			}
		}
		j.dst = dst
		made, err := writeMissing(ctx, s, p, in, j)
		if err != nil {
			return err
		}
		for _, m := range made {
			all[m.Name] = m
		}
		return writeRecord(s, p, in, all, dst)
	})
	return all, err
}

// writeMissing writes packages, several at a time, each in a scratch folder of its
// own before it is moved to its folder.
func writeMissing(ctx context.Context, s *build.Session, p plan, in inputs, j job) ([]Made, error) {
	scratch, err := s.Scratch()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	composed := slices.DeleteFunc(slices.Clone(j.composed), func(c packaging.Package) bool {
		return !slices.Contains(j.missing, c.Name)
	})
	made := make([]Made, len(composed))
	one := s.Counter(p.format.Name, p.platform.String(), len(composed), "packages")
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range composed {
		group.Go(func() error {
			if err := groupCtx.Err(); err != nil {
				return err
			}
			r := p.recipes[slices.IndexFunc(p.recipes, func(r packaging.Recipe) bool { return r.Name == c.Name })]
			var err error
			if made[i].Inputs, err = p.key(s.Lock(), in, r); err != nil {
				return err
			}
			defer one()
			return p.format.writeOne(c, filepath.Join(scratch, c.Name), j.dst, &made[i])
		})
	}
	return made, group.Wait()
}

// writeOne writes one package to dst, and notes what it is.
func (f Format) writeOne(c packaging.Package, scratch, dst string, made *Made) error {
	if err := os.Mkdir(scratch, 0o755); err != nil {
		return err
	}
	at := filepath.Join(scratch, "package")
	w, err := os.Create(at)
	if err != nil {
		return err
	}
	made.Name = c.Name
	made.File, err = f.Write(c, w, scratch)
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	if made.Size, made.SHA256, err = cross.Sum(at); err != nil {
		return err
	}
	return os.Rename(at, filepath.Join(dst, made.File))
}

// writeRecord writes packages.json.
func writeRecord(s *build.Session, p plan, in inputs, all map[string]Made, dst string) error {
	record := Record{Fork: s.Fork().ID, Version: s.Fork().Version, Platform: p.platform.String()}
	names := slices.Sorted(maps.Keys(all))
	recipes, err := p.input.Select(names)
	if err != nil {
		return err
	}
	for _, name := range names {
		record.Packages = append(record.Packages, all[name])
	}
	for _, c := range s.Components(p.input, build.Programs(recipes)) {
		record.Binaries = append(record.Binaries, in.built.Get(c.Name))
	}
	data, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dst, "packages.json"), append(data, '\n'), 0o644)
}
