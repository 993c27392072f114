// Package slipway builds forks of Go projects: it fetches a pinned upstream, applies a pinned patch
// series, compiles the result for any platform, and makes packages, images and a Gentoo overlay from it.
// Programs can call it; the Mage targets do nothing else.
//
// Each verb is a method of a Project. Each method that makes something returns an artifact.Set: the
// files that were made or were up to date, sorted by path. One run at a time works in a project;
// others wait. No verb reads the environment or prints: the environment and the receiver of events are
// fields of the Project.
package slipway

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/check"
	"github.com/slipway-build/slipway/conformance"
	"github.com/slipway-build/slipway/doctor"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/pipeline"
	"github.com/slipway-build/slipway/pipeline/cloudconfig"
	"github.com/slipway-build/slipway/pipeline/image"
	"github.com/slipway-build/slipway/pipeline/kubespray"
	"github.com/slipway-build/slipway/pipeline/overlay"
	"github.com/slipway-build/slipway/pipeline/packages"
	"github.com/slipway-build/slipway/pipeline/tarball"
	"github.com/slipway-build/slipway/release"
	"github.com/slipway-build/slipway/release/cut"
	"github.com/slipway-build/slipway/release/reproduce"
	"github.com/slipway-build/slipway/release/shards"
	"github.com/slipway-build/slipway/release/verify"
	"github.com/slipway-build/slipway/repo"
	"github.com/slipway-build/slipway/series"
)

// Parameters and results of the verbs. The packages that define them document the fields.
type (
	CrossRequest       = fork.Request
	PackageRequest     = packages.Request
	EbuildRequest      = overlay.Request
	ImageRequest       = image.Request
	TarballRequest     = tarball.Request
	KubesprayRequest   = kubespray.Request
	OpenStackRequest   = cloudconfig.Request
	PushRequest        = release.PushRequest
	ReleaseRequest     = release.Request
	ReproduceRequest   = cut.ReproduceRequest
	ReproduceReport    = reproduce.Report
	VerifyRequest      = cut.VerifyRequest
	VerifyReport       = verify.Report
	ShardJob           = shards.Job
	RepoRequest        = repo.Request
	RepoAddRequest     = repo.AddRequest
	ApplyRequest       = series.ApplyRequest
	ImportRequest      = series.ImportRequest
	RebaseRequest      = series.RebaseRequest
	Rebase             = series.RebaseReport
	Check              = doctor.Check
	CheckReport        = check.Report
	ConformanceRequest = conformance.Request
	Names              = pipeline.Names
)

// A Project is a folder with forks in it.
type Project struct {
	Dir     string            // absolute
	Env     []string          // KEY=VALUE pairs: the environment that subprocesses start from
	Events  event.Sink        // told what happens; may be nil
	Compile build.Compile     // where forks are compiled; nil: on this machine
	Step    func(what string) // told of each moment at which the disk changes for good; may be nil
	Now     func() time.Time  // the clock, for the timeline of a release; nil: there is none
	// With PlanOnly, verbs return as soon as they know that they can do what they are asked. They make
	// nothing.
	PlanOnly bool
	Unlocked bool          // with PlanOnly: the forks will be locked until then
	Imaging  *ImageRequest // with PlanOnly: images will be made so until then; nil: there will be no others
	dryRun   bool          // of a verb whose request says so
}

// Forks returns the IDs of the project's forks, sorted.
func (p *Project) Forks() ([]string, error) { return p.project().IDs() }

// Fork reads a fork. An empty id means the project's only fork, or the one with default: true in its
// fork.yaml. This is also true of the id of other verbs, unless they say otherwise.
func (p *Project) Fork(id string) (fork.Fork, error) { return p.project().Fork(id) }

// Names returns the components, packages, images and platforms of a fork that requests can name.
func (p *Project) Names(id string) (Names, error) {
	f, err := p.Fork(id)
	if err != nil {
		return Names{}, err
	}
	return pipeline.NamesOf(f), nil
}

