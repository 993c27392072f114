// Package folder publishes a repository to a folder of this machine.
package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/tree"
)

const (
	// lockFile is held while the head is replaced.
	lockFile = "state/lock"
	// scratchFolder has a folder for each run, where files are written before they are renamed.
	scratchFolder = "state/tmp"
	// retry is how often a lock that somebody else holds is tried.
	retry = 20 * time.Millisecond
)

// A Folder is a target.
type Folder struct {
	root string

	starting sync.Mutex   // held while own is made
	own      *flock.Flock // in this run's folder for temporary files; nil until something is written

	mu      sync.Mutex
	written map[string]bool // files and folders that may not be on the disk yet
}

// Open opens the folder that u names, as file:///srv/repo does, or a path alone. One that does
// not exist is made when something is published.
func Open(_ context.Context, u *url.URL, _ publish.Options) (publish.Target, error) {
	switch {
	case u.Scheme != "" && u.Scheme != "file":
		return nil, fmt.Errorf("%s: a folder is named by its path, or as file:///srv/repo", u.Redacted())
	case u.Host != "" || u.User != nil || u.Opaque != "":
		return nil, fmt.Errorf("%s: a folder of this machine has no host: file:///srv/repo, with three slashes", u.Redacted())
	case u.Path == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s: a folder is named by its path and nothing else", u.Redacted())
	}
	root, err := filepath.Abs(filepath.FromSlash(u.Path))
	if err != nil {
		return nil, err
	}
	return At(root)
}

// At opens the folder root, an absolute path.
func At(root string) (*Folder, error) {
	info, err := os.Stat(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(root); err == nil {
			return nil, fmt.Errorf("%s is a link to nowhere: remove it, or make the folder that it leads to", root)
		}
	case errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Errorf("%s: a folder above it is a file: name another place", root)
	case err != nil:
		return nil, fmt.Errorf("opening the repository's folder: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is a file, and a repository is a folder", root)
	}
	return &Folder{root: root, written: map[string]bool{}}, nil
}

// String returns the path of the folder.
func (f *Folder) String() string { return f.root }

// Limits returns nothing: the head is replaced under a lock, after a comparison.
func (f *Folder) Limits() []string { return nil }

// place returns where a file of the repository is, after checking that the way there leads through
// folders alone: a link could lead out of the repository.
func (f *Folder) place(path string) (string, error) {
	if !fs.ValidPath(path) || path == "." {
		return "", fmt.Errorf("%q is not a path of a file in a repository", path)
	}
	names := strings.Split(path, "/")
	at := f.root
	for _, name := range names[:len(names)-1] {
		at = filepath.Join(at, name)
		info, err := os.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return filepath.Join(f.root, filepath.FromSlash(path)), nil
		case err != nil:
			return "", err
		case info.Mode()&fs.ModeSymlink != 0:
			return "", linkError(at)
		case !info.IsDir():
			return "", fmt.Errorf("%s is a file, where the repository has a folder: remove it", at)
		}
	}
	return filepath.Join(at, names[len(names)-1]), nil
}

func linkError(name string) error {
	return fmt.Errorf("%s is a symbolic link, and a repository has none: remove it", name)
}

// regular returns the file at path; an error that is fs.ErrNotExist if there is none.
func (f *Folder) regular(path string) (string, fs.FileInfo, error) {
	name, err := f.place(path)
	if err != nil {
		return "", nil, err
	}
	info, err := os.Lstat(name)
	switch {
	case err != nil:
		return "", nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return "", nil, linkError(name)
	case !info.Mode().IsRegular():
		return "", nil, fmt.Errorf("%s is where the repository has a file, and is none: remove it", name)
	}
	return name, info, nil
}

// Get reads a file. Its tag is its SHA-256.
func (f *Folder) Get(_ context.Context, path string) ([]byte, string, error) {
	name, _, err := f.regular(path)
	if err != nil {
		return nil, "", err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, "", err
	}
	digest := sha256.Sum256(data)
	return data, hex.EncodeToString(digest[:]), nil
}

// Stat compares a file with an entry. One of the same size is read.
func (f *Folder) Stat(_ context.Context, e tree.Entry) (publish.Presence, error) {
	name, info, err := f.regular(e.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return publish.Absent, nil
	case err != nil:
		return publish.Absent, err
	case info.Size() != e.Size:
		return publish.Different, nil
	}
	digest := sha256.New()
	if err := (tree.File{Entry: e, From: name}).CopyTo(digest); err != nil {
		var mismatch *tree.MismatchError
		if errors.As(err, &mismatch) {
			return publish.Different, nil
		}
		return publish.Absent, err
	}
	return publish.Same, nil
}

// Swap replaces the head under a lock, if it is still what tag says. All that was written before is
// on the disk then.
func (f *Folder) Swap(ctx context.Context, head []byte, tag string, _ []tree.Entry) (string, error) {
	if _, err := f.scratch(ctx); err != nil { // which takes the lock too
		return "", err
	}
	if err := f.sync(ctx); err != nil {
		return "", err
	}
	lock, err := f.lock(ctx)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	_, now, err := f.Get(ctx, publish.HeadFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if now != tag {
		return "", &publish.ConflictError{Target: f.root}
	}
	next := tree.Of(tree.Commit, publish.HeadFile, head)
	if err := f.Put(ctx, next); err != nil {
		return "", err
	}
	return next.SHA256, f.sync(ctx)
}

// Delete removes files, and the folders that are empty then.
func (f *Folder) Delete(ctx context.Context, paths []string) error {
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := f.place(path)
		if err != nil {
			return err
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return err
		}
		for dir := filepath.Dir(name); dir != f.root && os.Remove(dir) == nil; {
			dir = filepath.Dir(dir)
		}
	}
	return nil
}
