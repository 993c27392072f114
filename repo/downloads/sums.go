package downloads

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/sigstore"
	"github.com/slipway-build/slipway/repo/tree"
)

// listed is a file that the sums name.
type listed struct{ path, sha256, sha512 string } // the path is below the folder of the version; hex

// readSums reads the sums of a release, by its paths.
func readSums(dir, name string) (map[string]string, error) {
	file := filepath.Join(dir, name)
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		sum, at, ok := strings.Cut(line, "  ")
		if !ok {
			return nil, fmt.Errorf("%s:%d: %q is not a sum: want the digits, two blanks and a path", file, i+1, line)
		}
		out[at] = sum
	}
	return out, nil
}

// known returns the SHA-512 of a file of the release.
func (l *layout) known(name string) (string, error) {
	sum, ok := l.sha512[name]
	if !ok {
		return "", l.damaged("%s has no sum of %s", artifact.SHA512Sums, name)
	}
	return sum, nil
}

// sums adds the sums of all that is not a signature, by the paths that they have here, and
// their signatures.
func (l *layout) sums(ctx context.Context, by *sign.Signer) error {
	slices.SortFunc(l.listed, func(a, b listed) int { return strings.Compare(a.path, b.path) })
	var short, long bytes.Buffer
	for _, f := range l.listed {
		fmt.Fprintf(&short, "%s  %s\n", f.sha256, f.path)
		fmt.Fprintf(&long, "%s  %s\n", f.sha512, f.path)
	}
	for name, data := range map[string][]byte{
		artifact.SHA256Sums: short.Bytes(), artifact.SHA512Sums: long.Bytes(),
	} {
		f := tree.Of(tree.Content, path.Join(l.at, name), data)
		l.files = append(l.files, f)
		if by == nil {
			continue
		}
		signatures, err := signed(ctx, f, by)
		if err != nil {
			return err
		}
		l.files = append(l.files, signatures...)
	}
	return nil
}

// signed returns the signatures of a file in memory by all keys.
func signed(ctx context.Context, f tree.File, by *sign.Signer) ([]tree.File, error) {
	var out []tree.File
	beside := func(suffix string, data []byte) { out = append(out, tree.Of(tree.Content, f.Path+suffix, data)) }
	if by.OpenPGP() {
		asc, err := by.Detach(ctx, f.Data)
		if err != nil {
			return nil, err
		}
		beside(artifact.ArmorSuffix, asc)
	}
	if by.Sigstore() {
		bundle, err := by.Bundle(ctx, sigstore.Bytes(f.Data))
		if err != nil {
			return nil, err
		}
		signature, err := detached(f.Path, bundle, sha256.Sum256(f.Data))
		if err != nil {
			return nil, err
		}
		beside(artifact.BundleSuffix, bundle)
		beside(signatureSuffix, signature)
	}
	return out, nil
}
