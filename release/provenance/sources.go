package provenance

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
)

// ReadSources returns the digests of the files at and below roots, which are relative to
// project. A root that does not exist has none. Of a link, its target is what counts.
func ReadSources(project string, roots ...string) (Sources, error) {
	s := Sources{Roots: slices.Sorted(slices.Values(roots))}
	s.Roots = slices.Compact(s.Roots)
	for _, root := range s.Roots {
		if !filepath.IsLocal(filepath.FromSlash(root)) {
			return s, fmt.Errorf("%s leads out of the project", root)
		}
		if err := s.add(project, root); err != nil {
			return s, err
		}
	}
	slices.SortFunc(s.Files, func(a, b artifact.Pinned) int { return strings.Compare(a.Name, b.Name) })
	s.Files = slices.Compact(s.Files) // of roots that contain each other
	return s, nil
}

// add adds the files at and below a root.
func (s *Sources) add(project, root string) error {
	return filepath.WalkDir(filepath.Join(project, filepath.FromSlash(root)),
		func(file string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist) && d == nil: // the root itself
				return nil
			case err != nil:
				return err
			case d.IsDir() && d.Name() == ".git":
				return filepath.SkipDir
			case d.IsDir():
				return nil
			}
			digest, err := sourceDigest(file, d)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(project, file)
			s.Files = append(s.Files, artifact.Pinned{Name: filepath.ToSlash(name), Digest: digest})
			return err
		})
}

func sourceDigest(file string, d fs.DirEntry) (string, error) {
	h := sha256.New()
	if d.Type()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(file)
		if err != nil {
			return "", err
		}
		_, _ = io.WriteString(h, "link to "+target)
		return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
	}
	if !d.Type().IsRegular() {
		return "", fmt.Errorf("%s is neither a file nor a link, so it has no digest", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}
