package cross

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/run"
)

// A Package is one that programs are made of.
type Package struct {
	Path   string // its import path
	Dir    string
	Module string // path and version; the path alone if it is in the tree, "" in a GOPATH
	Root   string // the module's folder; that of the tree in a GOPATH
	Sum    string // h1:…, as go.sum has it; "" where there is none, or an old go command does not say
}

// Packages returns what components are made of, but for the standard library, as the
// module cache and the tree have it.
func (b Builder) Packages(
	ctx context.Context, in Input, tree filetree.Dir, components []Component,
) ([]Package, error) {
	runs, err := Request{Input: in, Dir: tree, Components: components}.batches()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, batch := range runs {
		cmd := run.Cmd{Dir: batch.dir(tree), Env: b.env(in, tree, false), Stdout: &out}
		if batch.components[0].CGO {
			cmd.Env = cmd.Env.With("CGO_ENABLED=1") // to list files takes no C compiler
		}
		if err := b.list(ctx, in, batch, cmd); err != nil {
			return nil, fmt.Errorf("listing packages: %w", err)
		}
	}
	packages, err := listed(&out, tree.Path)
	if err != nil {
		return nil, fmt.Errorf("listing packages: %w", err)
	}
	return packages, nil
}

// Gather fills a new module cache, in the empty folder dst, with what components
// are made of and no more, so that they can be compiled from there without a
// network. It returns the packages of other modules.
func (b Builder) Gather(
	ctx context.Context, in Input, tree filetree.Dir, components []Component, dst string,
) ([]Package, error) {
	env := b.env(in, tree, false)
	kept := fileProxy(filepath.Join(b.Go.GOMODCACHE, "cache", "download"))
	env = env.With("GOMODCACHE="+dst, "GOFLAGS=-modcacherw", "GOPROXY="+kept+","+b.Go.GOPROXY)
	runs, err := Request{Input: in, Dir: tree, Components: components}.batches()
	if err != nil {
		return nil, err
	}
	watch := &watcher{emit: func(int, int) {}, download: func(n int) {
		b.Events.Emit(event.Event{Kind: event.Progress, Stage: "modules", Subject: in.Platform.String(),
			Done: n, Unit: "downloads"})
	}}
	var out bytes.Buffer
	for _, batch := range runs {
		at := batch.dir(tree)
		graph := run.Cmd{Args: []string{"go", "mod", "graph"}, Dir: at, Env: env, Stderr: watch}
		// What verifies the cache loads the whole graph.
		if err := b.Go.Run.Run(ctx, graph); err != nil {
			return nil, fmt.Errorf("gathering modules: %w", err)
		}
		if err := b.list(ctx, in, batch, run.Cmd{Dir: at, Env: env, Stdout: &out, Stderr: watch}); err != nil {
			return nil, fmt.Errorf("gathering modules: %w", err)
		}
	}
	packages, err := listed(&out, tree.Path)
	if err != nil {
		return nil, fmt.Errorf("gathering modules: %w", err)
	}
	outside := slices.DeleteFunc(packages, func(p Package) bool { return !strings.HasPrefix(p.Root, dst) })
	return outside, slim(dst)
}

// fileProxy returns the name that GOPROXY has for the module proxy in a folder. Commas part the
// names there.
func fileProxy(dir string) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}
	return strings.ReplaceAll(u.String(), ",", "%2C")
}

// list has the go command list the packages of a batch; cmd says where.
func (b Builder) list(ctx context.Context, in Input, of batch, cmd run.Cmd) error {
	cmd.Args = []string{"go", "list", "-deps", "-json=ImportPath,Dir,Standard,Module"}
	if len(in.Tags) > 0 {
		cmd.Args = append(cmd.Args, "-tags="+strings.Join(in.Tags, ","))
	}
	cmd.Args = append(cmd.Args, of.args()...)
	return b.Go.Run.Run(ctx, cmd)
}

// listed reads a list of packages that the go command printed for a tree, without those
// of the standard library.
func listed(list io.Reader, tree string) ([]Package, error) {
	var packages []Package
	for dec := json.NewDecoder(list); ; {
		var p struct {
			ImportPath, Dir string
			Standard        bool
			Module          *struct{ Path, Version, Dir, Sum string }
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		found := Package{Path: p.ImportPath, Dir: p.Dir, Root: tree}
		if m := p.Module; m != nil {
			found.Module, found.Root, found.Sum = m.Path+"@"+m.Version, m.Dir, m.Sum
			if m.Dir == "" { // it is vendored
				found.Root = strings.TrimSuffix(p.Dir, filepath.FromSlash(strings.TrimPrefix(p.ImportPath, m.Path)))
			} else if m.Version == "" || inTree(m.Dir, tree) {
				found.Module = m.Path
			}
		}
		if !p.Standard {
			packages = append(packages, found)
		}
	}
}

// inTree reports whether a folder is the tree's or below.
func inTree(dir, tree string) bool {
	return dir == tree || strings.HasPrefix(dir, tree+string(filepath.Separator))
}

// slim removes from a module cache what a build does not need: archives of what is
// unpacked beside them, locks, and what a server says of a version.
func slim(dir string) error {
	// Where no module is needed, the go command makes no cache.
	if err := os.MkdirAll(filepath.Join(dir, "cache", "download"), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(dir, "cache", "download", "sumdb")); err != nil {
		return err
	}
	return filepath.WalkDir(filepath.Join(dir, "cache"), func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch filepath.Ext(name) {
		case ".mod", ".ziphash":
			return nil
		}
		return os.Remove(name)
	})
}
