package apt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/release/contents"
)

// maxControl is the most bytes of a control file. Those of Debian have some kilobytes.
const maxControl = 1 << 20

// ReadAll reads debs, several at a time. The error is all that is wrong with them.
func ReadAll(ctx context.Context, files []string) ([]Package, error) {
	out, errs := make([]Package, len(files)), make([]error, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		group.Go(func() error {
			out[i], errs[i] = Read(ctx, file)
			return nil
		})
	}
	return out, errors.Join(group.Wait(), errors.Join(errs...))
}

// Read reads a deb, to its end: one that is cut off or damaged is an error with its path. It
// hashes the file while it unpacks what is in it.
func Read(ctx context.Context, file string) (Package, error) {
	f, err := os.Open(file)
	if err != nil {
		return Package{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Package{}, err
	}
	whole := func() io.Reader { return io.NewSectionReader(f, 0, info.Size()) }
	var p Package
	sum := sha256.New()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		_, err := io.Copy(sum, reader{ctx, whole()})
		return err
	})
	group.Go(func() (err error) {
		p, err = unpack(ctx, whole(), file)
		return err
	})
	if err := group.Wait(); err != nil {
		return Package{}, err
	}
	p.Size, p.SHA256 = info.Size(), hex.EncodeToString(sum.Sum(nil))
	p.Path = PoolPath(p)
	return p, nil
}

// reader reads until its context ends.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// unpack reads what a deb says and holds.
func unpack(ctx context.Context, r io.Reader, file string) (Package, error) {
	var p Package
	var files []string
	err := contents.Walk(ctx, r, contents.Source{Name: file, Format: contents.Deb}, func(m contents.Member) error {
		var err error
		switch {
		case strings.HasPrefix(m.Part, "control.tar") && m.Path() == "control":
			p, err = readControl(m.Reader)
		case strings.HasPrefix(m.Part, "data.tar") && m.Type != contents.Dir:
			files = append(files, m.Path())
			if strings.ContainsAny(m.Name, "\n\r") {
				err = errors.New("its name has more than one line, which Contents cannot have")
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", file, m, err)
		}
		return nil
	})
	if err == nil && p.Name == "" {
		err = fmt.Errorf("%s: control.tar has no control file", file)
	}
	slices.Sort(files)
	p.Files = slices.Compact(files)
	return p, err
}

func readControl(r io.Reader) (Package, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxControl+1))
	if err != nil {
		return Package{}, err
	}
	if len(text) > maxControl {
		return Package{}, fmt.Errorf("it has more than %d bytes", maxControl)
	}
	return parseControl(string(text))
}
