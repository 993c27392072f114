// Package doctor checks whether a machine has what it takes to build the forks of a
// project, and says how to install what is missing.
package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/sysroot"
)

// A Check is one thing that a build may need of a machine. Its JSON is for programs: keys are
// added, but none changes.
type Check struct {
	// Name is what was looked for: "git", "disk", "go for FORK", "C compiler for PLATFORM",
	// "C compiler for PLATFORM of FORK", and "fork FORK" of one that cannot be read.
	Name string `json:"name"`
	// OK says whether it is there.
	OK bool `json:"ok"`
	// Needed says whether a fork of this project needs it.
	Needed bool `json:"needed"`
	// Detail is what was found.
	Detail string `json:"detail,omitempty"`
	// Remedy is what to do, if it is not OK.
	Remedy string `json:"remedy,omitempty"`
}

// A Report is what doctor says as JSON.
type Report struct {
	Checks []Check `json:"checks"`
}

// roomToBuild is how many bytes a cold build of Kubernetes for two platforms
// takes: its modules, the upstream and the patched tree, Go's build cache and
// the binaries.
const roomToBuild = 8 << 30

// A doctor looks at one project on this machine.
type doctor struct {
	project fork.Project
	env     run.Env
	goCmd   *gotool.Go
}

// Look checks this machine. Subprocesses start from env; events is told of them.
func Look(ctx context.Context, p fork.Project, env run.Env, events event.Sink) ([]Check, error) {
	ids, err := p.IDs()
	if err != nil {
		return nil, err
	}
	goCmd, err := gotool.Find(ctx, run.Runner{Events: events}, env, p.Dir)
	if err != nil {
		return nil, err
	}
	d := doctor{p, env, goCmd}
	var forks []fork.Fork
	var checks []Check
	for _, id := range ids {
		f, err := p.Fork(id)
		if err != nil {
			checks = append(checks, Check{Name: "fork " + id, Needed: true, Detail: err.Error()})
			continue
		}
		forks = append(forks, f)
		checks = append(checks, d.goFor(ctx, f))
	}
	free, err := freeBytes(p.Dir)
	checks = append(checks, d.git(ctx), room(p, free, err))
	return append(checks, d.compilers(ctx, forks)...), nil
}

// goFor finds the release of Go that a fork is built with.
func (d doctor) goFor(ctx context.Context, f fork.Fork) Check {
	c := Check{Name: "go for " + f.ID, Needed: true}
	l, err := f.ReadLock()
	if err != nil {
		c.Detail, c.Remedy, _ = strings.Cut(err.Error(), "\n  ")
		return c
	}
	at, err := d.goCmd.At(ctx, f.Build.Toolchain, l.Go, d.project.Dir)
	if err != nil {
		c.Detail, c.Remedy, _ = strings.Cut(err.Error(), "\n  ")
		return c
	}
	c.OK, c.Detail = true, fmt.Sprintf("%s; its tree needs %s", at.GOVERSION, l.Go)
	return c
}

func (d doctor) git(ctx context.Context) Check {
	c := Check{Name: "git", Remedy: "Install it: git on Debian, Fedora and Homebrew, dev-vcs/git on Gentoo; " +
		"the go command fetches some modules with it"}
	out, err := d.goCmd.Run.Output(ctx, run.Cmd{Args: []string{"git", "--version"}, Env: d.env})
	if err != nil {
		c.Detail = err.Error()
		return c
	}
	c.OK, c.Detail = true, strings.TrimSpace(string(out))
	return c
}

// room says whether a build fits on the disk of a project, which has free bytes, or
// cannot be asked.
func room(p fork.Project, free uint64, err error) Check {
	c := Check{Name: "disk", Needed: true, Remedy: "Free some space on the disk of " + p.Dir}
	if err != nil {
		c.Detail = err.Error()
		return c
	}
	c.OK = free >= roomToBuild
	c.Detail = fmt.Sprintf("%d GiB free; a cold build of Kubernetes takes about %d", free>>30, roomToBuild>>30)
	return c
}

