package tarball

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/tarballs"
)

// A job is the tarballs to write.
type job struct {
	inputs inputs
	kept   map[string]Made // that stay as they are
	record Record          // without tarballs
	keys   map[string]action.Key
	dst    string // folder to write to
}

// write writes the tarballs that are not kept, puts the folder with all of the plan in its
// place in one step, and returns all that are in it.
func write(ctx context.Context, s *build.Session, p plan, j job) (map[string]Made, error) {
	dir := p.fork.Dist(folder)
	if p.holds(output.List(s.Dist().Abs(dir))) && len(j.kept) == len(p.tarballs) {
		return j.kept, s.Stage("tarball", "", text.Count(len(j.kept), "tarball"), func() (build.Done, error) {
			return build.Done{Kept: true}, nil
		})
	}
	j.keys = p.keys(s.Lock(), j.inputs)
	all := maps.Clone(j.kept)
	err := s.Dist().Replace(dir, func(dst string) error {
		j.dst = dst
		if err := os.Mkdir(dst, 0o755); err != nil {
			return err
		}
		for _, old := range j.kept {
			from := filepath.Join(s.Dist().Abs(dir), old.File)
			if err := filetree.LinkOrCopy(from, filepath.Join(dst, old.File), filetree.Regular); err != nil {
				return err
			}
		}
		if err := writeMissing(ctx, s, p, j, all); err != nil {
			return err
		}
		return writeRecord(j, all)
	})
	return all, err
}

// holds reports whether these are the files of the plan's tarballs and the record.
func (p plan) holds(files []string) bool {
	want := []string{recordFile}
	for _, t := range p.tarballs {
		want = append(want, t.file)
	}
	slices.Sort(want)
	return slices.Equal(files, want)
}

// writeMissing writes the tarballs that are not kept, one after the other, each on all
// processors, and notes what they are in all.
func writeMissing(ctx context.Context, s *build.Session, p plan, j job, all map[string]Made) error {
	scratch, err := s.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	c := composer{inputs: j.inputs, tarballs: j.dst, archives: scratch}
	for _, t := range p.tarballs {
		if _, ok := j.kept[t.file]; ok {
			continue
		}
		if c.tree.Path == "" && t.needsTree() {
			if c.tree, err = patched(ctx, s); err != nil {
				return err
			}
		}
		made := Made{File: t.file, Inputs: j.keys[t.file]}
		if t.platform != (platform.Platform{}) {
			made.Platform = t.platform.String()
		}
		err := s.Stage("tarball", t.file, "", func() (build.Done, error) {
			w, err := writeOne(ctx, p, c, t)
			made.Size, made.SHA256 = w.Size, w.SHA256
			return build.Done{}, err
		})
		if err != nil {
			return err
		}
		all[t.file] = made
	}
	return nil
}

// needsTree reports whether a tarball has something of the patched tree.
func (t planned) needsTree() bool {
	return slices.ContainsFunc(t.parts, func(c part) bool { return c.Tree != "" })
}

// writeOne writes a tarball, and before it the archives of the images in it.
func writeOne(ctx context.Context, p plan, c composer, t planned) (tarballs.Written, error) {
	for _, part := range t.parts {
		for name, reference := range part.Images {
			index, digest := c.image(name, part.On)
			if digest == "" {
				continue
			}
			a := archive{
				layout: p.fork.Project.Path(p.request.Images), index: index, image: digest,
				reference: reference + ":" + c.inputs.images.Tag,
			}
			if err := a.write(filepath.Join(c.archives, archiveName(name, part.On))); err != nil {
				return tarballs.Written{}, err
			}
		}
	}
	files, err := c.compose(t)
	if err != nil {
		return tarballs.Written{}, err
	}
	return tarballs.WriteFiles(ctx, filepath.Join(c.tarballs, t.file), files, p.date)
}

// writeRecord writes tarballs.json.
func writeRecord(j job, all map[string]Made) error {
	r := j.record
	r.Tarballs = slices.SortedFunc(maps.Values(all), func(a, b Made) int { return cmp.Compare(a.File, b.File) })
	data, err := r.encode()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(j.dst, recordFile), data, 0o644)
}
