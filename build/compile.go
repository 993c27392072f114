package build

import (
	"context"
	"errors"
	"os"
	"path"
	"strings"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/source"
)

// Compile compiles components with a builder. A session is given one, so that the
// place where that happens can be another machine. It need not know which packages
// are linked.
type Compile func(ctx context.Context, b cross.Builder, r cross.Request) (cross.Built, error)

func compileHere(ctx context.Context, b cross.Builder, r cross.Request) (cross.Built, error) {
	return b.Build(ctx, r)
}

// build compiles components into dst, which it makes. Where that fails and the
// tree turns out to have been changed by somebody else, the tree is laid out
// again, once.
func (s *Session) build(ctx context.Context, p plan, components []cross.Component, dst string) (cross.Built, error) {
	if err := os.Mkdir(dst, 0o755); err != nil || len(components) == 0 {
		return cross.Built{}, err
	}
	for again := false; ; again = true {
		tree, err := s.Patched(ctx)
		if err != nil {
			return cross.Built{}, err
		}
		built, err := s.compile(ctx, p, cross.Request{
			Input: p.input, Dir: tree, Components: components, Before: s.dist.Abs(p.dir), Dst: dst,
		})
		if err == nil || again || ctx.Err() != nil {
			return built, err
		}
		changed := tree.Verify(ctx, nil)
		if changed == nil {
			return cross.Built{}, err
		}
		s.noteAgain(changed)
		s.trees.forget()
		if err := errors.Join(s.removeTrees(), os.RemoveAll(dst), os.Mkdir(dst, 0o755)); err != nil {
			return cross.Built{}, err
		}
	}
}

// compile compiles a tree as it is, and finds out before what the compiler would
// be silent about.
func (s *Session) compile(ctx context.Context, p plan, r cross.Request) (cross.Built, error) {
	needs, err := source.GoVersion(r.Dir, nil)
	if err != nil {
		return cross.Built{}, err
	}
	if err := s.fork.CheckGo(s.lock, needs); err != nil {
		return cross.Built{}, err
	}
	if err := p.input.Check(r.Dir, s.dirOf(r.Dir), r.Components); err != nil {
		return cross.Built{}, err
	}
	return s.opts.Compile(ctx, p.builder, r)
}

// dirOf returns the function that finds the folder of a package in the tree.
func (s *Session) dirOf(tree filetree.Dir) func(importPath string) (string, bool) {
	return folders(tree, s.places(tree))
}

// places returns the folder of each module in the tree.
func (s *Session) places(tree filetree.Dir) map[string]string {
	places := map[string]string{}
	for _, m := range s.lock.Modules {
		places[m.Path] = m.Place
	}
	if s.fork.Settings.Mode == cross.GOPATH {
		places[s.fork.Settings.ImportPath] = "."
	} else if len(places) == 0 {
		places = source.ModulesIn(tree)
	}
	return places
}

// folders returns the function that finds the folder of a package in the tree, given
// the folders of modules.
func folders(tree filetree.Dir, places map[string]string) func(importPath string) (string, bool) {
	return func(importPath string) (string, bool) {
		best, dir := -1, ""
		for mod, place := range places {
			rest, ok := strings.CutPrefix(importPath+"/", mod+"/")
			if ok && len(mod) > best {
				best, dir = len(mod), tree.Resolve(path.Join(place, rest))
			}
		}
		return dir, best >= 0 && len(tree.Tree.Below(dir)) > 0
	}
}
