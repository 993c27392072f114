package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Bare is a bare repository that commits are written to without a work tree.
type Bare struct {
	git Git
	dir string
}

// Bare returns the bare repository in the folder dir, and makes it if it is not there. Nobody
// else may use dir.
func (g Git) Bare(ctx context.Context, dir string) (*Bare, error) {
	if exists(filepath.Join(dir, "HEAD")) {
		return &Bare{g, dir}, clearLocks(dir)
	}
	settings := [][2]string{{"gc.auto", "0"}, {"maintenance.auto", "false"}}
	return &Bare{g, dir}, g.initBare(ctx, dir, settings)
}

// initBare makes a bare repository with settings, in one step.
func (g Git) initBare(ctx context.Context, dir string, settings [][2]string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if _, err := g.output(ctx, tmp, "init", "-q", "--bare", "--template=", "."); err != nil {
		return err
	}
	for _, kv := range settings {
		if _, err := g.output(ctx, tmp, "config", kv[0], kv[1]); err != nil {
			return err
		}
	}
	return os.Rename(tmp, dir)
}

// in runs git in the repository, with something to read.
func (b *Bare) in(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	var out bytes.Buffer
	err := b.git.run(ctx, call{dir: b.dir, args: args, stdin: bytes.NewReader(stdin), stdout: &out})
	return out.Bytes(), err
}

// id returns the one id that git wrote.
func id(out []byte, err error) (string, error) { return strings.TrimSpace(string(out)), err }

// WriteBlobs writes files' content.
func (b *Bare) WriteBlobs(ctx context.Context, contents ...[]byte) error {
	var in bytes.Buffer
	for _, data := range contents {
		fmt.Fprintf(&in, "blob\ndata %d\n", len(data))
		in.Write(data)
		in.WriteByte('\n')
	}
	// As loose objects, which Pack makes one pack of.
	_, err := b.in(ctx, in.Bytes(), "-c", "fastimport.unpackLimit="+strconv.Itoa(1<<30), "fast-import", "--quiet")
	return err
}

// WriteTree writes a tree of files, by their paths and the ids of their content, and returns
// its id.
func (b *Bare) WriteTree(ctx context.Context, files map[string]string) (string, error) {
	var in bytes.Buffer
	for _, path := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&in, "100644 %s\t%s\x00", files[path], path)
	}
	index := filepath.Join(b.dir, "tmp_index")
	if err := os.RemoveAll(index); err != nil {
		return "", err
	}
	defer os.Remove(index)
	env := []string{"GIT_INDEX_FILE=" + index}
	add := call{dir: b.dir, args: []string{"update-index", "-z", "--index-info"}, stdin: &in, env: env}
	if err := b.git.run(ctx, add); err != nil {
		return "", err
	}
	var out bytes.Buffer
	err := b.git.run(ctx, call{dir: b.dir, args: []string{"write-tree"}, stdout: &out, env: env})
	return id(out.Bytes(), err)
}

// WriteCommit writes a commit as git stores it, and returns its id.
func (b *Bare) WriteCommit(ctx context.Context, data []byte) (string, error) {
	return id(b.in(ctx, data, "hash-object", "-t", "commit", "-w", "--stdin"))
}