func (p *Project) project() fork.Project { return fork.Project{Dir: p.Dir} }

func (p *Project) options() build.Options {
	return build.Options{
		Env: p.Env, Events: p.Events, Compile: p.Compile, Step: p.Step, PlanOnly: p.PlanOnly, Unlocked: p.Unlocked,
		DryRun: p.dryRun, Image: image.Archive(programs),
	}
}

// Cross compiles a fork's components into dist/FORK/bin.
func (p *Project) Cross(ctx context.Context, id string, r CrossRequest) (artifact.Set, error) {
	return p.dry(r.DryRun).locked(ctx, id, func(s *build.Session) (artifact.Set, error) {
		jobs, err := s.Fork().Jobs(r, s.Host())
		if err != nil {
			return nil, err
		}
		if p.PlanOnly {
			return nil, s.CheckCross(jobs)
		}
		return s.Cross(ctx, jobs)
	})
}

// Deb makes Debian packages of a fork in dist/FORK/deb, and the binaries that they
// need.
func (p *Project) Deb(ctx context.Context, id string, r PackageRequest) (artifact.Set, error) {
	return p.packages(ctx, id, packages.Deb(), r)
}

// RPM makes RPM packages of a fork, for Fedora, in dist/FORK/rpm, and the binaries that they need.
func (p *Project) RPM(ctx context.Context, id string, r PackageRequest) (artifact.Set, error) {
	return p.packages(ctx, id, packages.RPM(), r)
}

func (p *Project) packages(ctx context.Context, id string, f packages.Format, r PackageRequest) (artifact.Set, error) {
	return p.dry(r.DryRun).locked(ctx, id, func(s *build.Session) (artifact.Set, error) {
		if p.PlanOnly {
			return nil, packages.Check(s, f, r)
		}
		return packages.Run(ctx, s, f, r)
	})
}

// Ebuild writes an overlay of a fork, or of all forks if id is empty, to dist/overlay, and the files
// that its ebuilds fetch to dist/distfiles.
func (p *Project) Ebuild(ctx context.Context, id string, r EbuildRequest) (artifact.Set, error) {
	ids := []string{id}
	if id == "" {
		var err error
		if ids, err = p.Forks(); err != nil {
			return nil, err
		}
	}
	return p.dry(r.DryRun).lockedAll(ctx, ids, func(sessions []*build.Session) (artifact.Set, error) {
		if p.PlanOnly {
			return nil, overlay.Check(sessions, r)
		}
		return overlay.Run(ctx, sessions, r)
	})
}

// Image makes a fork's images in dist/FORK/images, an OCI layout, the files to deploy them beside it,
// and the binaries that they need. It makes the images of the forks in images.with first, because pods
// name them by digest.
func (p *Project) Image(ctx context.Context, id string, r ImageRequest) (artifact.Set, error) {
	f, err := p.Fork(id)
	if err != nil {
		return nil, err
	}
	r.Programs = programs
	i, err := pipeline.NewImaging(f, r)
	if err != nil {
		return nil, err
	}
	return p.dry(r.DryRun).lockedAll(ctx, i.IDs(), func(sessions []*build.Session) (artifact.Set, error) {
		if err := i.Check(sessions); err != nil || p.PlanOnly {
			return nil, err
		}
		return i.Run(ctx, sessions)
	})
}

// Push pushes a fork's images to registries, and returns the images that each registry then has.
func (p *Project) Push(ctx context.Context, id string, r PushRequest) (artifact.Set, error) {
	f, err := p.Fork(id)
	if err != nil {
		return nil, err
	}
	if r.Tag == "" {
		err = image.CheckTags(f, r.Images, r.Registries...)
	}
	if err == nil && p.PlanOnly {
		err = cmp.Or(image.CheckNames(f, r.Images), p.checkPush(f, r))
	}
	if err != nil || p.PlanOnly {
		return nil, err
	}
	held, err := build.Hold(ctx, p.project(), p.options())
	if err != nil {
		return nil, p.project().Explain(err)
	}
	set, err := release.Push(ctx, f, p.Env, p.Events, r)
	return set, p.project().Explain(errors.Join(err, held.Close()))
}

