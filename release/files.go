package release

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/platform"
)

// A file is one that a release takes from dist.
type file struct {
	artifact.Released
	from string // relative to the project
	// changes says that the release changes it: it is copied, and what lies in dist stays.
	changes bool
}

// files returns what a release takes from dist, sorted by path: the artifacts, and what is
// in the layout of images and in the overlay beside them.
func (r Releaser) files(in Input) ([]file, error) {
	var out []file
	folders := map[artifact.Kind]string{}
	for _, a := range in.Made {
		one := file{Released: released(in.Fork, a), from: a.Path}
		switch a.Kind {
		case artifact.Image:
			folders[artifact.Layout] = a.Path
			continue
		case artifact.Ebuild:
			folders[artifact.Overlay] = in.Fork.Dist("overlay")
			continue
		case artifact.Package:
			one.changes = a.Format == "rpm" && r.Signer.OpenPGP()
		}
		out = append(out, one)
	}
	for kind, folder := range folders {
		some, err := r.folder(in.Fork, kind, folder)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	slices.SortFunc(out, func(a, b file) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// released returns an artifact of dist as the record has it.
func released(f fork.Fork, a artifact.Artifact) artifact.Released {
	out := artifact.Released{
		Kind: a.Kind, Name: a.Name, Format: a.Format, Path: within(f, a.Path), Size: a.Size, Digest: a.Digest,
		Holds: a.Holds,
	}
	if a.Platform != (platform.Platform{}) {
		out.Platform = a.Platform.String()
	}
	return out
}

// within returns the path in a release of a file that is in dist/FORK.
func within(f fork.Fork, name string) string {
	return strings.TrimPrefix(filepath.ToSlash(name), filepath.ToSlash(f.Dist())+"/")
}

// folder returns the files of a folder in dist/FORK, without the archives for docker load
// that the layout of images may have beside it.
func (r Releaser) folder(f fork.Fork, kind artifact.Kind, dir string) ([]file, error) {
	var out []file
	err := filepath.WalkDir(r.Dist.Abs(dir), func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(r.Dist.Project, name)
		if err != nil {
			return err
		}
		if kind == artifact.Layout && path.Ext(name) == ".tar" {
			return nil
		}
		size, sum, err := r.Dist.Memory.Sum(name)
		if err != nil {
			return err
		}
		out = append(out, file{
			Released: artifact.Released{Kind: kind, Path: within(f, rel), Size: size, Digest: "sha256:" + sum.String()},
			from:     rel, changes: kind == artifact.Layout && filepath.Base(name) == "index.json",
		})
		return nil
	})
	return out, err
}

// place puts files into the folder of a release. Those that it changes are copies.
func (r Releaser) place(files []file, dir string) error {
	for _, f := range files {
		from, to := r.Dist.Abs(f.from), filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		mode := filetree.Regular
		if f.Kind == artifact.Binary {
			mode = filetree.Executable
		}
		put := filetree.LinkOrCopy
		if f.changes {
			put = filetree.Copy
		}
		if err := put(from, to, mode); err != nil {
			return fmt.Errorf("%s: %w", f.from, err)
		}
	}
	return nil
}
