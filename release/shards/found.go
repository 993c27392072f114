package shards

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/platform"
)

// again is the remedy of a shard that was damaged on its way.
const again = "\n  Copy the shard again from the machine that made it"

// A found is a folder with a shard in it. Its record is empty if it cannot be read.
type found struct {
	Record
	dir string // as the user named it, and below
	err error  // why the record cannot be read
}

// find returns the shards in folders and below them, sorted by folder.
func find(folders []string) ([]found, error) {
	const want = "want a folder with " + File + " in it, as mage release:shard writes to dist/shards, " +
		"or one with such folders below it"
	var dirs []string
	for _, folder := range folders {
		here, err := below(folder)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s does not exist: %s", folder, want)
		case err != nil:
			return nil, err
		case len(here) == 0:
			return nil, fmt.Errorf("%s has no shard: %s", folder, want)
		}
		dirs = append(dirs, here...)
	}
	slices.Sort(dirs)
	var out []found
	for _, dir := range slices.Compact(dirs) {
		f := found{dir: dir}
		if f.Record, f.err = read(dir); f.err != nil {
			f.Record = Record{}
		}
		out = append(out, f)
	}
	return out, nil
}

// walk is filepath.WalkDir of a folder that can be named by a link to it. Below it, links
// are not followed.
func walk(folder string, f fs.WalkDirFunc) error { return filepath.WalkDir(folder+"/.", f) }

// below returns the folders of shards in a folder. What is in a shard is its own.
func below(folder string) ([]string, error) {
	var out []string
	err := walk(folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		if _, err := os.Lstat(filepath.Join(name, File)); err == nil {
			out = append(out, filepath.Clean(name))
			return fs.SkipDir
		}
		return nil
	})
	return out, err
}

// read returns the record in a folder, if it is one that this package can have written.
func read(dir string) (Record, error) {
	var r Record
	at := filepath.Join(dir, File)
	if info, err := os.Lstat(at); err != nil {
		return r, err
	} else if !info.Mode().IsRegular() {
		return r, fmt.Errorf("%s is not a plain file", at)
	}
	data, err := os.ReadFile(at)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("%s: %w"+again, at, err)
	}
	if r.Schema != Schema {
		return r, fmt.Errorf("%s: its schema is %d, and this Slipway reads %d\n  Make and merge the shards with one Slipway",
			at, r.Schema, Schema)
	}
	p, err := platform.Parse(r.Platform)
	s := Shard{r.Fork, p}
	if err != nil || !nameable.MatchString(r.Fork) || s.Name() != r.Shard {
		return r, fmt.Errorf("%s: it says shard %q of fork %q for platform %q, which no shard is", at, r.Shard, r.Fork,
			r.Platform)
	}
	return r, r.checkList(s, at)
}

// checkList returns an error for the first path that no shard has.
func (r Record) checkList(s Shard, at string) error {
	last := ""
	for _, l := range r.Files {
		if !slices.Contains(s.parts(), path.Dir(l.Path)) || path.Clean(l.Path) != l.Path {
			return fmt.Errorf("%s: it lists %q, which is in none of the folders of a shard for %s: %s", at, l.Path, r.Platform,
				strings.Join(s.parts(), ", "))
		}
		if l.Path <= last {
			return fmt.Errorf("%s: it lists %q behind %q, and not each file once and sorted", at, l.Path, last)
		}
		last = l.Path
	}
	if first := s.parts()[0]; len(r.below(first)) == 0 {
		return fmt.Errorf("%s: it lists nothing in %s, where the binaries are", at, first)
	}
	return nil
}

// folders returns the folders of dist/FORK that the shard has.
func (r Record) folders() []string {
	var out []string
	for _, l := range r.Files {
		out = append(out, path.Dir(l.Path))
	}
	return slices.Compact(out)
}

// below returns the files in one of the folders.
func (r Record) below(folder string) []Listed {
	return slices.DeleteFunc(slices.Clone(r.Files), func(l Listed) bool { return path.Dir(l.Path) != folder })
}

// fault returns an error about the shard.
func (f found) fault(format string, args ...any) error {
	return fmt.Errorf("shard %s in %s "+format, append([]any{f.Shard, f.dir}, args...)...)
}

// check returns what is wrong with the shard by itself: files that are missing, changed
// or not listed, and links.
func (f found) check(ctx context.Context) []error {
	if f.err != nil {
		return []error{f.err}
	}
	var faults []error
	missing := map[string]Listed{}
	for _, l := range f.Files {
		missing[l.Path] = l
	}
	err := walk(f.dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || name == filepath.Join(f.dir, File) {
			return err
		}
		rel, _ := filepath.Rel(f.dir, name)
		rel = filepath.ToSlash(rel)
		l, listed := missing[rel]
		delete(missing, rel)
		switch {
		case !e.Type().IsRegular():
			faults = append(faults, f.fault("has %s, which is not a plain file\n  Remove it: a shard has no links", rel))
		case !listed:
			faults = append(faults, f.fault("has %s, which %s does not list\n  Remove it", rel, File))
		default:
			_, sum, err := sumOf(ctx, name, io.Discard)
			if err == nil && sum != l.SHA256 {
				faults = append(faults, f.fault("has a changed %s: its SHA-256 is %s, and was %s"+again, rel, sum, l.SHA256))
			}
			return err
		}
		return nil
	})
	if err != nil {
		return []error{err}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		faults = append(faults, f.fault("has no %s"+again, name))
	}
	return faults
}

// kept reports whether dist has just the files of a folder.
func (f found) kept(d output.Dist, folder string) bool {
	at := filepath.Join("dist", f.Fork, folder)
	var list []string
	for _, l := range f.below(folder) {
		name := filepath.Join(at, path.Base(l.Path))
		info, err := os.Lstat(d.Abs(name))
		if err != nil || info.Mode()&0o111 != 0 != l.Executable || !d.Intact(name, l.Size, l.SHA256) {
			return false
		}
		list = append(list, path.Base(l.Path))
	}
	return slices.Equal(output.List(d.Abs(at)), list)
}

// copy lays out a folder at a path where there is none yet, and checks what it copies.
func (f found) copy(ctx context.Context, folder, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, l := range f.below(folder) {
		mode := fs.FileMode(0o644)
		if l.Executable {
			mode = 0o755
		}
		w, err := os.OpenFile(filepath.Join(to, path.Base(l.Path)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		_, sum, err := sumOf(ctx, filepath.Join(f.dir, filepath.FromSlash(l.Path)), w)
		if err := errors.Join(err, w.Close()); err != nil {
			return err
		}
		if sum != l.SHA256 {
			return f.fault("has a %s that changed while it was read\n  Merge again when nothing writes to it", l.Path)
		}
	}
	return nil
}
