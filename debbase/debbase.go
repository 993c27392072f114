// Package debbase makes the base layer of a container image from Debian packages:
// without root, dpkg or apt, and without running the packages' scripts.
//
// [Resolve] chooses packages and pins them, [Fetch] downloads those that are pinned,
// and [Unpack] makes a layer of them. The pins can be kept in a lock file: the same
// pins make the same layer.
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
	URL        string   // of the dir that has dists and pool
	Suite      string   // or its code name: bookworm, bookworm-security
	Components []string // none means main
	Keyring    []byte   // OpenPGP keys, armored or binary; one of them must have signed the suite
	Get        Getter
}

// A Getter opens the content of a URL. Any other answer is an error.
type Getter func(ctx context.Context, url string) (io.ReadCloser, error)

// A Pin is exactly one package, as a lock names it.
type Pin struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"` // Debian's name, or all
	Suite        string `json:"suite"`        // of its Archive
	Filename     string `json:"filename"`     // below the archive's URL: pool/main/e/ethtool/ethtool_6.1-1_amd64.deb
	Size         int64  `json:"size"`         // bytes
	SHA256       string `json:"sha256"`       // 64 hex digits
}

var (
	packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]*$`)
	digest      = regexp.MustCompile(`^[0-9a-f]{64}$`)
	space       = regexp.MustCompile(`\s`)
)

// check returns what is wrong with a pin. Names and digests become names of files, so
// they must be what Debian's policy allows.
func (p Pin) check() error {
	switch {
	case !packageName.MatchString(p.Name):
		return fmt.Errorf("%q is not the name of a package", p.Name)
	case !digest.MatchString(p.SHA256):
		return fmt.Errorf("package %s: %q is not a SHA-256: want 64 lower-case hex digits", p.Name, p.SHA256)
	case p.Size <= 0:
		return fmt.Errorf("package %s: its size is missing or not a number", p.Name)
	case !filepath.IsLocal(p.Filename):
		return fmt.Errorf("package %s: %q is not a path in an archive", p.Name, p.Filename)
	case p.Version == "" || p.Architecture == "" || space.MatchString(p.Version+p.Architecture+p.Filename+p.Suite):
		return fmt.Errorf("package %s: its version or architecture is missing or has a space in it", p.Name)
	}
	return nil
}

// Fetch downloads the packages that are missing in dir, each to SHA256.deb. The
// archives may have other URLs than when the packages were pinned. one is called after each.
func Fetch(ctx context.Context, from []Archive, pins []Pin, dir string, one func()) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8) // enough to hide the latency of a mirror
	for _, p := range pins {
		g.Go(func() error {
			if err := p.check(); err != nil {
				return err
			}
			defer one()
			for _, a := range from {
				if a.Suite == p.Suite {
					return a.fetch(ctx, p, filepath.Join(dir, p.SHA256+".deb"))
				}
			}
			return fmt.Errorf("package %s is pinned from %s, which is not one of the suites: add it, or lock again",
				p.Name, p.Suite)
		})
	}
	return g.Wait()
}

// fetch downloads a package to the file name, unless that is there and complete.
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
		return fmt.Errorf("package %s: %s: %w\n  If the archive has another version now, lock again, or use a snapshot, "+
			"which does not change", p.Name, url, err)
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

// read returns the content of a path in the archive, at most so many bytes.
func (a Archive) read(ctx context.Context, path string, most int64) ([]byte, error) {
	in, err := a.Get(ctx, a.at(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.at(path), err)
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it has more than the %d bytes it should have", most)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.at(path), err)
	}
	return data, nil
}

// copyExactly copies from r, whose content must have that size and SHA-256.
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
