package targets_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A moment is a copy of a project, made while a run was at work in it: what the
// run would leave if it were killed just then.
type moment struct {
	what    string
	project *project
	links   listing // files that are one with those of other copies, with their stamps
}

// A recorder keeps the moments of a run, those at which the disk is the same once.
type recorder struct {
	t       *testing.T
	p       *project
	dir     string // where copies are made
	only    string // part of a moment's name; of others no copy is made
	mu      sync.Mutex
	moments []moment
	found   map[string]int         // moments, by the digest of the disk
	was     map[string]fs.FileInfo // what was at a path before something was placed there
}

// newRecorder returns a recorder of what is done in p, at moments whose names have a
// part.
func newRecorder(t *testing.T, p *project, only string) *recorder {
	t.Helper()
	return &recorder{t: t, p: p, dir: t.TempDir(), only: only, found: map[string]int{}, was: map[string]fs.FileInfo{}}
}

// step is a slipway.Project's Step.
func (r *recorder) step(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checkPlaced(what)
	if !strings.Contains(what, r.only) {
		return
	}
	to := filepath.Join(r.dir, fmt.Sprint(len(r.moments)))
	sum, links, err := copyDisk(r.p.dir, to)
	if err != nil {
		r.t.Errorf("%s: %v", what, err)
		return
	}
	m := moment{what, &project{r.p.exe, to, r.p.env}, links}
	if i, ok := r.found[sum]; ok { // the later one differs by more scratch files, if at all
		if err := errors.Join(os.RemoveAll(r.moments[i].project.dir), os.Rename(to, r.moments[i].project.dir)); err != nil {
			r.t.Error(err)
		}
		r.moments[i].what, r.moments[i].links = r.moments[i].what+", "+what, links
		return
	}
	r.found[sum] = len(r.moments)
	r.moments = append(r.moments, m)
}

// checkPlaced checks that what is placed changes places with what was there: between
// two steps, nothing of a project is missing.
func (r *recorder) checkPlaced(what string) {
	if path, ok := strings.CutPrefix(what, "about to place "); ok {
		r.was[path], _ = os.Lstat(r.p.path(path))
	}
	path, ok := strings.CutPrefix(what, "placed ")
	if !ok || r.was[path] == nil {
		return
	}
	moved := false
	_ = filepath.WalkDir(r.p.path("dist", ".cache", "tmp"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil {
			info, err := d.Info()
			moved = moved || err == nil && os.SameFile(info, r.was[path])
		}
		return nil
	})
	if !moved {
		r.t.Errorf("%s: what was there was not moved in the same step", what)
	}
}

// copyDisk makes a copy of a project, but for its user's home, and returns a digest
// of it, and the stamps of the files that are one with those of the project. Scratch
// files, which the next run removes first, and folders do not count. What a run
// renames or removes meanwhile is left out.
func copyDisk(from, to string) (digest string, links listing, err error) {
	sum, links := sha256.New(), listing{}
	err = filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		var rel string
		if err == nil {
			rel, err = filepath.Rel(from, name)
		}
		if rel == ".home" {
			return fs.SkipDir
		}
		var line string
		if err == nil {
			line, err = copyOne(name, filepath.Join(to, rel), d, neverWritten(rel))
		}
		if err == nil && d.Type().IsRegular() && neverWritten(rel) {
			links[rel] = line
		}
		if line != "" && !strings.HasPrefix(rel, filepath.Join("dist", ".cache", "tmp")) {
			fmt.Fprintf(sum, "%q %s\n", rel, line)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return fmt.Sprintf("%x", sum.Sum(nil)), links, err
}

// checkLinks checks that nothing was written to a file that other copies have, too.
func (m moment) checkLinks(t *testing.T) {
	t.Helper()
	for name, was := range m.links {
		if info, err := os.Lstat(m.project.path(name)); err != nil || stamp(info) != was {
			t.Errorf("%s was written to where it is (%v)", name, err)
		}
	}
}

// copyOne makes a copy of a file, a link or a folder without its files, and returns
// what says of a file what is in it. With link, a file is linked.
func copyOne(from, to string, d fs.DirEntry, link bool) (string, error) {
	info, err := d.Info()
	switch {
	case err != nil:
		return "", err
	case d.IsDir():
		err := os.Mkdir(to, 0o755)
		if errors.Is(err, fs.ErrExist) { // of the folder that all are copied to
			err = nil
		}
		return "", err
	case d.Type() == fs.ModeSymlink:
		target, err := os.Readlink(from)
		return target, errors.Join(err, os.Symlink(target, to))
	case link:
		return stamp(info), os.Link(from, to)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%v %x", info.Mode(), sha256.Sum256(data)), os.WriteFile(to, data, info.Mode())
}

// neverWritten reports whether a file of a project, by its path there, is one that is replaced, never
// written to. Copies of it are links, which takes less time.
func neverWritten(name string) bool {
	name = "/" + filepath.ToSlash(name)
	_, git, isGit := strings.Cut(name, "/.git/")
	_, cache, isCache := strings.Cut(name, "/dist/.cache/")
	switch {
	case isGit:
		return strings.HasPrefix(git, "objects/")
	case isCache:
		return strings.Contains(cache, "/") && !strings.HasPrefix(cache, "src/") && !strings.HasPrefix(cache, "tmp/")
	}
	return strings.Contains(name, "/dist/")
}

// stamp returns what the file system says of a file that nobody has written to.
func stamp(info fs.FileInfo) string {
	inode := info.Sys().(*syscall.Stat_t).Ino
	return fmt.Sprintf("%v %d %d %d", info.Mode(), info.Size(), info.ModTime().UnixNano(), inode)
}

// copyTo returns a copy of the project, without its user's home, which both have.
func (p *project) copyTo(t *testing.T, dir string) *project {
	t.Helper()
	if _, _, err := copyDisk(p.dir, dir); err != nil {
		t.Fatal(err)
	}
	return &project{p.exe, dir, p.env}
}

// take replaces a folder of the project by another project's.
func (p *project) take(t *testing.T, from *project, name string) {
	t.Helper()
	remove(t, p.path(name))
	if _, _, err := copyDisk(from.path(name), p.path(name)); err != nil {
		t.Fatal(err)
	}
}

// An outcome is what a run has made of a project.
type outcome struct {
	sources listing // all but dist
	outputs listing // dist, but for the cache
}

// outcome returns what was made of the project.
func (p *project) outcome(t *testing.T) outcome {
	t.Helper()
	sources, outputs := mustList(t, p.dir), mustList(t, p.path("dist"))
	maps.DeleteFunc(sources, func(name, _ string) bool {
		return strings.HasPrefix(name, "/dist/") || strings.HasPrefix(name, "/.home/")
	})
	maps.DeleteFunc(outputs, func(name, _ string) bool {
		_, git, _ := strings.Cut(name, "/.git/") // its index and its logs have times
		return strings.HasPrefix(name, "/.cache/") || git == "index" || strings.HasPrefix(git, "logs/")
	})
	return outcome{sources: sources, outputs: outputs}
}

// compare checks that the project is what is wanted, that it is whole, and that
// nothing was noted but what may be: a run that finds something damaged says so.
func (p *project) compare(t *testing.T, want outcome, mayNote, notes []string) {
	t.Helper()
	now := p.outcome(t)
	for _, line := range append(want.sources.differ(now.sources), want.outputs.differ(now.outputs)...) {
		t.Error(line)
	}
	for _, note := range notes {
		if !slices.Contains(mayNote, note) {
			t.Errorf("it notes %q", note)
		}
	}
	if err := checkWhole(p.path("dist")); err != nil {
		t.Error(err)
	}
}
