package build

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
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
	laid, err := in.Lay(ctx, s.CacheDir("debs"), scratch, filepath.Join(dst, "root"))
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dst, sysrootListing))
	if err != nil {
		return err
	}
	return errors.Join(laid.Tree.WriteListing(f), f.Close())
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
	cc, err := search.Find(ctx)
	if err != nil || !configured {
		return cc, err
	}
	if c.HasSysroot() {
		if cc.Sysroot, err = s.sysroot(ctx, p, c); err != nil {
			return cc, err
		}
	}
	return cc, search.Check(ctx, cc)
}

// sysroot lays out the sysroot for a platform.
func (s *Session) sysroot(ctx context.Context, p platform.Platform, c cross.C) (cross.Sysroot, error) {
	source, err := s.sysrootSource(ctx, p, c)
	if err != nil {
		return cross.Sysroot{}, err
	}
	for again := false; ; again = true {
		dir, _, err := Do(ctx, s, sysrootStage, source)
		if err != nil {
			return cross.Sysroot{}, fmt.Errorf("%s: %s: %w", s.fork.File("fork.yaml"), sysrootField(p, c), err)
		}
		err = dir.Verify(ctx, s.dist.Memory)
		if changed := (*filetree.ChangedError)(nil); errors.As(err, &changed) && !again {
			s.noteAgain(err)
			if err := Forget(s, sysrootStage, source); err != nil {
				return cross.Sysroot{}, err
			}
			continue
		}
		if err != nil {
			return cross.Sysroot{}, err
		}
		out, err := cross.NewSysroot(dir, p)
		if err != nil {
			err = fmt.Errorf("%s: %s: the sysroot is not complete: %w",
				s.fork.File("fork.yaml"), sysrootField(p, c), err)
		}
		return out, err
	}
}

// sysrootField returns the field of fork.yaml that says what a sysroot is made of.
func sysrootField(p platform.Platform, c cross.C) string {
	if c.Sysroot != "" {
		return "build.c." + p.String() + ".sysroot"
	}
	return "build.c." + p.String() + ".debian"
}

// sysrootSource returns what the sysroot for a platform is made of.
func (s *Session) sysrootSource(ctx context.Context, p platform.Platform, c cross.C) (sysroot.Source, error) {
	if c.Sysroot != "" {
		source, err := sysroot.Folder(ctx, s.fork.Project.At(c.Sysroot), s.dist.Memory)
		if err != nil {
			err = fmt.Errorf("%s: %s: %w", s.fork.File("fork.yaml"), sysrootField(p, c), err)
		}
		return source, err
	}
	l, err := sysroot.ReadLock(s.fork.Abs(sysroot.LockFile))
	if err != nil {
		return sysroot.Source{}, err
	}
	pins, err := l.Pins(p, c.Debian)
	if err != nil {
		return sysroot.Source{}, fmt.Errorf("%s %w\n  To pin them: mage patches:lock -fork=%s",
			s.fork.File(sysroot.LockFile), err, s.fork.ID)
	}
	from, err := sysroot.Archives(s.fork.Project.Dir, c.Debian)
	if err != nil {
		err = fmt.Errorf("%s: %s.keyring: %w", s.fork.File("fork.yaml"), sysrootField(p, c), err)
	}
	return sysroot.Packages(pins, from), err
}

// PinSysroots pins the packages of the sysroots that build.c asks for, in sysroot.lock
// beside fork.yaml. What is pinned for the same settings stays as it is. now is when the
// signatures of the archives have to be valid. Without such sysroots, the set is empty.
func PinSysroots(ctx context.Context, s *Session, now time.Time) (artifact.Set, error) {
	f := s.Fork()
	old, err := sysroot.ReadLock(f.Abs(sysroot.LockFile))
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
	data, err := l.Encode()
	if err != nil {
		return nil, err
	}
	return s.PlaceLock(f.File(sysroot.LockFile), data, "the packages of sysroots")
}

// PlaceLock writes a lock to a path of the project, if it differs from what is there, and
// says what it pins.
func (s *Session) PlaceLock(path string, data []byte, what string) (artifact.Set, error) {
	made := artifact.Artifact{
		Kind: artifact.Lock, Path: path, Size: int64(len(data)), Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(data)),
		Kept: s.dist.Holds(path, data),
	}
	if made.Kept {
		return artifact.Set{made}, nil
	}
	err := s.dist.Replace(path, func(dst string) error { return os.WriteFile(dst, data, 0o644) })
	if err != nil {
		return nil, err
	}
	s.Note(path + " pins " + what + ": commit it")
	return artifact.Set{made}, nil
}
