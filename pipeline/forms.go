// Package pipeline makes artifacts of several media of a fork together: its images and
// those of the forks that it runs with, and all that it is released as.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/pipeline/image"
	"github.com/slipway-build/slipway/pipeline/overlay"
	"github.com/slipway-build/slipway/pipeline/packages"
	"github.com/slipway-build/slipway/pipeline/tarball"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/release/settings"
)

// Releasing is a fork whose artifacts of all forms are made.
type Releasing struct {
	Imaging
	on       []platform.Platform
	only     []string // forms; empty: all of the fork
	sessions []*build.Session
}

// NewReleasing returns the releasing of a fork for platforms, in some forms alone if they
// are named. programs has the sources of Slipway's own programs, as image.Request has them.
func NewReleasing(f fork.Fork, on []platform.Platform, programs fs.FS, only ...string) (Releasing, error) {
	r := Releasing{Imaging: Imaging{fork: f}, on: on, only: only}
	var err error
	if r.has(settings.Image) {
		r.Imaging, err = NewImaging(f, image.Request{Platforms: names(linux(on)), Programs: programs})
	}
	return r, r.explain(settings.Image, err)
}

// HasNone reports whether an error is that a fork has nothing in a form: its profile has no recipes for that, or none
// that the programs of the fork are enough for.
func HasNone(err error) bool {
	_, missing := errors.AsType[*profiles.MissingError](err)
	_, nothing := errors.AsType[packaging.NothingError](err)
	return missing || nothing
}

// explain adds to an error, if it is that the fork has nothing in a form, how to release the
// fork without that.
func (r Releasing) explain(form string, err error) error {
	if !HasNone(err) {
		return err
	}
	return fmt.Errorf("%w\n  To release the fork without the form %s: name its other forms in release.artifacts in %s, "+
		"such as [binaries, tarball]", err, form, r.fork.File("fork.yaml"))
}

// With returns the releasing with the sessions that it does its work in, one for each of
// r.IDs().
func (r Releasing) With(sessions []*build.Session) Releasing {
	r.sessions = sessions
	return r
}

// Session returns that of the fork itself.
func (r Releasing) Session() *build.Session { return r.sessions[len(r.others)] }

// has reports whether the fork is released in a form. Without a place for distfiles, and
// where fork.yaml does not ask for ebuilds, there are none.
func (r Releasing) has(form string) bool {
	if form == settings.Ebuild && len(r.fork.Release.Artifacts) == 0 && r.fork.Ebuilds.Distfiles == "" {
		return false
	}
	linuxOnly := form != settings.Binaries && form != settings.Tarball
	if linuxOnly && len(linux(r.on)) == 0 || len(r.only) > 0 && !slices.Contains(r.only, form) {
		return false
	}
	return r.fork.Release.Has(form)
}

// rounds is how many rounds of forms there are.
const rounds = 4

// A form is one that a fork is released in.
type form struct {
	name  string
	round int // those of a round are made at the same time, after those of the rounds before
	check func() error
	plan  func(ctx context.Context) (artifact.Set, error) // what run will return, as far as it is known before
	run   func(ctx context.Context) (artifact.Set, error)
}

// forms returns those that the fork is released in, in the order they are made.
func (r Releasing) forms() []form {
	all := []form{
		r.binaries(), r.packages(settings.Deb, packages.Deb()), r.packages(settings.RPM, packages.RPM()),
		r.ebuilds(), r.images(), r.tarballs(),
	}
	return slices.DeleteFunc(all, func(f form) bool { return !r.has(f.name) })
}

func (r Releasing) binaries() form {
	return form{
		name:  settings.Binaries,
		check: func() error { _, err := r.jobs(); return err },
		plan:  r.planCross,
		run:   r.cross,
	}
}

func (r Releasing) packages(name string, f packages.Format) form {
	s, q := r.Session(), packages.Request{Platforms: names(linux(r.on))}
	return form{
		name:  name,
		round: 1,
		check: func() error { return packages.Check(s, f, q) },
		plan:  func(ctx context.Context) (artifact.Set, error) { return packages.Plan(ctx, s, f, q) },
		run:   func(ctx context.Context) (artifact.Set, error) { return packages.Run(ctx, s, f, q) },
	}
}

