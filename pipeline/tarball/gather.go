package tarball

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/platform"
)

// inputs are what tarballs are made of, the patched tree apart.
type inputs struct {
	built  map[platform.Platform]build.Binaries
	images artifact.Images // none where none are asked for
}

// gatherImages reads the record of the images, and checks that those that the tarballs hold
// are for their platforms.
func gatherImages(p plan) (inputs, error) {
	in := inputs{built: map[platform.Platform]build.Binaries{}}
	if p.request.Images == "" {
		return in, nil
	}
	var err error
	in.images, err = artifact.ReadImages(p.fork.Project.Dir, p.request.Images, p.fork.ID, p.fork.Version)
	if err != nil {
		return in, err
	}
	for _, t := range p.tarballs {
		for _, part := range t.parts {
			for name := range part.Images {
				if index, one := in.image(name, part.On); index != "" && one == "" {
					return in, fmt.Errorf("%s has the image %s, but not for %s: make it again, mage image -fork=%s -platforms=%s",
						p.request.Images, name, part.On, p.fork.ID, joined(p.platforms, ","))
				}
			}
		}
	}
	return in, nil
}

// image returns the digests of an image's index and of the image of a platform; "" where
// there is none.
func (in inputs) image(name, on string) (index, one string) {
	for _, i := range in.images.Images {
		if i.Name != name {
			continue
		}
		index = i.Digest
		for _, o := range i.Platforms {
			if o.Platform == on {
				one = o.Digest
			}
		}
	}
	return index, one
}

// gatherBinaries compiles what the tarballs hold.
func gatherBinaries(ctx context.Context, s *build.Session, p plan, in inputs) (inputs, error) {
	for _, j := range p.jobs() {
		built, err := s.Binaries(ctx, j)
		if err != nil {
			return in, err
		}
		in.built[j.Platform] = built
	}
	return in, nil
}

// findMissing returns what the patched tree does not have for the tarballs. What the record
// of an earlier run says of the same tree and the same tarballs is taken from there.
func findMissing(ctx context.Context, s *build.Session, p plan, old Record) ([]Missing, error) {
	if old.Tree == p.tree {
		return old.Missing, nil
	}
	tree, err := s.Patched(ctx)
	if err != nil {
		return nil, err
	}
	return p.missing(tree.Tree), nil
}

// missing returns what a tree does not have for the tarballs, in their order.
func (p plan) missing(tree filetree.Tree) []Missing {
	var out []Missing
	left := map[string]bool{}
	for _, t := range p.tarballs {
		required := Missing{File: t.file, Kind: t.kind, Out: true}
		optional := Missing{File: t.file, Kind: t.kind}
		for _, part := range t.parts {
			for _, file := range part.Tarballs {
				if left[file] {
					required.Paths = append(required.Paths, file)
				}
			}
			to := &required
			if part.Optional {
				to = &optional
			}
			to.Paths = append(to.Paths, part.absent(tree, p.fork.Upstream.Module != "")...)
		}
		switch {
		case len(required.Paths) > 0:
			left[t.file] = true
			out = append(out, required)
		case len(optional.Paths) > 0:
			out = append(out, optional)
		}
	}
	return out
}

// absent returns what a tree does not have of a part. module says that it is of Go modules.
func (c part) absent(tree filetree.Tree, module bool) []string {
	var out []string
	there := func(name string) bool {
		_, ok := tree.Lookup(name)
		return ok || len(tree.Below(name)) > 0
	}
	if c.Tree == "" {
		return nil
	}
	if !there(c.Tree) {
		return []string{c.Tree}
	}
	for _, name := range c.Files {
		if at := path.Join(c.Tree, name); !there(at) {
			out = append(out, at)
		}
	}
	if c.Links && module {
		out = append(out, "symbolic links in "+c.Tree)
	}
	return out
}

// without returns the plan without the tarballs that cannot be made. It is an error if they
// were asked for.
func (p plan) without(missing []Missing) (plan, error) {
	var lines []string
	files := map[string]bool{}
	for _, m := range missing {
		if m.Out {
			files[m.File] = true
			lines = append(lines, fmt.Sprintf("%s cannot be made: the patched tree has no %s",
				m.File, strings.Join(m.Paths, ", ")))
		}
	}
	p.tarballs = slices.DeleteFunc(slices.Clone(p.tarballs), func(t planned) bool { return files[t.file] })
	if len(lines) > 0 && (len(p.request.Tarballs) > 0 || len(p.tarballs) == 0) {
		why := ""
		if p.fork.Upstream.Module != "" {
			why = "\n  A Go module has no symbolic links, and no folders named vendor."
		}
		return p, fmt.Errorf("%s%s\n  Ask for other tarballs, or have in %s an upstream that is a repository "+
			"(upstream.git) or an archive (upstream.archive)", strings.Join(lines, "\n"), why, p.fork.File("fork.yaml"))
	}
	return p, nil
}

// patched returns the patched tree, as its listing says. Go modules have no modes, so a
// script of one is made executable.
func patched(ctx context.Context, s *build.Session) (filetree.Dir, error) {
	tree, err := s.Patched(ctx)
	if err != nil {
		return tree, err
	}
	if err := tree.Verify(ctx, nil); err != nil {
		return tree, fmt.Errorf("%w\n  To lay it out again: mage clean", err)
	}
	if s.Fork().Upstream.Module == "" {
		return tree, nil
	}
	tree.Tree = slices.Clone(tree.Tree)
	for i, e := range tree.Tree {
		if e.Mode != filetree.Regular || e.Size < 2 {
			continue
		}
		script, err := isScript(filepath.Join(tree.Path, filepath.FromSlash(e.Path)))
		if err != nil {
			return tree, err
		}
		if script {
			tree.Tree[i].Mode = filetree.Executable
		}
	}
	return tree, nil
}

func isScript(name string) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var begin [2]byte
	_, err = io.ReadFull(f, begin[:])
	return string(begin[:]) == "#!", err
}
