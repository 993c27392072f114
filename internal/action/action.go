// Package action caches the outputs of stages, under keys made of their inputs. An
// output appears under its key complete or not at all.
package action

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// A Key identifies a stage and everything that decides its output.
type Key string

// NewKey returns the key of a stage's output. revision counts the changes of
// the stage's code that change its output; input is all that the stage reads,
// by value or by digest, and marshals to JSON.
func NewKey(stage string, revision int, input any) Key {
	data, err := json.Marshal(struct {
		Stage    string
		Revision int
		Input    any
	}{stage, revision, input})
	if err != nil {
		panic(fmt.Sprintf("action: the input of %s does not marshal: %v", stage, err))
	}
	sum := sha256.Sum256(data)
	return Key(hex.EncodeToString(sum[:]))
}

// A Cache is a folder of outputs.
type Cache struct {
	Dir string
	// Step, if not nil, is told of each moment at which the disk changes for good:
	// a test looks then at what a run that is killed would leave.
	Step func(what string)
	// DryRun keeps what would write to the folder from doing it: it is a *WouldRunError.
	DryRun bool
}

// A WouldRunError says that something is not up to date, in a dry run, which makes nothing.
type WouldRunError struct {
	What  string // that would be made: a stage, or a path
	After string // the stages that would run before, and decide whether it has to be; "" for none
}

func (e *WouldRunError) Error() string {
	return e.What + " is not up to date, and a dry run makes nothing"
}

// Note tells Step of a moment.
func (c Cache) Note(what string) {
	if c.Step != nil {
		c.Step(what)
	}
}

// Lock waits until no other process holds the cache, clears away what a killed
// one left, and returns the function that lets the cache go. wait is called
// once if there is something to wait for.
func (c Cache) Lock(ctx context.Context, wait func()) (unlock func(), err error) {
	wait = sync.OnceFunc(wait)
	for {
		lock, err := c.acquire(ctx, wait)
		if err != nil {
			return nil, err
		}
		if !isCurrent(lock) { // whoever held it took the cache away with it
			_ = lock.Unlock()
			continue
		}
		if err := c.clear(ctx); err != nil {
			_ = lock.Unlock()
			return nil, err
		}
		return func() { _ = lock.Unlock() }, nil
	}
}

// clear removes what a killed process left. A subprocess of its may take a
// moment to end, and write until then.
func (c Cache) clear(ctx context.Context) error {
	var err error
	for range 60 {
		if err = os.RemoveAll(c.tmp()); !errors.Is(err, syscall.ENOTEMPTY) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return err
}

// acquire returns the lock on the cache, held.
func (c Cache) acquire(ctx context.Context, wait func()) (*flock.Flock, error) {
	for {
		if err := os.MkdirAll(c.Dir, 0o755); err != nil {
			return nil, err
		}
		lock := flock.New(c.lockFile())
		ok, err := lock.TryLock()
		if err == nil && !ok {
			wait()
			ok, err = lock.TryLockContext(ctx, 50*time.Millisecond)
		}
		switch {
		case ok:
			return lock, nil
		case errors.Is(err, fs.ErrNotExist):
			continue // the cache was removed just now
		}
		return nil, fmt.Errorf("locking %s: %w", lock.Path(), err)
	}
}

// isCurrent reports whether the file that is locked is still the one by its
// name.
func isCurrent(lock *flock.Flock) bool {
	held, err := lock.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(lock.Path())
	return err == nil && os.SameFile(held, named)
}

func (c Cache) lockFile() string { return filepath.Join(c.Dir, "lock") }

func (c Cache) tmp() string { return filepath.Join(c.Dir, "tmp") }

// Scratch makes an empty folder that Lock's next holder, if nobody before,
// takes away.
func (c Cache) Scratch() (string, error) {
	if c.DryRun {
		return os.MkdirTemp("", "slipway-dry-run-") // which the caller removes
	}
	if err := os.MkdirAll(c.tmp(), 0o755); err != nil {
		return "", err
	}
	return os.MkdirTemp(c.tmp(), "")
}

// Path returns where the output of a stage lies, whether or not it is there.
func (c Cache) Path(stage string, key Key) string {
	return filepath.Join(c.Dir, stage, string(key[:32]))
}

// Do returns the folder with the output of that key. If there is none, make writes
// it to dst, an empty folder; kept tells that there was one. Several may make the same
// output at a time: all get that of the first to end.
func (c Cache) Do(stage string, key Key, make func(dst string) error) (dir string, kept bool, err error) {
	dir = c.Path(stage, key)
	if _, err := os.Stat(dir); err == nil {
		c.touch(dir)
		return dir, true, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", false, err
	}
	if c.DryRun {
		return "", false, &WouldRunError{What: stage}
	}
	dst, err := c.Scratch()
	if err != nil {
		return "", false, err
	}
	defer os.RemoveAll(dst)
	c.Note("about to make " + stage)
	if err := make(dst); err != nil {
		return "", false, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", false, err
	}
	c.Note("made " + stage)
	defer c.Note("kept " + stage)
	if err := os.Rename(dst, dir); !errors.Is(err, fs.ErrExist) {
		return dir, false, err
	}
	return dir, false, nil // made at the same time for another platform
}

// touch notes that an output is used now, as the disk's clock tells it. Where that
// cannot be noted, Prune cannot remove anything either.
func (c Cache) touch(dir string) {
	if c.DryRun {
		return
	}
	now, err := c.Scratch()
	if err != nil {
		return
	}
	defer os.Remove(now)
	if info, err := os.Stat(now); err == nil {
		_ = os.Chtimes(dir, info.ModTime(), info.ModTime())
	}
}

// Forget removes the output of key, if there is one.
func (c Cache) Forget(stage string, key Key) error {
	if c.DryRun {
		return &WouldRunError{What: stage}
	}
	return os.RemoveAll(c.Path(stage, key))
}

// Prune removes all outputs of a stage but the n last used, and those of the
// folders in use.
func (c Cache) Prune(stage string, n int, inUse map[string]bool) error {
	entries, err := os.ReadDir(filepath.Join(c.Dir, stage))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	used := map[string]time.Time{}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			used[e.Name()] = info.ModTime()
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return used[b.Name()].Compare(used[a.Name()]) })
	for _, e := range entries[min(n, len(entries)):] {
		dir := filepath.Join(c.Dir, stage, e.Name())
		if inUse[dir] {
			continue
		}
		if err := c.Discard(dir); err != nil {
			return err
		}
	}
	return nil
}