func (r Releasing) ebuilds() form {
	one, q := []*build.Session{r.Session()}, overlay.Request{Alone: true, Platforms: names(linux(r.on))}
	return form{
		name:  settings.Ebuild,
		round: 1,
		check: func() error { return overlay.Check(one, q) },
		plan: func(context.Context) (artifact.Set, error) {
			return artifact.Set{
				{Kind: artifact.Overlay, Name: r.fork.Ebuilds.Repository, Path: r.fork.Dist("overlay")},
			}, nil
		},
		run: func(ctx context.Context) (artifact.Set, error) { return overlay.Run(ctx, one, q) },
	}
}

func (r Releasing) images() form {
	return form{
		name:  settings.Image,
		round: 2,
		check: func() error { return r.Imaging.Check(r.sessions) },
		plan:  func(context.Context) (artifact.Set, error) { return r.Imaging.Plan(r.sessions) },
		run:   func(ctx context.Context) (artifact.Set, error) { return r.Imaging.Run(ctx, r.sessions) },
	}
}

func (r Releasing) tarballs() form {
	s, q := r.Session(), tarball.ReleaseRequest{Platforms: names(r.on)}
	if r.has(settings.Image) {
		q.Images = r.fork.Dist("images")
	}
	return form{
		name:  settings.Tarball,
		round: 3,
		check: func() error { return tarball.CheckRelease(s, q) },
		plan:  func(context.Context) (artifact.Set, error) { return tarball.PlanRelease(s, q) },
		run:   func(ctx context.Context) (artifact.Set, error) { return tarball.Release(ctx, s, q) },
	}
}

func (r Releasing) jobs() ([]fork.Job, error) {
	s := r.Session()
	jobs, err := s.Fork().Jobs(fork.Request{Platforms: names(r.on)}, s.Host())
	if err != nil {
		return nil, err
	}
	return jobs, s.CheckCross(jobs)
}

func (r Releasing) planCross(ctx context.Context) (artifact.Set, error) {
	jobs, err := r.jobs()
	if err != nil {
		return nil, err
	}
	return r.Session().Plan(ctx, jobs)
}

func (r Releasing) cross(ctx context.Context) (artifact.Set, error) {
	jobs, err := r.jobs()
	if err != nil {
		return nil, err
	}
	return r.Session().Cross(ctx, jobs)
}

// Check returns what is known to keep Run from doing its work.
func (r Releasing) Check() error {
	for _, f := range r.forms() {
		if err := f.check(); err != nil {
			return r.explain(f.name, err)
		}
	}
	return nil
}

// Plan returns what Run would return, with those kept that are known to be up to date. It
// makes nothing.
func (r Releasing) Plan(ctx context.Context) (artifact.Set, error) {
	var sets []artifact.Set
	for _, f := range r.forms() {
		set, err := f.plan(ctx)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return artifact.Of(sets...), nil
}

// Run makes the artifacts of all forms, and returns those of the fork itself.
func (r Releasing) Run(ctx context.Context) (artifact.Set, error) {
	sets, err := runForms(ctx, r.forms())
	if err != nil {
		return nil, err
	}
	inside := r.fork.Dist() + string(filepath.Separator)
	return slices.DeleteFunc(artifact.Of(sets...), func(a artifact.Artifact) bool {
		return !strings.HasPrefix(a.Path, inside)
	}), nil
}

// runForms makes the artifacts of forms. The packages and distfiles of a round are compressed
// on one processor each.
func runForms(ctx context.Context, forms []form) ([]artifact.Set, error) {
	sets, errs := make([]artifact.Set, len(forms)), make([]error, len(forms))
	for round := range rounds {
		var group sync.WaitGroup
		for i, f := range forms {
			if f.round == round {
				group.Go(func() { sets[i], errs[i] = f.run(ctx) })
			}
		}
		group.Wait()
		for _, err := range errs {
			if err != nil {
				return nil, err // of the first form, whichever failed first
			}
		}
	}
	return sets, nil
}

// linux returns those of some platforms that are Linux.
func linux(on []platform.Platform) []platform.Platform {
	return slices.DeleteFunc(slices.Clone(on), func(p platform.Platform) bool { return p.OS != "linux" })
}

// names returns platforms as requests name them.
func names(on []platform.Platform) []string {
	out := make([]string, len(on))
	for i, p := range on {
		out[i] = p.String()
	}
	return out
}