func (p *Project) checkPush(f fork.Fork, r PushRequest) error {
	if p.Imaging == nil && !p.Unlocked {
		return r.Check(f)
	}
	return r.CheckComing(f, image.Pulls(f, p.Imaging))
}

// Conformance runs Kubernetes' end-to-end tests on a cluster, and writes what came of them to
// dist/FORK/conformance. Where tests failed that were not expected to, it returns the files and an error.
func (p *Project) Conformance(ctx context.Context, id string, r ConformanceRequest) (artifact.Set, error) {
	t, err := conformance.New(p.project(), id, r)
	if err != nil {
		return nil, err
	}
	return p.lockedAll(ctx, t.IDs(), func(sessions []*build.Session) (artifact.Set, error) {
		if err := t.Check(sessions); err != nil || p.PlanOnly {
			return nil, err
		}
		return t.Run(ctx, sessions)
	})
}

// Kubespray writes dist/FORK/deploy/kubespray.yml, the variables that make Kubespray deploy a fork.
// The fork's images must exist.
func (p *Project) Kubespray(ctx context.Context, id string, r KubesprayRequest) (artifact.Set, error) {
	return p.locked(ctx, id, func(s *build.Session) (artifact.Set, error) {
		if p.PlanOnly {
			return nil, kubespray.Check(s, r)
		}
		return kubespray.Run(ctx, s, r)
	})
}

// OpenStack returns the configuration of Kubernetes' cloud provider for OpenStack, or
// writes it to a file.
func (p *Project) OpenStack(id string, r OpenStackRequest) ([]byte, error) {
	f, err := p.Fork(id)
	if err != nil {
		return nil, err
	}
	data, err := cloudconfig.Run(f, p.Env, r)
	return data, p.project().Explain(err)
}

// Tarball writes a fork's patched source to dist/FORK/export.
func (p *Project) Tarball(ctx context.Context, id string, r TarballRequest) (artifact.Set, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	return p.locked(ctx, id, p.unplanned(func(s *build.Session) (artifact.Set, error) { return tarball.Run(ctx, s, r) }))
}

// Export writes a fork's series for other tools to dist/FORK/export: as quilt, mbox
// or git.
func (p *Project) Export(ctx context.Context, id, format string) (artifact.Set, error) {
	if err := series.CheckFormat(format); err != nil {
		return nil, err
	}
	return p.locked(ctx, id, p.unplanned(func(s *build.Session) (artifact.Set, error) {
		return series.Export(ctx, s, format)
	}))
}

// Verify checks a fork's upstream, patches and patched tree against its fork.lock.
func (p *Project) Verify(ctx context.Context, id string) (artifact.Set, error) {
	return p.locked(ctx, id, p.unplanned(func(s *build.Session) (artifact.Set, error) { return series.Verify(ctx, s) }))
}

// Lock pins a fork as it is now: its upstream, patches and patched tree in fork.lock, the Debian
// packages of its images in base.lock, and those of its sysroots in sysroot.lock. The signatures of
// the packages' suites must be valid at the time now.
func (p *Project) Lock(ctx context.Context, id string, now time.Time) (artifact.Set, error) {
	return p.unlocked(ctx, id, func(s *build.Session) (artifact.Set, error) {
		set, err := series.Lock(ctx, s)
		if err != nil || p.PlanOnly {
			return nil, err
		}
		sysroots, err := build.PinSysroots(ctx, s, now)
		if err != nil {
			return nil, err
		}
		base, err := image.PinBase(ctx, s, now)
		return artifact.Of(set, sysroots, base), err
	})
}

// Apply writes the tree that a fork's series makes, up to a patch, to a folder.
func (p *Project) Apply(ctx context.Context, id string, r ApplyRequest) (artifact.Set, error) {
	if f, err := p.Fork(id); err != nil {
		return nil, err
	} else if err := r.Check(f); err != nil {
		return nil, err
	}
	return p.unlocked(ctx, id, func(s *build.Session) (artifact.Set, error) { return series.Apply(ctx, s, r) })
}

