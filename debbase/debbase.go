// Package debbase puts together the base layer of a container image from Debian
// packages by name: without root, dpkg or apt, and without running any of the
// packages' scripts.
//
// Resolve chooses packages and pins them, Fetch downloads what is pinned, and
// Unpack makes a layer of it.
package debbase

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sync/errgroup"
)

// An Archive is one suite of a Debian archive.
type Archive struct {
	URL        string   // of the folder that dists and pool lie in
	Suite      string   // or its code name: bookworm, bookworm-security
	Components []string // none means main
	Keyring    []byte   // OpenPGP keys, armored or binary; one of them has to have signed the suite
	Get        Getter
}

// A Getter opens what lies at a URL. An answer that is not the content is an
// error.
type Getter func(ctx context.Context, url string) (io.ReadCloser, error)

// A Pin is a package, as exactly as a lock has to name it.
type Pin struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"` // Debian's name, or all
	Suite        string `json:"suite"`        // as its Archive calls it
	Filename     string `json:"filename"`     // below the archive's URL: pool/main/e/ethtool/ethtool_6.1-1_amd64.deb
	Size         int64  `json:"size"`         // bytes
	SHA256       string `json:"sha256"`       // 64 hex digits
}

var (
	packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]*$`)
	digest      = regexp.MustCompile(`^[0-9a-f]{64}$`)
	space       = regexp.MustCompile(`\s`)
)

// check tells what about a pin cannot be. Names and digests become the names of
// files, so they are held to what Debian's policy lets them be.
func (p Pin) check() error {
	switch {
	case !packageName.MatchString(p.Name):
		return fmt.Errorf("%q cannot be the name of a package", p.Name)
	case !digest.MatchString(p.SHA256):
		return fmt.Errorf("package %s: %q is no SHA-256: want 64 hex digits in lower case", p.Name, p.SHA256)
	case p.Size <= 0:
		return fmt.Errorf("package %s: its size is missing, or is no number", p.Name)
	case !filepath.IsLocal(p.Filename):
		return fmt.Errorf("package %s: %q is no path in an archive", p.Name, p.Filename)
	case p.Version == "" || p.Architecture == "" || space.MatchString(p.Version+p.Architecture+p.Filename+p.Suite):
		return fmt.Errorf("package %s: its version or architecture is missing, or there is a space in a word", p.Name)
	}
	return nil
}

// Fetch downloads the packages that dir does not have yet, each as
// SHA256.deb. The archives may lie at other URLs than when the packages were
// pinned.
func Fetch(ctx context.Context, from []Archive, pins []Pin, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8) // enough to hide the way to a mirror
	for _, p := range pins {
		g.Go(func() error {
			if err := p.check(); err != nil {
				return err
			}
			for _, a := range from {
				if a.Suite == p.Suite {
					return a.fetch(ctx, p, filepath.Join(dir, p.SHA256+".deb"))
				}
			}
			return fmt.Errorf("package %s is pinned from %s, and no archive here has that suite: name one, or lock again", p.Name, p.Suite)
		})
	}
	return g.Wait()
}

// fetch downloads a package to the file name, unless that is there and whole.
func (a Archive) fetch(ctx context.Context, p Pin, name string) error {
	if f, err := os.Open(name); err == nil {
		err = copyExactly(io.Discard, f, p.Size, p.SHA256)
		f.Close()
		if err == nil {
			return nil
		}
	}
	url := a.at(p.Filename)
	fail := func(err error) error {
		return fmt.Errorf("package %s: %s: %w\n  Where the archive has moved on to another version, lock again, or take a snapshot of it that stays", p.Name, url, err)
	}
	in, err := a.Get(ctx, url)
	if err != nil {
		return fail(err)
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(name), ".deb.")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	err = copyExactly(out, in, p.Size, p.SHA256)
	if err := errors.Join(err, out.Close()); err != nil {
		return fail(err)
	}
	return os.Rename(out.Name(), name)
}

// at returns the URL of a path in the archive.
func (a Archive) at(path string) string { return strings.TrimSuffix(a.URL, "/") + "/" + path }

// read returns what lies at a path in the archive, which has at most so many
// bytes.
func (a Archive) read(ctx context.Context, path string, most int64) ([]byte, error) {
	in, err := a.Get(ctx, a.at(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.at(path), err)
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it has more than the %d bytes there should be", most)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.at(path), err)
	}
	return data, nil
}

// copyExactly copies what has to have that size and SHA-256, and no byte more.
func copyExactly(w io.Writer, r io.Reader, size int64, sum string) error {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), io.LimitReader(r, size+1))
	switch got := hex.EncodeToString(h.Sum(nil)); {
	case err != nil:
		return err
	case n > size:
		return fmt.Errorf("it has more than the %d bytes it should have", size)
	case n < size:
		return fmt.Errorf("it ends after %d of %d bytes", n, size)
	case got != sum:
		return fmt.Errorf("it is not the file that is pinned\n    expected  sha256:%s\n    found     sha256:%s", sum, got)
	}
	return nil
}
