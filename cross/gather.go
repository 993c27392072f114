package cross

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/run"
)

// A Package is one that programs are made of, and belongs to a module.
type Package struct {
	Dir    string
	Module string // path and version; the path alone if it is in the tree
	Root   string // the module's folder
}

// Gather fills a new module cache, in the empty folder dst, with what components
// are made of and no more, so that they can be compiled from there without a
// network. It returns the packages of other modules.
func (b Builder) Gather(
	ctx context.Context, in Input, tree filetree.Dir, components []Component, dst string,
) ([]Package, error) {
	env := b.env(in, tree, false)
	kept := filepath.ToSlash(filepath.Join(b.Go.GOMODCACHE, "cache", "download"))
	env = env.With("GOMODCACHE="+dst, "GOFLAGS=-modcacherw", "GOPROXY=file://"+kept+","+b.Go.GOPROXY)
	runs, err := Request{Input: in, Dir: tree, Components: components}.batches()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, batch := range runs {
		at := filepath.Join(tree.Path, filepath.FromSlash(batch.targets[0].Dir))
		// What verifies the cache loads the whole graph.
		if err := b.Go.Run.Run(ctx, run.Cmd{Args: []string{"go", "mod", "graph"}, Dir: at, Env: env}); err != nil {
			return nil, fmt.Errorf("gathering modules: %w", err)
		}
		args := []string{"go", "list", "-deps", "-json=Dir,Standard,Module"}
		if len(in.Tags) > 0 {
			args = append(args, "-tags="+strings.Join(in.Tags, ","))
		}
		args = append(args, batch.targets[0].flags()...)
		for _, t := range batch.targets {
			args = append(args, t.Main)
		}
		if err := b.Go.Run.Run(ctx, run.Cmd{Args: args, Dir: at, Env: env, Stdout: &out}); err != nil {
			return nil, fmt.Errorf("gathering modules: %w", err)
		}
	}
	packages, err := outside(&out, dst)
	if err != nil {
		return nil, fmt.Errorf("gathering modules: %w", err)
	}
	return packages, slim(dst)
}

// outside reads a list of packages that the go command printed, and returns those of
// modules in the folder.
func outside(list io.Reader, folder string) ([]Package, error) {
	var packages []Package
	for dec := json.NewDecoder(list); ; {
		var p struct {
			Dir      string
			Standard bool
			Module   *struct{ Path, Version, Dir string }
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		if !p.Standard && p.Module != nil && strings.HasPrefix(p.Module.Dir, folder) {
			packages = append(packages, Package{p.Dir, p.Module.Path + "@" + p.Module.Version, p.Module.Dir})
		}
	}
}

// slim removes from a module cache what a build does not need: archives of what is
// unpacked beside them, locks, and what a server says of a version.
func slim(dir string) error {
	// A tree that is linked with no other module has not made the go command write one.
	if err := os.MkdirAll(filepath.Join(dir, "cache"), 0o755); err != nil {
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