// freeBytes returns how many bytes this user may still write to the disk of dir.
func freeBytes(dir string) (uint64, error) {
	var fs unix.Statfs_t
	err := unix.Statfs(dir, &fs)
	return fs.Bavail * uint64(fs.Bsize), err
}

// compilers finds a C compiler for each platform of the forks, as far as this
// machine can have one, and those that forks name themselves.
func (d doctor) compilers(ctx context.Context, forks []fork.Fork) []Check {
	host := platform.Platform{OS: d.goCmd.GOHOSTOS, Arch: d.goCmd.GOHOSTARCH}
	var checks []Check
	seen := map[platform.Platform]bool{}
	for _, f := range forks {
		for _, pl := range f.Platforms {
			search := cross.CompilerSearch{Run: d.goCmd.Run, Env: d.env, Host: host, Platform: pl, Project: d.project.Dir}
			if c, ok := f.Build.C[pl.String()]; ok {
				search.C = c
				checks = append(checks, d.configured(ctx, f, search))
				continue
			}
			if seen[pl] || pl.OS != "linux" && pl != host {
				continue
			}
			seen[pl] = true
			c := Check{Name: "C compiler for " + pl.String(), Needed: needsC(forks, pl)}
			cc, err := search.Find(ctx)
			checks = append(checks, c.found(cc, err))
		}
	}
	return checks
}

// found returns the check of a compiler with what was found.
func (c Check) found(cc cross.Compiler, err error) Check {
	if err != nil {
		c.Detail, c.Remedy, _ = strings.Cut(err.Error(), "\n  ")
	} else {
		c.OK, c.Detail = true, filepath.Base(cc.Path)+": "+cc.Version
	}
	if !c.OK && !c.Needed {
		c.Detail += " (no component here needs it)"
	}
	return c
}

// configured checks the compiler and the sysroot that a fork names for a platform.
func (d doctor) configured(ctx context.Context, f fork.Fork, search cross.CompilerSearch) Check {
	pl := search.Platform
	c := Check{Name: fmt.Sprintf("C compiler for %s of %s", pl, f.ID), Needed: compilesC(f, pl)}
	cc, err := search.Find(ctx)
	if err != nil {
		return c.found(cc, err)
	}
	if search.C.HasSysroot() {
		err = d.trySysroot(ctx, f, search, cc)
	} else {
		err = search.Check(ctx, cc)
	}
	return c.found(cc, err)
}

// trySysroot tries a compiler with the sysroot that a fork names: a copy of a folder, as
// one is made to compile. Of packages, which a build fetches, it finds that they are pinned.
func (d doctor) trySysroot(
	ctx context.Context, f fork.Fork, search cross.CompilerSearch, cc cross.Compiler,
) error {
	if search.C.Sysroot == "" {
		_, err := sysroot.Pins(f, search.Platform)
		return err
	}
	source, err := sysroot.Folder(ctx, d.project.At(search.C.Sysroot), nil)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "slipway-sysroot-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	laid, err := source.Lay(ctx, sysroot.Folders{}, dir)
	if err != nil {
		return err
	}
	if cc.Sysroot, err = cross.NewSysroot(laid, search.Platform); err != nil {
		return err
	}
	return search.Check(ctx, cc)
}

// needsC reports whether a fork builds something with cgo for the platform, with the
// compiler that the machine has for it.
func needsC(forks []fork.Fork, p platform.Platform) bool {
	return slices.ContainsFunc(forks, func(f fork.Fork) bool {
		_, own := f.Build.C[p.String()]
		return !own && compilesC(f, p)
	})
}

// compilesC reports whether a fork builds something with cgo for the platform.
func compilesC(f fork.Fork, p platform.Platform) bool {
	return slices.Contains(f.Platforms, p) &&
		slices.ContainsFunc(f.Defaults, func(c cross.Component) bool { return c.CGO && p.In(c.Platforms) })
}
