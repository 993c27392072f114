package overlay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/repo/tree"
)

// What readers start at, in the order in which git reads it.
const (
	refsFile  = Dir + "/info/refs"
	headFile  = Dir + "/HEAD"
	packsFile = Dir + "/objects/info/packs"
)

const packDir = Dir + "/" + gitrepo.PackDir

// symref begins the file HEAD.
const symref = "ref: refs/heads/"

// Files returns the files that readers need, below overlay.git. The list of packs is published
// before what points into them, and packs that it no longer has stay as long as other content:
// so whoever reads meanwhile finds all that a branch has had.
func (r Repository) Files(ctx context.Context) ([]tree.File, error) {
	bare, err := r.Git.Bare(ctx, r.Dir)
	if err != nil {
		return nil, err
	}
	heads, err := bare.Heads(ctx)
	if err != nil || len(heads) == 0 {
		return nil, err
	}
	head, err := bare.Head(ctx)
	if err != nil {
		return nil, err
	}
	var files []tree.File
	var list, refs strings.Builder
	for _, name := range bare.Packs() {
		fmt.Fprintf(&list, "P %s.pack\n", name)
		for _, suffix := range packSuffixes {
			f, err := content(path.Join(packDir, name+suffix), filepath.Join(r.Dir, gitrepo.PackDir, name+suffix))
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
	}
	list.WriteString("\n")
	for _, name := range slices.Sorted(maps.Keys(heads)) {
		fmt.Fprintf(&refs, "%s\trefs/heads/%s\n", heads[name], name)
		// Nobody reads it over HTTP. With it, the folder can be cloned, and served by git itself.
		files = append(files, tree.Of(tree.Commit, Dir+"/refs/heads/"+name, []byte(heads[name]+"\n")))
	}
	packs := tree.Of(tree.Content, "", []byte(list.String()))
	packs.Path = packsFile + "-" + packs.SHA256
	files = append(files, packs, tree.AliasOf(tree.Index, packsFile, packs),
		tree.Of(tree.Commit, refsFile, []byte(refs.String())), tree.Of(tree.Commit, headFile, []byte(symref+head+"\n")))
	tree.Sort(files)
	return files, nil
}

// packSuffixes are the files of a pack, the one that makes git see it last.
var packSuffixes = []string{".pack", ".idx"}

// Heads returns the last commit of each branch.
func (r Repository) Heads(ctx context.Context) (map[string]string, error) {
	bare, err := r.Git.Bare(ctx, r.Dir)
	if err != nil {
		return nil, err
	}
	return bare.Heads(ctx)
}

// content returns a file of this machine as content at a path. It is small: ebuilds are.
func content(at, from string) (tree.File, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return tree.File{}, err
	}
	f := tree.Of(tree.Content, at, data)
	f.Data, f.From = nil, from
	return f, nil
}

// A Getter returns a published file by its path in the whole repository, and an error that is
// fs.ErrNotExist if there is none.
type Getter func(ctx context.Context, path string) ([]byte, error)

// Restore makes the repository what is published, whatever it was: an empty one where nothing
// is. What is here already is not asked for again, unless it is damaged.
func (r Repository) Restore(ctx context.Context, get Getter) error {
	published, err := read(ctx, get)
	if errors.Is(err, fs.ErrNotExist) {
		return os.RemoveAll(r.Dir)
	}
	if err != nil {
		return err
	}
	err = r.restore(ctx, get, published)
	if _, ok := errors.AsType[*DamagedError](err); !ok {
		return err
	}
	// It may be what was here.
	if err := os.RemoveAll(r.Dir); err != nil {
		return err
	}
	return r.restore(ctx, get, published)
}

func (r Repository) restore(ctx context.Context, get Getter, published start) error {
	bare, err := r.Git.Bare(ctx, r.Dir)
	if err != nil {
		return err
	}
	here := bare.Packs()
	for _, pack := range published.packs {
		if slices.Contains(here, pack) {
			continue
		}
		if err := r.take(ctx, get, pack); err != nil {
			return err
		}
	}
	if err := bare.SetHeads(ctx, published.heads); err != nil {
		return &DamagedError{refsFile, err}
	}
	if err := bare.SetHead(ctx, published.head); err != nil {
		return err
	}
	if err := r.leave(bare, published.packs); err != nil {
		return err
	}
	if err := bare.Check(ctx); err != nil {
		return &DamagedError{Dir, err}
	}
	return nil
}

// take adds a published pack to the repository.
func (r Repository) take(ctx context.Context, get Getter, pack string) error {
	for _, suffix := range packSuffixes {
		data, err := get(ctx, path.Join(packDir, pack+suffix))
		if err != nil {
			return lost(path.Join(packDir, pack+suffix), err)
		}
		to := filepath.Join(r.Dir, gitrepo.PackDir, pack+suffix)
		if err := os.WriteFile(to+".lock", data, 0o644); err != nil {
			return err
		}
		if err := os.Rename(to+".lock", to); err != nil {
			return err
		}
	}
	return nil
}

// leave removes packs that were never published.
func (r Repository) leave(bare *gitrepo.Bare, packs []string) error {
	for _, name := range bare.Packs() {
		if slices.Contains(packs, name) {
			continue
		}
		for _, suffix := range slices.Backward(packSuffixes) {
			if err := os.Remove(filepath.Join(r.Dir, gitrepo.PackDir, name+suffix)); err != nil {
				return err
			}
		}
	}
	return nil
}

// start is what a published repository starts at.
type start struct {
	heads map[string]string
	head  string
	packs []string
}

var (
	refLine  = regexp.MustCompile(`^([0-9a-f]{40})\trefs/heads/(\S+)\n$`)
	packLine = regexp.MustCompile(`^P (pack-[0-9a-f]{40})\.pack\n$`)
)

// read reads what a published repository starts at.
func read(ctx context.Context, get Getter) (s start, err error) {
	s.heads = map[string]string{}
	refs, err := get(ctx, refsFile)
	if err != nil {
		return s, err
	}
	head, err := get(ctx, headFile)
	if err != nil {
		return s, lost(headFile, err)
	}
	packs, err := get(ctx, packsFile)
	if err != nil {
		return s, lost(packsFile, err)
	}
	for line := range bytes.Lines(refs) {
		m := refLine.FindSubmatch(line)
		if m == nil {
			return s, &DamagedError{refsFile, fmt.Errorf("%q is not a ref", line)}
		}
		s.heads[string(m[2])] = string(m[1])
	}
	for line := range bytes.Lines(packs) {
		m := packLine.FindSubmatch(line)
		switch {
		case m != nil:
			s.packs = append(s.packs, string(m[1]))
		case string(line) != "\n":
			return s, &DamagedError{packsFile, fmt.Errorf("%q is not a pack", line)}
		}
	}
	name, ok := strings.CutPrefix(strings.TrimSpace(string(head)), symref)
	if s.head = name; !ok || s.heads[name] == "" {
		return s, &DamagedError{headFile, fmt.Errorf("%q is not a branch of %s", head, refsFile)}
	}
	return s, nil
}

// lost is the error of a file without which others are of no use: it is not that there is none.
func lost(file string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &DamagedError{file, errors.New("it is missing")}
	}
	return fmt.Errorf("%s: %w", file, err)
}

// A DamagedError is a published git repository that readers cannot get whole.
type DamagedError struct {
	File string // by its path in the whole repository
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the published git repository is damaged: %s: %v\n"+
		"  Publish an earlier copy of the folder %s again, or remove it: it is then made anew, and readers have to "+
		"clone again", e.File, e.Err, Dir)
}

func (e *DamagedError) Unwrap() error { return e.Err }