// ReadTree returns the files of a commit: the ids of their content by their paths.
func (b *Bare) ReadTree(ctx context.Context, commit string) (map[string]string, error) {
	out, err := b.in(ctx, nil, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, line := range fields(out) {
		head, path, ok := strings.Cut(line, "\t")
		if w := strings.Fields(head); ok && len(w) == 3 {
			files[path] = w[2]
		}
	}
	return files, nil
}

// ReadBlobs returns the content of files by their names: ids, or COMMIT:PATH. What is not
// there is missing in it.
func (b *Bare) ReadBlobs(ctx context.Context, names []string) (map[string][]byte, error) {
	out, err := b.in(ctx, []byte(strings.Join(names, "\n")+"\n"), "cat-file", "--batch")
	if err != nil || len(names) == 0 {
		return nil, err
	}
	contents := map[string][]byte{}
	for _, name := range names {
		head, rest, _ := bytes.Cut(out, []byte("\n"))
		w := strings.Fields(string(head))
		if len(w) == 2 && w[1] == "missing" {
			out = rest
			continue
		}
		size := -1
		if len(w) == 3 {
			size, err = strconv.Atoi(w[2])
		}
		if err != nil || size < 0 || size >= len(rest) {
			return nil, fmt.Errorf("git cat-file wrote %q of %s", head, name)
		}
		contents[name], out = rest[:size], rest[size+1:]
	}
	return contents, nil
}

// A Moment is a commit of a branch, and the tree that it has.
type Moment struct {
	Commit, Tree string
	Time         time.Time // the committer's
}

// First returns the commits of a branch, the newest first, along first parents: none if there
// is no such branch.
func (b *Bare) First(ctx context.Context, branch string) ([]Moment, error) {
	heads, err := b.Heads(ctx)
	if err != nil || heads[branch] == "" {
		return nil, err
	}
	out, err := b.in(ctx, nil, "log", "--first-parent", "--no-show-signature", "--format=%H %T %ct", heads[branch])
	if err != nil {
		return nil, err
	}
	var all []Moment
	for line := range strings.Lines(string(out)) {
		w := strings.Fields(line)
		if len(w) != 3 {
			return nil, fmt.Errorf("git log wrote %q", line)
		}
		all = append(all, Moment{w[0], w[1], timeOf(w[2])})
	}
	return all, nil
}

// headRefs is where branches are.
const headRefs = "refs/heads/"

// Heads returns the commit of each branch.
func (b *Bare) Heads(ctx context.Context) (map[string]string, error) {
	out, err := b.in(ctx, nil, "for-each-ref", "--format=%(objectname) %(refname)", headRefs)
	if err != nil {
		return nil, err
	}
	heads := map[string]string{}
	for line := range strings.Lines(string(out)) {
		commit, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		heads[strings.TrimPrefix(name, headRefs)] = commit
	}
	return heads, nil
}

// SetHeads makes branches point at commits, all or none. One that is not named is removed.
func (b *Bare) SetHeads(ctx context.Context, heads map[string]string) error {
	had, err := b.Heads(ctx)
	if err != nil {
		return err
	}
	var in bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(heads)) {
		fmt.Fprintf(&in, "update %s%s\x00%s\x00\x00", headRefs, name, heads[name])
	}
	for _, name := range slices.Sorted(maps.Keys(had)) {
		if heads[name] == "" {
			fmt.Fprintf(&in, "delete %s%s\x00\x00", headRefs, name)
		}
	}
	_, err = b.in(ctx, in.Bytes(), "update-ref", "--no-deref", "-z", "--stdin")
	return err
}

// Head returns the branch that HEAD is.
func (b *Bare) Head(ctx context.Context) (string, error) {
	name, err := id(b.in(ctx, nil, "symbolic-ref", "HEAD"))
	return strings.TrimPrefix(name, headRefs), err
}

// SetHead makes HEAD a branch.
func (b *Bare) SetHead(ctx context.Context, branch string) error {
	_, err := b.in(ctx, nil, "symbolic-ref", "HEAD", headRefs+branch)
	return err
}

// PackDir is where packs are in a bare repository.
const PackDir = "objects/pack"

// Packs returns the names of the packs, sorted, without their suffix .pack.
func (b *Bare) Packs() []string {
	names := packs(b.dir)
	for i, name := range names {
		names[i] = strings.TrimSuffix(filepath.Base(name), ".pack")
	}
	slices.Sort(names)
	return names
}

// Pack makes one pack of what is in none yet, and of all where there would be more than most.
func (b *Bare) Pack(ctx context.Context, most int) error {
	args := []string{"-c", "pack.threads=1", "-c", "pack.writeReverseIndex=false", "-c", "pack.indexVersion=2",
		"-c", "repack.writeBitmaps=false", "-c", "repack.updateServerInfo=false", "repack", "-d", "-q"}
	if _, err := b.in(ctx, nil, args...); err != nil || len(b.Packs()) <= most {
		return err
	}
	_, err := b.in(ctx, nil, append(args, "-a")...)
	return err
}

// Check reads all objects, and reports what is damaged or missing.
func (b *Bare) Check(ctx context.Context) error {
	_, err := b.in(ctx, nil, "fsck", "--full", "--strict", "--no-dangling", "--no-progress")
	return err
}
