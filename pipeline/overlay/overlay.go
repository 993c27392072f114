// Package overlay lays out forks as a Gentoo overlay in dist/overlay, with what its
// ebuilds fetch in dist/distfiles. For a release, it lays out one fork by itself.
package overlay

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/output"
)

// A Request says how to lay out an overlay.
type Request struct {
	Gentoo string // a checkout of ::gentoo; empty: this machine's, if it has one
	// Alone lays out an overlay of one fork with nothing in it from before, and nothing
	// of this machine, in dist/FORK/overlay and dist/FORK/distfiles.
	Alone bool
	// DryRun only tells what would be done; the sessions have to be opened for that.
	DryRun    bool
	Messages  bool     // tells of all packages what to commit them as, also of those that are there already
	Platforms []string // that -bin ebuilds are for, as linux/arm64; empty: all of fork.yaml that are Linux
}

// A place is where an overlay and its distfiles are laid out, relative to the project.
type place struct{ overlay, distfiles string }

func (r Request) place(f fork.Fork) place {
	if r.Alone {
		return place{f.Dist("overlay"), f.Dist("distfiles")}
	}
	return place{filepath.Join("dist", "overlay"), filepath.Join("dist", "distfiles")}
}

// hostGentoo is where Gentoo has its repository.
const hostGentoo = "/var/db/repos/gentoo"

// Run merges an overlay of forks into dist/overlay. There is a session for each
// fork, at least one, and all of them hold the cache of the same project. With a
// checkout of ::gentoo, whose eclasses decide it, the overlay also has the metadata
// that Portage would otherwise read from each ebuild. Run returns the ebuilds of the
// forks and what they fetch.
func Run(ctx context.Context, sessions []*build.Session, r Request) (artifact.Set, error) {
	b, err := begin(sessions, r)
	if err != nil {
		return nil, err
	}
	if sessions[0].DryRun() {
		return foresee(ctx, sessions, b)
	}
	var sets []artifact.Set
	for i, s := range sessions {
		s.Announce()
		if len(s.Fork().Build.C) > 0 {
			s.Note("build.c does not count for ebuilds that compile: they have the user's compiler and libraries")
		}
		f, fetched, err := addFork(ctx, s, b, b.plans[i])
		if err != nil {
			return nil, err
		}
		b.overlay.Forks, sets = append(b.overlay.Forks, f), append(sets, fetched)
	}
	laid, err := write(ctx, sessions[0], b)
	if err != nil {
		return nil, err
	}
	return union(append(sets, laid)...), nil
}

// Check returns what is known to keep Run from doing its work.
func Check(sessions []*build.Session, r Request) error {
	_, err := begin(sessions, r)
	return err
}

// A beginning is all that is known before anything is built.
type beginning struct {
	at      place
	alone   bool
	all     bool // tells all messages for commits
	gentoo  string
	old     ebuilds.Tree // the overlay in dist
	overlay ebuilds.Overlay
	plans   []plan
}

func begin(sessions []*build.Session, r Request) (b beginning, err error) {
	b.at, b.alone, b.all = r.place(sessions[0].Fork()), r.Alone, r.Messages
	if !r.Alone || r.Gentoo != "" {
		if b.gentoo, err = checkout(r.Gentoo, hostGentoo); err != nil {
			return b, err
		}
	}
	dist := sessions[0].Dist()
	if err := dist.CheckFolders(b.at.overlay, b.at.distfiles); err != nil {
		return b, err
	}
	if b.old, err = b.before(dist); err != nil {
		return b, err
	}
	if b.overlay, b.plans, err = newPlans(sessions, r, b.old); err != nil {
		return b, err
	}
	return b, clashes(b.plans, b.gentoo)
}

// before returns the overlay that is merged into: as somebody may have left it, or empty.
func (b beginning) before(d output.Dist) (ebuilds.Tree, error) {
	if b.alone {
		return ebuilds.Tree{}, nil
	}
	return read(d, b.at.overlay)
}

// union returns the artifacts of some sets. Forks of one upstream release have its
// distfile in common.
func union(sets ...artifact.Set) artifact.Set {
	return slices.CompactFunc(artifact.Of(sets...), func(a, b artifact.Artifact) bool { return a.Path == b.Path })
}

// addFork makes the distfiles of a fork, and returns them and the fork as the overlay
// will have it.
func addFork(
	ctx context.Context, s *build.Session, b beginning, p plan,
) (f ebuilds.Fork, fetched artifact.Set, err error) {
	in, err := gather(ctx, s, p)
	if err != nil {
		return f, nil, err
	}
	f = compose(p, in)
	list, err := makeAll(ctx, s, distfiles(p, in, f))
	if err != nil {
		return f, nil, err
	}
	files := func(f ebuilds.Fork) (made, error) {
		d, err := filesDistfile(f, p.input.Date)
		if err != nil {
			return made{}, err
		}
		return makeOne(ctx, s, d)
	}
	differs := func(f ebuilds.Fork) (bool, error) { return f.Differs(b.old, b.overlay) }
	f, last, err := revise(withDistfiles(f, list...), files, differs)
	if err != nil {
		return f, nil, err
	}
	if list, err = placeAll(ctx, s, b.at, append(list, last)); err != nil {
		return f, nil, err
	}
	// Only now is it known which revision has it.
	err = s.Stage(distfileEvent, last.Name, "", func() (build.Done, error) { return last.done(), nil })
	return f, fetchedArtifacts(b.at, p, list), err
}

// revise adds to a fork the distfile that each revision has for itself. If the
// fork's ebuilds then differ from those of the same revision in the overlay, the
// fork gets the next one.
func revise(
	f ebuilds.Fork, files func(ebuilds.Fork) (made, error), differs func(ebuilds.Fork) (bool, error),
) (ebuilds.Fork, made, error) {
	m, err := files(f)
	if err != nil {
		return f, m, err
	}
	f = withDistfiles(f, m)
	changed, err := differs(f)
	if err != nil || !changed {
		return f, m, err
	}
	f.Revision++
	m, err = files(f)
	return withDistfiles(f, m), m, err
}

// checkout returns the checkout of ::gentoo to use: the one that was asked for, or
// that of the host if it has one.
func checkout(asked, host string) (string, error) {
	has := func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "eclass"))
		return err == nil
	}
	if asked == "" {
		if has(host) {
			return host, nil
		}
		return "", nil
	}
	if !has(asked) {
		return "", fmt.Errorf("-gentoo=%s: it has no folder eclass: want a checkout of the repository ::gentoo", asked)
	}
	return asked, nil
}

// newOverlay returns the overlay that forks share, without them.
func newOverlay(forks []fork.Fork) (ebuilds.Overlay, error) {
	var o ebuilds.Overlay
	for i, f := range forks {
		name, thin := f.Ebuilds.Repository, f.Ebuilds.ThinManifests
		if o.Name != "" && o.Name != name {
			return o, fmt.Errorf("%s: ebuilds.repository is %s, and another fork's %s: all forks share one overlay",
				f.File("fork.yaml"), name, o.Name)
		}
		if i > 0 && o.Thin != thin {
			return o, fmt.Errorf("%s: ebuilds.thin_manifests is %t, and another fork's %t: all forks share one overlay",
				f.File("fork.yaml"), thin, o.Thin)
		}
		o.Name, o.Thin, o.Maintainer = name, thin, f.Packages.Maintainer
	}
	return o, nil
}
