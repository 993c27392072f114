package yum

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	rpmutils "github.com/sassoftware/go-rpmutils"
	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/release/sign/rpmheader"
)

// A Source is an rpm to be read.
type Source struct {
	File string
	// SHA256 is what a record says of the file, in hex. Where it is empty, the payload is
	// compared with the digest that the rpm's header has.
	SHA256 string
}

// Read reads one rpm, and checks its payload.
func Read(ctx context.Context, file string) (Package, error) { return Source{File: file}.read(ctx) }

// ReadAll reads rpms, several at a time, each from its beginning to its end once. An rpm that is
// truncated, or not what its record says, is an error with its name.
func ReadAll(ctx context.Context, sources []Source) ([]Package, error) {
	packages, faults := make([]Package, len(sources)), make([]error, len(sources))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range sources {
		group.Go(func() error {
			packages[i], faults[i] = s.read(ctx)
			return nil
		})
	}
	_ = group.Wait() // whose faults are all in the list
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return packages, errors.Join(faults...)
}

func (s Source) read(ctx context.Context) (Package, error) {
	if err := ctx.Err(); err != nil {
		return Package{}, err
	}
	f, err := os.Open(s.File)
	if err != nil {
		return Package{}, err
	}
	defer f.Close()
	p, err := s.describe(f)
	if err != nil {
		return Package{}, fmt.Errorf("%s: %w", s.File, err)
	}
	return p, nil
}

func (s Source) describe(f *os.File) (Package, error) {
	tags, err := rpmheader.Headers(f)
	if err != nil {
		return Package{}, fmt.Errorf("it is not an rpm, or is damaged: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return Package{}, err
	}
	if err := complete(tags, info.Size()); err != nil {
		return Package{}, err
	}
	sum, err := s.sum(f)
	if err != nil {
		return Package{}, err
	}
	return describe(tags, info.Size(), sum)
}

// complete compares a file's size with what its header says.
func complete(tags *rpmutils.RpmHeader, size int64) error {
	rest, err := tags.GetUint64Fallback(rpmutils.SIG_SIZE, rpmutils.SIG_LONGSIGSIZE)
	if err != nil {
		return fmt.Errorf("its header does not say how long it is: %w", err)
	}
	switch want := int64(tags.GetRange().Start) + int64(rest); {
	case size < want:
		return fmt.Errorf("it is truncated: it has %d bytes of %d", size, want)
	case size > want:
		return fmt.Errorf("it is damaged: it has %d bytes, and its header says %d", size, want)
	}
	return nil
}

// sum returns the digest of the file, and checks it, or the payload if nobody knows the digest.
func (s Source) sum(f io.Reader) (string, error) {
	hash := sha256.New()
	if s.SHA256 == "" {
		if _, _, err := rpmutils.Verify(io.TeeReader(f, hash), nil); err != nil {
			return "", fmt.Errorf("it is damaged: %w", err)
		}
	} else if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	if s.SHA256 != "" && s.SHA256 != sum {
		return "", fmt.Errorf("it is sha256:%s, and its record says sha256:%s: make the release again", sum, s.SHA256)
	}
	return sum, nil
}
