package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"
)

// parallel is how many files are synced at once: the file system writes their names together.
const parallel = 16

// lock waits for the lock on the repository's folder.
func (f *Folder) lock(ctx context.Context) (*flock.Flock, error) {
	name, err := f.place(lockFile)
	if err != nil {
		return nil, err
	}
	if err := f.makeFolder(filepath.Dir(name)); err != nil {
		return nil, err
	}
	lock := flock.New(name, flock.SetPermissions(fileMode))
	if _, err := lock.TryLockContext(ctx, retry); err != nil {
		return nil, fmt.Errorf("locking %s: %w", name, err)
	}
	return lock, nil
}

// scratch returns this run's folder for temporary files, which it makes the first time, and
// removes those of runs that were killed: a run holds the lock in its own.
func (f *Folder) scratch(ctx context.Context) (string, error) {
	f.starting.Lock()
	defer f.starting.Unlock()
	if f.own != nil {
		return filepath.Dir(f.own.Path()), nil
	}
	all, err := f.place(scratchFolder)
	if err != nil {
		return "", err
	}
	lock, err := f.lock(ctx)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := errors.Join(f.makeFolder(all), sweep(all)); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(all, "")
	if err != nil {
		return "", err
	}
	own := flock.New(filepath.Join(dir, "lock"))
	if err := own.Lock(); err != nil {
		return "", err
	}
	f.own = own
	return dir, nil
}

// sweep removes the folders of runs that hold no lock.
func sweep(all string) error {
	entries, err := os.ReadDir(all)
	if err != nil {
		return err
	}
	for _, e := range entries {
		lock := flock.New(filepath.Join(all, e.Name(), "lock"))
		if free, err := lock.TryLock(); err != nil || !free {
			continue // in use, or none of ours
		}
		if err := errors.Join(os.RemoveAll(filepath.Join(all, e.Name())), lock.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Close removes the folder for temporary files.
func (f *Folder) Close() error {
	f.starting.Lock()
	defer f.starting.Unlock()
	if f.own == nil {
		return nil
	}
	dir := filepath.Dir(f.own.Path())
	err := errors.Join(os.RemoveAll(dir), f.own.Close())
	f.own = nil
	return err
}

// wrote remembers a file or a folder that may not be on the disk yet.
func (f *Folder) wrote(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.written[name] = true
}

// sync writes to the disk what was written to the folder, and then the names of it.
func (f *Folder) sync(ctx context.Context) error {
	f.mu.Lock()
	files := f.written
	f.written = map[string]bool{}
	f.mu.Unlock()
	folders := map[string]bool{}
	for name := range files {
		folders[filepath.Dir(name)] = true
	}
	for _, names := range []map[string]bool{files, folders} {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(parallel)
		for name := range names {
			group.Go(func() error { return errors.Join(ctx.Err(), syncFile(name)) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// syncFile writes a file, or the names in a folder, to the disk.
func syncFile(name string) error {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // replaced or deleted since
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) { // some file systems sync no folder
		return err
	}
	return nil
}
