package action

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// Discard takes a file or folder of the cache's file system away in one step, then
// removes it.
func (c Cache) Discard(path string) error {
	dst, err := c.Scratch()
	if err != nil {
		return err
	}
	if err := os.Rename(path, filepath.Join(dst, "gone")); err != nil {
		return errors.Join(err, os.Remove(dst))
	}
	c.Note("discarded " + path)
	return os.RemoveAll(dst)
}

// DiscardAll discards what is in a folder, but for some paths. What cannot be moved,
// as on a disk that is full, is removed where it is.
func (c Cache) DiscardAll(dir string, but ...string) error {
	entries, err := os.ReadDir(dir)
	errs := []error{err}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if slices.Contains(but, path) {
			continue
		}
		if c.Discard(path) != nil {
			errs = append(errs, os.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
}

// Remove removes the cache, which the caller holds. The lock goes last: until then
// no other process begins. One that waited for it makes the cache again.
func (c Cache) Remove() error {
	if err := errors.Join(c.DiscardAll(c.Dir, c.lockFile(), c.tmp()), os.RemoveAll(c.tmp())); err != nil {
		return err
	}
	if err := os.Remove(c.lockFile()); err != nil {
		return err
	}
	c.Note("removed the lock")
	return RemoveEmpty(c.Dir)
}

// RemoveEmpty removes a folder, unless another process has put something there or
// removed it.
func RemoveEmpty(dir string) error {
	err := os.Remove(dir)
	if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
