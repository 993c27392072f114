package series

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/shell"
)

// A workDir is the folder with a fork's work tree: dist/FORK/src, or one that a
// person chose.
type workDir struct {
	fork    string // its ID
	path    string // as messages name it
	dir     string // absolute, without links
	record  string // the file with the record of what was laid out there
	outside bool   // not in dist
}

// workDirOf returns the folder of a fork's work tree. tree is what the person chose,
// "" for dist/FORK/src, whose record is in the folder records.
func workDirOf(f fork.Fork, records, tree string) (workDir, error) {
	if tree == "" {
		path := f.Dist("src")
		return workDir{fork: f.ID, path: path, dir: f.Project.Path(path), record: filepath.Join(records, f.ID)}, nil
	}
	dir := filepath.Clean(tree)
	if !filepath.IsAbs(dir) {
		dir = f.Project.Path(tree)
	}
	at := workDir{fork: f.ID, path: tree, outside: true}
	var err error
	if at.dir, err = withoutLinks(dir); err != nil {
		return at, fmt.Errorf("-tree=%s: %w", tree, err)
	}
	at.record = filepath.Join(at.dir, ".git", "slipway")
	return at, at.checkPlace(f.Project)
}

// withoutLinks returns a path, of which the end need not exist, without links in it.
func withoutLinks(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if _, lerr := os.Lstat(path); !errors.Is(lerr, fs.ErrNotExist) || path == filepath.Dir(path) {
		return real, err
	}
	parent, err := withoutLinks(filepath.Dir(path))
	return filepath.Join(parent, filepath.Base(path)), err
}

// checkPlace returns an error if a person's folder is where a work tree cannot be.
func (w workDir) checkPlace(p fork.Project) error {
	if strings.HasPrefix(w.path, "~") {
		return fmt.Errorf("-tree=%s: the shell does not expand ~ there: write $HOME", w.path)
	}
	for _, name := range []string{"dist", "forks"} {
		if dir, err := withoutLinks(p.Path(name)); err != nil {
			return err
		} else if within(w.dir, dir) {
			return fmt.Errorf("-tree=%s is in %s, where Slipway removes and replaces folders: name one elsewhere", w.path, name)
		}
	}
	entries, err := os.ReadDir(w.dir)
	if len(entries) == 0 && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("-tree=%s: %w", w.path, err)
	}
	records, err := w.records()
	switch {
	case err != nil:
		return err
	case len(records) == 0:
		return fmt.Errorf("-tree=%s: this folder has files, and is not a work tree of a fork: "+
			"name one that is empty or does not exist", w.path)
	case records[0].Fork != w.fork:
		return fmt.Errorf("-tree=%s is the work tree of %s: name another folder for %s", w.path, records[0].Fork, w.fork)
	}
	return nil
}

// checkReplaced returns an error if a new tree cannot take the place of what is there, or
// something would be lost.
func (w workDir) checkReplaced(ctx context.Context, git gitrepo.Git, f fork.Fork) error {
	if w.outside {
		if err := w.checkBeside(); err != nil {
			return err
		}
	}
	return w.checkUntouched(ctx, git, f)
}

// checkBeside returns an error if a tree cannot be made beside a person's folder, and
// moved into its place. The text of the system's error is not wrapped, which would be
// taken for one of dist.
func (w workDir) checkBeside() error {
	parent := filepath.Dir(w.dir)
	above, err := os.Stat(parent)
	for errors.Is(err, fs.ErrNotExist) {
		parent = filepath.Dir(parent)
		above, err = os.Stat(parent)
	}
	if err == nil {
		err = unix.Access(parent, unix.W_OK|unix.X_OK)
	}
	if err != nil {
		return fmt.Errorf("-tree=%s: nothing can be made in %s: %s: name a folder elsewhere", w.path, parent, err.Error())
	}
	here, err := os.Stat(w.dir)
	if err == nil && here.Sys().(*syscall.Stat_t).Dev != above.Sys().(*syscall.Stat_t).Dev {
		return fmt.Errorf("-tree=%s is where a disk is mounted, and cannot be replaced: name a folder in it", w.path)
	}
	return nil
}

// within reports whether a path is that of a folder or below it.
func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

// exists reports whether there is anything in the folder.
func (w workDir) exists() (bool, error) {
	entries, err := os.ReadDir(w.dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return len(entries) > 0, err
}

// flags are those of the verbs that work on the tree.
func (w workDir) flags() string {
	flags := " -fork=" + w.fork
	if w.outside {
		flags += " -tree=" + shell.Quote(w.path)
	}
	return flags
}

// removal is the command that discards the tree.
func (w workDir) removal() string {
	path := w.path
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	return "rm -rf " + shell.Quote(path)
}

// nextRecord is what the name of a record that is not in its place yet ends in.
const nextRecord = ".next"

// records returns the records of the tree: the last and, where a run was killed before
// it placed its own, the next.
func (w workDir) records() (found []workTree, err error) {
	for _, name := range []string{w.record, w.record + nextRecord} {
		var was workTree
		data, err := os.ReadFile(name)
		if err == nil && json.Unmarshal(data, &was) == nil {
			found = append(found, was)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return nil, err
		}
	}
	return found, nil
}

// laidOut returns the record of the tree whose history is h.
func (w workDir) laidOut(h gitrepo.History) (workTree, bool, error) {
	found, err := w.records()
	was, ok := recordOf(found, h)
	return was, ok, err
}

// write writes the record of a tree beside the one that it will replace, and returns
// the function that puts it in its place in one step.
func (w workDir) write(s *build.Session, tree workTree) (place func() error, err error) {
	next := w.record + nextRecord
	if w.outside {
		tree.Fork = w.fork
	}
	data, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	err = errors.Join(os.MkdirAll(filepath.Dir(w.record), 0o755), os.WriteFile(next, data, 0o644))
	s.Step("wrote the next record of the work tree")
	return func() error {
		defer s.Step("placed the record of the work tree")
		return os.Rename(next, w.record)
	}, err
}

// replace has lay make a tree in a new folder, and puts it in the place of what is
// there.
func (w workDir) replace(s *build.Session, lay func(next string) (workTree, error)) error {
	if w.outside {
		return w.replaceOutside(s, lay)
	}
	scratch, err := s.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	next := filepath.Join(scratch, "src")
	tree, err := lay(next)
	if err != nil {
		return err
	}
	// Until the tree is placed, either record is that of what is there.
	placeRecord, err := w.write(s, tree)
	if err != nil {
		return err
	}
	if err := s.Dist().Place(next, w.path); err != nil {
		return err
	}
	return placeRecord()
}

// replaceOutside is replace for a folder that may be on another file system than the
// cache. The new tree is made beside it, with its record in it.
func (w workDir) replaceOutside(s *build.Session, lay func(next string) (workTree, error)) error {
	next := filepath.Join(filepath.Dir(w.dir), "."+filepath.Base(w.dir)+".slipway")
	if err := os.RemoveAll(next); err != nil { // what a killed run left
		return err
	}
	defer os.RemoveAll(next)
	tree, err := lay(next)
	if err != nil {
		return err
	}
	made := w
	made.record = filepath.Join(next, ".git", "slipway")
	placeRecord, err := made.write(s, tree)
	if err == nil {
		err = placeRecord()
	}
	if err != nil {
		return err
	}
	defer s.Step("placed " + w.path)
	if _, err := os.Lstat(w.dir); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(next, w.dir)
	}
	return filetree.Exchange(next, w.dir)
}
