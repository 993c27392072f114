package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/fork"
)

// collide returns an error that names everything that is there already and would be overwritten.
func collide(dir string, forks []forkPlan, files []file) error {
	var names, found []string
	for _, f := range forks {
		names = append(names, path.Join("forks", f.ID))
	}
	for _, f := range files {
		if !f.edits && !strings.HasPrefix(f.name, "forks/") {
			names = append(names, f.name)
		}
	}
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			found = append(found, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	hint := ""
	if slices.Contains(found, magefile) {
		hint = "\n  " + importTargets
	}
	return fmt.Errorf("%s: already there, and init overwrites nothing%s", strings.Join(found, ", "), hint)
}

// try reads the forks as the commands will, in a folder of their own.
func try(dir string, forks []forkPlan, files []file) error {
	at, err := os.MkdirTemp("", "slipway-init-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(at)
	if err := os.Symlink(filepath.Join(dir, "profiles"), filepath.Join(at, "profiles")); err != nil {
		return err
	}
	if err := write(at, files); err != nil {
		return err
	}
	var faults []error
	for _, f := range forks {
		_, err := fork.Project{Dir: at}.Fork(f.ID)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// write writes files below dir: all, or none of them.
func write(dir string, files []file) (err error) {
	var undo []func()
	defer func() {
		for _, back := range slices.Backward(undo) {
			if err != nil {
				back()
			}
		}
	}()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.name))
		if undo, err = makeDirs(filepath.Dir(name), undo); err != nil {
			return err
		}
		old, readErr := optional(name)
		if err = readErr; err != nil {
			return err
		}
		flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
		back := func() { _ = os.Remove(name) }
		if old != nil && f.edits {
			flags, back = os.O_WRONLY|os.O_TRUNC, func() { _ = os.WriteFile(name, old, 0o644) }
		}
		if err = put(name, flags, f.data, func() { undo = append(undo, back) }); err != nil {
			return err
		}
	}
	return nil
}

// put writes a file. opened is called once there is something to undo.
func put(name string, flags int, data []byte, opened func()) error {
	to, err := os.OpenFile(name, flags, 0o644)
	if err != nil {
		return err
	}
	opened()
	_, err = to.Write(data)
	return errors.Join(err, to.Close())
}

// makeDirs makes a folder and those above it, and adds to undo what takes away those that it made.
func makeDirs(dir string, undo []func()) ([]func(), error) {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return undo, err
	}
	undo, err := makeDirs(filepath.Dir(dir), undo)
	if err != nil {
		return undo, err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return undo, err
	}
	return append(undo, func() { _ = os.Remove(dir) }), nil
}
