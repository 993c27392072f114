package release

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/artifact"
)

// sums are those of one file.
type sums struct {
	path           string // in the release
	size           int64
	sha256, sha512 string // hex
}

// sumAll returns the sums of files below dir, sorted by path. Each is read once, and
// one is called after each.
func sumAll(ctx context.Context, dir string, paths []string, one func()) ([]sums, error) {
	out := make([]sums, len(paths))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range paths {
		group.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			defer one()
			out[i], err = sumOne(dir, name)
			return err
		})
	}
	err := group.Wait()
	slices.SortFunc(out, func(a, b sums) int { return strings.Compare(a.path, b.path) })
	return out, err
}

func sumOne(dir, name string) (sums, error) {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return sums{}, err
	}
	defer f.Close()
	short, long := sha256.New(), sha512.New()
	n, err := io.Copy(io.MultiWriter(short, long), f)
	if err != nil {
		return sums{}, fmt.Errorf("reading %s: %w", f.Name(), err)
	}
	return sums{name, n, digits(short), digits(long)}, nil
}

func digits(h hash.Hash) string { return fmt.Sprintf("%x", h.Sum(nil)) }

// sumFiles returns SHA256SUMS and SHA512SUMS of sorted files, as sha256sum -c and
// sha512sum -c read them. A name that they would not read as it is, is refused.
func sumFiles(list []sums) (map[string][]byte, error) {
	var short, long bytes.Buffer
	for _, s := range list {
		if strings.ContainsAny(s.path, "\\\n\r") {
			return nil, fmt.Errorf("a release has no file of the name %q: sums cannot name it", s.path)
		}
		fmt.Fprintf(&short, "%s  %s\n", s.sha256, s.path)
		fmt.Fprintf(&long, "%s  %s\n", s.sha512, s.path)
	}
	return map[string][]byte{artifact.SHA256Sums: short.Bytes(), artifact.SHA512Sums: long.Bytes()}, nil
}
