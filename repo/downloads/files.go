package downloads

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/sign/sigstore"
	"github.com/slipway-build/slipway/repo/tree"
)

// signatureSuffix ends the name of a signature as cosign verify-blob takes it with --signature.
const signatureSuffix = ".sig"

// add adds a file of the release, which the sums name.
func (l *layout) add(a artifact.Released, at string) (tree.File, error) {
	from := l.file(a.Path)
	info, err := os.Stat(from)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() != a.Size {
		return tree.File{}, l.damaged("%s is not the file of %d bytes that %s names", a.Path, a.Size, artifact.ReleaseFile)
	}
	if err != nil {
		return tree.File{}, err
	}
	sum, err := l.known(a.Path)
	if err != nil {
		return tree.File{}, err
	}
	f := tree.File{From: from, Entry: tree.Entry{
		Path: path.Join(l.at, at), Size: a.Size, SHA256: strings.TrimPrefix(a.Digest, "sha256:"), Class: tree.Content,
	}}
	l.files = append(l.files, f)
	l.list(at, f.SHA256, sum)
	return f, nil
}

// signatures returns the signatures that the release has beside a file, which f is.
func (l *layout) signatures(a artifact.Released, f tree.File) ([]tree.File, error) {
	at := strings.TrimPrefix(f.Path, l.at+"/")
	out, err := l.present(a.Path+artifact.ArmorSuffix, at+artifact.ArmorSuffix)
	if err != nil {
		return nil, err
	}
	bundle, err := l.present(a.Path+artifact.BundleSuffix, at+artifact.BundleSuffix)
	if err != nil || bundle == nil {
		return out, err
	}
	var sum [32]byte
	if _, err := hex.Decode(sum[:], []byte(f.SHA256)); err != nil {
		return nil, l.damaged("%s has the digest %q in %s: %v", a.Path, a.Digest, artifact.ReleaseFile, err)
	}
	signature, err := detached(l.file(a.Path+artifact.BundleSuffix), bundle[0].Data, sum)
	if err != nil {
		return nil, err
	}
	return append(out, bundle[0], tree.Of(tree.Content, f.Path+signatureSuffix, signature)), nil
}

// detached returns the signature in a bundle as cosign writes one without a bundle.
func detached(file string, bundle []byte, sum [32]byte) ([]byte, error) {
	signature, err := sigstore.Detached(file, bundle, sum)
	return base64.StdEncoding.AppendEncode(nil, signature), err
}

// present returns a small file of the release if it has it.
func (l *layout) present(name, at string) ([]tree.File, error) {
	f, err := l.small(name, at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []tree.File{f}, nil
}

// small returns a small file of the release.
func (l *layout) small(name, at string) (tree.File, error) {
	data, err := os.ReadFile(l.file(name))
	return tree.Of(tree.Content, path.Join(l.at, at), data), err
}

// file returns the absolute path of a file of the release.
func (l *layout) file(name string) string { return filepath.Join(l.Dir, filepath.FromSlash(name)) }

// damaged returns an error of a release whose files do not agree.
func (l *layout) damaged(format string, args ...any) error {
	return fmt.Errorf("%s: %s\n  mage release:verify %[1]s finds all that is wrong; make it again, or copy it again",
		l.Dir, fmt.Sprintf(format, args...))
}
