package bucket

import (
	"crypto/md5" //nolint:gosec // what stores take as the sum of an upload; SHA-256 is compared besides
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/slipway-build/slipway/repo/tree"
)

// A Body is content whose digest was checked. It can be read from its start again.
type Body struct {
	io.ReadSeekCloser
	MD5 string // hex
}

// Open opens the content of a file, and refuses it where it is not what the listing says: an
// object's metadata must be true.
func Open(f tree.File) (*Body, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	strong, weak := sha256.New(), md5.New() //nolint:gosec // see the import
	size, err := io.Copy(io.MultiWriter(strong, weak), r)
	if err == nil && (size != f.Size || hex.EncodeToString(strong.Sum(nil)) != f.SHA256) {
		err = fmt.Errorf("%s: %s was changed since it was listed: it has %d bytes and sha256:%x, expected %d and sha256:%s",
			f.Path, source(f), size, strong.Sum(nil), f.Size, f.SHA256)
	}
	if err == nil {
		_, err = r.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &Body{ReadSeekCloser: r, MD5: hex.EncodeToString(weak.Sum(nil))}, nil
}

func source(f tree.File) string {
	if f.From != "" {
		return f.From
	}
	return "the content"
}

// Matches reports whether what r has is e's content, and reads it to know.
func Matches(r io.Reader, e tree.Entry) (bool, error) {
	sum := sha256.New()
	size, err := io.Copy(sum, r)
	return size == e.Size && hex.EncodeToString(sum.Sum(nil)) == e.SHA256, err
}
