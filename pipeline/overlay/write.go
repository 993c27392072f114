package overlay

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

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/internal/run"
)

// read reads the overlay in dir, relative to the project; an empty one where there is none.
func read(d output.Dist, dir string) (ebuilds.Tree, error) {
	root := d.Abs(dir)
	out := ebuilds.Tree{}
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == root {
			return nil
		}
		if err != nil {
			return err
		}
		if e.Name() == ".git" {
			return fmt.Errorf("%s is a git repository, and an overlay is replaced as a whole: "+
				"keep the repository elsewhere, and copy with rsync -a --delete --exclude=.git %[1]s/ CHECKOUT/", dir)
		}
		if !e.Type().IsRegular() {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		out[filepath.ToSlash(rel)], err = os.ReadFile(name)
		return err
	})
	return out, err
}

// write merges an overlay into the one in dist, puts that in its place in one step,
// and returns the ebuilds of its forks.
func write(ctx context.Context, s *build.Session, b beginning) (artifact.Set, error) {
	old, files, err := b.merged(s)
	if err != nil {
		return nil, err
	}
	if err := b.placeOverlay(ctx, s, files); err != nil {
		return nil, err
	}
	return s.Report(ebuildArtifacts(b, old, files)...), nil
}

// merged returns the overlay in dist, and with the forks in it.
func (b beginning) merged(s *build.Session) (old, files ebuilds.Tree, err error) {
	if old, err = b.before(s.Dist()); err != nil { // it may have changed since
		return nil, nil, err
	}
	files, notes, err := b.overlay.Merge(old)
	if err != nil {
		return nil, nil, err
	}
	if b.all {
		for _, m := range b.overlay.Messages(files) {
			if note := ebuilds.CommitNote(m); !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	for _, note := range notes {
		s.Note(note)
	}
	files.Uncache()
	return old, files, nil
}

// placeOverlay puts an overlay into dist, in one step. Of a release, one that is there
// already stays.
func (b beginning) placeOverlay(ctx context.Context, s *build.Session, files ebuilds.Tree) error {
	if b.alone && b.gentoo == "" {
		_, err := s.Dist().Files(b.at.overlay, files)
		return err
	}
	return s.Dist().Replace(b.at.overlay, func(dst string) error {
		if err := output.WriteFiles(dst, files); err != nil {
			return err
		}
		if b.gentoo == "" {
			s.Note("without a checkout of ::gentoo there is no metadata/md5-cache: " +
				"users' Portage makes its own (-gentoo=DIR)")
			return nil
		}
		return writeMetadata(ctx, s, dst, b.gentoo, files)
	})
}

// writeMetadata adds what the ebuilds of files say to files, and to the overlay in
// dst. The eclasses of a checkout of ::gentoo decide it.
func writeMetadata(ctx context.Context, s *build.Session, dst, gentoo string, files ebuilds.Tree) error {
	eclasses, err := filepath.Abs(filepath.Join(gentoo, "eclass"))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	args := append([]string{"bash", "-c", ebuilds.MetadataScript, "metadata.bash", eclasses}, files.Ebuilds()...)
	env := run.Env{"PATH=" + s.Env().Get("PATH"), "LC_ALL=C.UTF-8"}
	if err := s.Runner().Run(ctx, run.Cmd{Args: args, Dir: dst, Env: env, Stdout: &out}); err != nil {
		return fmt.Errorf("reading the overlay's ebuilds with the eclasses of %s: %w", gentoo, err)
	}
	eclass := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(eclasses, name+".eclass")) }
	if err := files.Cache(out.String(), eclass); err != nil {
		return err
	}
	return output.WriteFiles(dst, files)
}

// ebuildArtifacts returns the ebuilds of an overlay's forks, sorted by path.
func ebuildArtifacts(b beginning, old, files ebuilds.Tree) []artifact.Artifact {
	var out []artifact.Artifact
	for _, name := range slices.Sorted(maps.Keys(files)) {
		of := func(f ebuilds.Fork) bool { return strings.HasPrefix(name, f.Project.Category+"/"+f.Project.Name) }
		if path.Ext(name) != ".ebuild" || !slices.ContainsFunc(b.overlay.Forks, of) {
			continue
		}
		data := files[name]
		out = append(out, artifact.Artifact{
			Kind: artifact.Ebuild, Name: strings.TrimSuffix(path.Base(name), ".ebuild"),
			Path: filepath.Join(b.at.overlay, filepath.FromSlash(name)), Size: int64(len(data)),
			Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(data)), Kept: bytes.Equal(old[name], data),
		})
	}
	return out
}
