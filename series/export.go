package series

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// A form is how a series is exported.
type form struct {
	file  string // or folder, in dist/FORK/export
	write func(ctx context.Context, s *build.Session, e export) error
}

// forms are what CheckFormat takes.
func forms() map[string]form {
	return map[string]form{
		"quilt": {"quilt", exportQuilt}, "mbox": {"series.mbox", exportMbox}, "git": {"series.bundle", exportGit},
	}
}

// CheckFormat returns an error unless Export knows the format.
func CheckFormat(format string) error {
	if _, ok := forms()[format]; !ok {
		return near.Unknown(format, []string{"quilt", "mbox", "git"}, "-format=%s: want quilt, mbox or git", format)
	}
	return nil
}

// Export writes the fork's series, carried commits included, for other tools, in
// dist/FORK/export: as "quilt", a folder with a series file; as "mbox", which git
// am reads; or as "git", a bundle to clone, with a commit for the upstream and one
// for each patch. What was written is read back and has to make the tree that the
// series makes.
func Export(ctx context.Context, s *build.Session, format string) (artifact.Set, error) {
	if err := CheckFormat(format); err != nil {
		return nil, err
	}
	s.Announce()
	e, err := exported(ctx, s)
	if err != nil {
		return nil, err
	}
	scratch, err := s.Scratch()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	as := forms()[format]
	e.scratch, e.to = scratch, filepath.Join(scratch, "made")
	if err := as.write(ctx, s, e); err != nil {
		return nil, fmt.Errorf("exporting %s as %s: %w", s.Fork().ID, format, err)
	}
	path := s.Fork().Dist("export", as.file)
	if err := s.Dist().Place(e.to, path); err != nil {
		return nil, err
	}
	return s.Report(artifact.Artifact{Kind: artifact.Series, Format: format, Path: path}), nil
}

// An export is what is exported, and where to.
type export struct {
	up      source.Tree
	series  []patches.Patch
	tree    string // digest of the tree that the series makes of up
	scratch string
	to      string // does not exist
}

func exported(ctx context.Context, s *build.Session) (export, error) {
	trees, err := s.Trees(ctx)
	if err != nil {
		return export{}, err
	}
	series, err := s.Series(ctx)
	if err != nil {
		return export{}, err
	}
	e := export{up: trees.Upstream, series: series.Effective(), tree: trees.Patched.Tree.Digest()}
	if len(s.Fork().Deps) == 0 {
		return e, nil
	}
	// The patched tree has what the deps change, too, which is no patch.
	changes, err := s.Changes(ctx, e.up, e.series)
	if err != nil {
		return e, err
	}
	e.tree = e.up.Tree.Changed(changes.Series).Digest()
	return e, s.Fork().CheckTree(s.Lock(), e.up.Tree.Changed(changes.All).Digest())
}

// check applies a series that was read back.
func (e export) check(series []patches.Patch) error {
	result, err := patches.Apply(e.up.Dir, series)
	if err != nil {
		return err
	}
	if got := e.up.Tree.Changed(result.Changes).Digest(); got != e.tree {
		return fmt.Errorf("what was written makes the tree %s instead of %s", got, e.tree)
	}
	return nil
}

// hasBinary reports whether a patch has a diff that only git can apply.
func hasBinary(p patches.Patch) bool {
	diffs, err := patches.Parse(p)
	return err == nil && slices.ContainsFunc(diffs, func(d patches.FileDiff) bool { return d.Binary != nil })
}

func exportQuilt(_ context.Context, s *build.Session, e export) error {
	var out []patches.Patch
	for i, p := range e.series {
		if mail, ok := p.Mail(); ok && build.IsCommit(p) {
			p.Name = patches.FileName(i+1, mail.Subject)
		} else if build.IsShared(p) {
			p.Name = sharedAsFile(p, i+1, slices.Concat(e.series, out)).Name
		}
		files, err := p.Portable()
		if err != nil {
			return err
		}
		out = append(out, files...)
	}
	for _, p := range out {
		if hasBinary(p) {
			s.Note(p.Name + " changes a binary file, which quilt and patch cannot: git apply can")
		}
		name := filepath.Join(e.to, filepath.FromSlash(p.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, p.Data, 0o644)); err != nil {
			return err
		}
	}
	file := filepath.Join(e.to, "series")
	if err := errors.Join(os.MkdirAll(e.to, 0o755), os.WriteFile(file, patches.EditSeries(nil, out), 0o644)); err != nil {
		return err
	}
	series, err := patches.ReadSeries(e.to)
	if err != nil {
		return err
	}
	return e.check(series)
}

func exportMbox(ctx context.Context, s *build.Session, e export) error {
	src := filepath.Join(e.scratch, "git")
	ids, steps, err := history(ctx, s, src, e)
	if err != nil {
		return err
	}
	var mbox []byte
	var back []patches.Patch
	for i, id := range ids[1:] {
		data, err := patchFile(ctx, s, src, id)
		if err != nil {
			return err
		}
		data = patches.WithNotes(data, steps[i].Patch.Notes())
		mbox = append(append(mbox, data...), '\n')
		back = append(back, patches.Patch{Name: steps[i].Patch.Name, Strip: 1, Data: data})
	}
	if err := e.check(back); err != nil {
		return err
	}
	return os.WriteFile(e.to, mbox, 0o644)
}

func exportGit(ctx context.Context, s *build.Session, e export) error {
	src := filepath.Join(e.scratch, "git")
	if _, _, err := history(ctx, s, src, e); err != nil {
		return err
	}
	laid, err := filetree.Scan(ctx, src)
	if err != nil {
		return err
	}
	if got := withoutGit(laid.Tree).Digest(); got != e.tree {
		return fmt.Errorf("the commits make the tree %s instead of %s", got, e.tree)
	}
	return s.Git().Bundle(ctx, src, e.to)
}

// history lays the series out as commits in dir and returns them, the upstream's
// first, and the steps that the others are.
func history(
	ctx context.Context, s *build.Session, dir string, e export,
) (ids []string, steps []patches.Step, err error) {
	if steps, err = patches.Steps(e.up.Dir, e.series); err != nil {
		return nil, nil, err
	}
	ids, err = s.Git().Build(ctx, dir, gitrepo.Series{
		Base: e.up.Dir, Upstream: s.Fork().Upstream.Pin(), Date: e.up.Time, Steps: commits(s.Fork(), steps, e.up.Time),
	})
	return ids, steps, err
}

// withoutGit returns the tree less the folder .git.
func withoutGit(t filetree.Tree) filetree.Tree {
	return slices.DeleteFunc(slices.Clone(t), func(e filetree.Entry) bool {
		return e.Path == ".git" || strings.HasPrefix(e.Path, ".git/")
	})
}
