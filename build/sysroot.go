package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/sysroot"
)

// sysrootStage lays out sysroots.
var sysrootStage = Stage[sysroot.Source, filetree.Dir]{
	Name: "sysroot", Revision: 1, Keep: 8, Run: laySysroot, Read: readSysroot,
}

// sysrootListing is what a laid sysroot holds, in a file beside it.
const sysrootListing = "listing"

func laySysroot(ctx context.Context, s *Session, in sysroot.Source, dst string) error {
	scratch, err := s.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	return s.Stage("sysroot", "", "", func() (Done, error) {
		with := sysroot.Folders{Debs: s.CacheDir("debs"), Scratch: scratch, Fetched: func() {}}
		if n := len(in.Pins); n > 0 {
			with.Fetched = s.Counter("sysroot", "Debian's packages", n, "packages")
		}
		laid, err := in.Lay(ctx, with, filepath.Join(dst, "root"))
		if err != nil {
			return Done{}, err
		}
		f, err := os.Create(filepath.Join(dst, sysrootListing))
		if err != nil {
			return Done{}, err
		}
		return Done{Detail: text.Count(len(laid.Tree), "file")}, errors.Join(laid.Tree.WriteListing(f), f.Close())
	})
}

func readSysroot(dir string) (filetree.Dir, error) {
	f, err := os.Open(filepath.Join(dir, sysrootListing))
	if err != nil {
		return filetree.Dir{}, err
	}
	defer f.Close()
	tree, err := filetree.ReadListing(f)
	return filetree.Dir{Path: filepath.Join(dir, "root"), Tree: tree}, err
}

// compilerFor finds the C compiler for a platform, and tries it where fork.yaml says
// which one, or with which sysroot.
func (s *Session) compilerFor(ctx context.Context, p platform.Platform) (cross.Compiler, error) {
	c, configured := s.fork.Build.C[p.String()]
	search := cross.CompilerSearch{
		Run: s.Runner(), Env: s.opts.Env, Host: s.Host(), Platform: p, C: c, Project: s.fork.Project.Dir,
	}
	if !configured {
		return search.Find(ctx)
	}
	cc, err := s.configured(ctx, search)
	if err != nil {
		err = fmt.Errorf("%s: %w", s.fork.File("fork.yaml"), err)
	}
	return cc, err
}

// configured finds the C compiler that fork.yaml names, with its sysroot, and tries it.
func (s *Session) configured(ctx context.Context, search cross.CompilerSearch) (cross.Compiler, error) {
	cc, err := search.Find(ctx)
	if err != nil {
		return cc, err
	}
	if search.C.HasSysroot() {
		if cc.Sysroot, err = s.sysroot(ctx, search.Platform, search.C); err != nil {
			return cc, fmt.Errorf("build.c.%s.%s: %w", search.Platform, search.C.SysrootField(), err)
		}
	}
	if s.opts.DryRun {
		return cc, nil
	}
	return cc, search.Check(ctx, cc)
}

// sysroot lays out the sysroot for a platform.
func (s *Session) sysroot(ctx context.Context, p platform.Platform, c cross.C) (cross.Sysroot, error) {
	source, err := s.sysrootSource(ctx, p, c)
	if err != nil {
		return cross.Sysroot{}, err
	}
	dir, err := s.laid(ctx, source)
	if err != nil {
		return cross.Sysroot{}, err
	}
	return cross.NewSysroot(dir, p)
}

// laid returns a sysroot as it was laid out; once more, if somebody has changed it since.
func (s *Session) laid(ctx context.Context, source sysroot.Source) (filetree.Dir, error) {
	for again := false; ; again = true {
		dir, _, err := Do(ctx, s, sysrootStage, source)
		if err != nil {
			return dir, err
		}
		err = dir.Verify(ctx, s.dist.Memory)
		if changed := (*filetree.ChangedError)(nil); again || !errors.As(err, &changed) {
			return dir, err
		}
		s.noteAgain(err)
		if err := Forget(s, sysrootStage, source); err != nil {
			return dir, err
		}
	}
}

// sysrootSource returns what the sysroot for a platform is made of.
func (s *Session) sysrootSource(ctx context.Context, p platform.Platform, c cross.C) (sysroot.Source, error) {
	if c.Sysroot != "" {
		return sysroot.Folder(ctx, s.fork.Project.At(c.Sysroot), s.dist.Memory)
	}
	pins, err := sysroot.Pins(s.fork, p)
	if err != nil {
		return sysroot.Source{}, err
	}
	from, err := sysroot.Archives(s.fork.Project.Dir, c.Debian)
	return sysroot.Packages(pins, from), err
}

// PinSysroots pins the packages of the sysroots that build.c asks for, in sysroot.lock
// beside fork.yaml. What is pinned for the same settings stays as it is. now is when the
// signatures of the archives have to be valid. Without such sysroots, the set is empty.
func PinSysroots(ctx context.Context, s *Session, now time.Time) (artifact.Set, error) {
	f := s.Fork()
	old, err := sysroot.ReadLock(f)
	if err != nil {
		return nil, err
	}
	l, err := old.Pin(ctx, f.Project.Dir, f.Build.C, now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.File("fork.yaml"), err)
	}
	if len(l) == 0 {
		return nil, nil
	}
	return s.PlacePins(sysroot.LockFile, l, "the packages of sysroots")
}