// Refresh rewrites a fork's series from the commits in the folder tree, and pins it. An empty tree
// means dist/FORK/src.
func (p *Project) Refresh(ctx context.Context, id, tree string) (artifact.Set, error) {
	return p.unlocked(ctx, id, func(s *build.Session) (artifact.Set, error) { return series.Refresh(ctx, s, tree) })
}

// Import adds commits to a fork's series and pins it.
func (p *Project) Import(ctx context.Context, id string, r ImportRequest) (artifact.Set, error) {
	return p.unlocked(ctx, id, func(s *build.Session) (artifact.Set, error) { return series.Import(ctx, s, r) })
}

// Rebase reports how a fork's series fits another upstream, and moves the fork there if r.Write is
// set.
func (p *Project) Rebase(ctx context.Context, id string, r RebaseRequest) (reports []Rebase, err error) {
	_, err = p.unlocked(ctx, id, func(s *build.Session) (artifact.Set, error) {
		reports, err = series.Rebase(ctx, s, r)
		return nil, err
	})
	return reports, err
}

// Doctor checks whether this machine has everything that is needed to build the project's forks.
func (p *Project) Doctor(ctx context.Context) ([]Check, error) {
	return doctor.Look(ctx, p.project(), p.Env, p.Events)
}

// Check finds what is wrong with the project's files, without building and without a network. An empty
// id checks all forks.
func (p *Project) Check(ctx context.Context, id string) (CheckReport, error) {
	return check.Run(ctx, check.Request{Project: p.project(), Fork: id, Env: p.Env, Programs: programs})
}

// Clean removes all outputs and the cache, but not dist/repo, because published files cannot be made
// again. It returns an error while a work tree in dist holds changes that no patch has.
func (p *Project) Clean(ctx context.Context) error {
	dist := p.project().Path("dist")
	if _, err := os.Stat(dist); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	held, err := build.Hold(ctx, p.project(), p.options())
	if err != nil {
		return p.project().Explain(err)
	}
	if err = series.CheckUnsaved(ctx, p.project(), p.Env, p.Events); err == nil && !p.PlanOnly {
		err = held.Clean(repo.Dir)
	}
	return p.project().Explain(errors.Join(err, held.Close()))
}

// dry returns the project, for a verb that only tells what it would do.
func (p Project) dry(run bool) *Project { p.dryRun = run; return &p }

// A verb is what is done in a session.
type verb func(*build.Session) (artifact.Set, error)

// locked calls f with a session on a fork whose lock pins it as it is.
func (p *Project) locked(ctx context.Context, id string, f verb) (artifact.Set, error) {
	return p.lockedAll(ctx, []string{id}, func(s []*build.Session) (artifact.Set, error) { return f(s[0]) })
}

// lockedAll calls f with sessions on several forks, in one run.
func (p *Project) lockedAll(
	ctx context.Context, ids []string, f func([]*build.Session) (artifact.Set, error),
) (artifact.Set, error) {
	return build.OnAll(ctx, p.project(), ids, p.options(), f)
}

// unplanned returns f, which does nothing where there is only to plan: it has no more
// to refuse than its request and its fork's lock.
func (p *Project) unplanned(f verb) verb {
	if p.PlanOnly {
		return func(*build.Session) (artifact.Set, error) { return nil, nil }
	}
	return f
}

// unlocked calls f with a session on a fork whose lock is to be made, or does not
// matter.
func (p *Project) unlocked(ctx context.Context, id string, f verb) (artifact.Set, error) {
	read, err := p.Fork(id)
	if err != nil {
		return nil, err
	}
	s, err := build.Open(ctx, read, lock.Lock{}, p.options())
	if err != nil {
		return nil, p.project().Explain(err)
	}
	set, err := f(s)
	return set, p.project().Explain(errors.Join(err, s.Close()))
}
