package oci

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/registry"
	"github.com/slipway-build/slipway/repo/publish"
)

// A Fetched is what Fetch did.
type Fetched struct {
	Digest string // of the index: sha256:…
	Files  int    // of the repository
	Kept   int    // of these, that were in the folder already
	Bytes  int64  // that were taken over the network
}

// partial is how the name of a file ends that is being written.
const partial = ".part"

// Fetch lays out a repository in a folder, which is made. The URL is as for Open; a snapshot's
// ID in place of the tag, or a digest as in …/packages@sha256:…, fetches that state. Each file
// is compared with its digest. Files that are there are kept, others replaced whole: content
// first, then what readers start at, and the head last. Files that the repository does not have
// are left alone.
func Fetch(ctx context.Context, u *url.URL, o publish.Options, dir string) (Fetched, error) {
	l, err := parse(u)
	if err != nil {
		return Fetched{}, err
	}
	repo, err := l.pusher(o).OpenToRead(ctx, l.name)
	if err != nil {
		return Fetched{}, err
	}
	defer repo.Close()
	v, err := reader{repo}.view(ctx, l.reference)
	if err != nil {
		return Fetched{}, err
	}
	if v.digest == "" {
		return Fetched{}, fmt.Errorf("%s: nothing is published there: %s is no tag of it", u.Redacted(), l.reference)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Fetched{}, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Fetched{}, err
	}
	defer root.Close()
	f := &fetcher{reader: reader{repo}, root: root, first: map[string]*once{}}
	for _, part := range []string{contentPart, pointsPart, headPart} {
		if err := f.part(ctx, v.of(part)); err != nil {
			return Fetched{}, err
		}
	}
	return Fetched{Digest: v.digest, Files: int(f.files.Load()), Kept: int(f.kept.Load()), Bytes: f.bytes.Load()}, nil
}

// A fetcher writes files below a folder, and nowhere else.
type fetcher struct {
	reader
	root               *os.Root
	files, kept, bytes atomic.Int64

	mu    sync.Mutex
	first map[string]*once // where each digest is, once it is there
}

// A once is the first file with a digest: the others are links to it.
type once struct {
	mu   sync.Mutex
	path string // "": it is not there yet
}

// part writes the files of lists.
func (f *fetcher) part(ctx context.Context, lists []list) error {
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(jobs)
	for _, l := range lists {
		files, err := f.reader.files(ctx, l)
		if err != nil {
			return errors.Join(err, g.Wait())
		}
		for _, one := range files {
			g.Go(func() error {
				f.files.Add(1)
				if err := f.file(within, one); err != nil {
					return fmt.Errorf("%s: %w", one.path, err)
				}
				return nil
			})
		}
	}
	return g.Wait()
}

// file has a file be in its place.
func (f *fetcher) file(ctx context.Context, one file) error {
	f.mu.Lock()
	if f.first[one.digest] == nil {
		f.first[one.digest] = &once{}
	}
	first := f.first[one.digest]
	f.mu.Unlock()
	first.mu.Lock()
	defer first.mu.Unlock()
	if f.there(one) {
		f.kept.Add(1)
		first.path = one.path
		return nil
	}
	if err := f.root.MkdirAll(path.Dir(one.path), 0o755); err != nil {
		return err
	}
	if err := f.root.Remove(one.path + partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := f.write(ctx, one, first.path); err != nil {
		return err
	}
	first.path = one.path
	return f.root.Rename(one.path+partial, one.path)
}

// there reports whether a file is in its place with its bytes.
func (f *fetcher) there(one file) bool {
	info, err := f.root.Lstat(one.path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != one.size {
		return false
	}
	in, err := f.root.Open(one.path)
	if err != nil {
		return false
	}
	defer in.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, in)
	return err == nil && "sha256:"+hex.EncodeToString(sum.Sum(nil)) == one.digest
}

// write writes a file beside its place: as a link to one with the same bytes, if there is one.
func (f *fetcher) write(ctx context.Context, one file, same string) error {
	if same != "" && f.root.Link(same, one.path+partial) == nil {
		return nil
	}
	f.bytes.Add(one.size)
	return f.Download(ctx, registry.Blob{Digest: one.digest, Size: one.size}, func() (io.WriteCloser, error) {
		return f.root.OpenFile(one.path+partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	})
}
