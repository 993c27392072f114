package slipway

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

// A Check is one thing that building may want of a machine.
type Check struct {
	Name   string
	OK     bool
	Needed bool   // by a fork of this project
	Detail string // what was found
	Remedy string // what to do where it is not OK
}

// roomToBuild is how many bytes a cold build of Kubernetes for two platforms
// takes: its modules, the upstream and the patched tree, Go's build cache and
// the binaries.
const roomToBuild = 8 << 30

// Doctor looks at what this machine has for building the project's forks.
func (p *Project) Doctor(ctx context.Context) ([]Check, error) {
	ids, err := p.ForkIDs()
	if err != nil {
		return nil, err
	}
	goCmd, err := gotool.Find(ctx, run.Runner{Events: p.Events}, p.Env, p.Dir)
	if err != nil {
		return nil, err
	}
	var forks []*Fork
	var checks []Check
	for _, id := range ids {
		f, err := p.Fork(id)
		if err != nil {
			checks = append(checks, Check{Name: "fork " + id, Needed: true, Detail: err.Error()})
			continue
		}
		forks = append(forks, f)
		checks = append(checks, p.checkGoFor(ctx, goCmd, f))
	}
	checks = append(checks, p.checkGit(ctx, goCmd), p.checkDisk())
	return append(checks, p.checkCompilers(ctx, goCmd, forks)...), nil
}

func (p *Project) checkGoFor(ctx context.Context, goCmd *gotool.Go, f *Fork) Check {
	c := Check{Name: "go for " + f.ID, Needed: true}
	l, err := p.readLock(f)
	if err != nil {
		c.Detail = err.Error()
		return c
	}
	at, err := goCmd.At(ctx, f.Build.Toolchain, l.Go, p.Dir)
	if err != nil {
		c.Detail, c.Remedy, _ = strings.Cut(err.Error(), "\n  ")
		return c
	}
	c.OK, c.Detail = true, fmt.Sprintf("%s; its tree needs %s", at.GOVERSION, l.Go)
	return c
}

func (p *Project) checkGit(ctx context.Context, goCmd *gotool.Go) Check {
	c := Check{Name: "git", Remedy: "Install it: git on Debian, Fedora and Homebrew, dev-vcs/git on Gentoo; the go command fetches some modules with it"}
	out, err := goCmd.Run.Output(ctx, run.Cmd{Args: []string{"git", "--version"}, Env: p.Env})
	if err != nil {
		c.Detail = err.Error()
		return c
	}
	c.OK, c.Detail = true, strings.TrimSpace(string(out))
	return c
}

func (p *Project) checkDisk() Check {
	c := Check{Name: "disk", Needed: true, Remedy: "Make room on the disk of " + p.Dir}
	var fs unix.Statfs_t
	if err := unix.Statfs(p.Dir, &fs); err != nil {
		c.Detail = err.Error()
		return c
	}
	free := fs.Bavail * uint64(fs.Bsize)
	c.OK = free >= roomToBuild
	c.Detail = fmt.Sprintf("%d GiB free; a cold build of Kubernetes takes about %d", free>>30, roomToBuild>>30)
	return c
}

func (p *Project) checkCompilers(ctx context.Context, goCmd *gotool.Go, forks []*Fork) []Check {
	host := platform.Platform{OS: goCmd.GOHOSTOS, Arch: goCmd.GOHOSTARCH}
	var checks []Check
	seen := map[platform.Platform]bool{}
	for _, f := range forks {
		for _, pl := range f.Platforms {
			if seen[pl] || pl.OS != "linux" && pl != host {
				continue
			}
			seen[pl] = true
			c := Check{Name: "C compiler for " + pl.String(), Needed: needsC(forks, pl)}
			cc, err := cross.FindCompiler(ctx, goCmd.Run, p.Env, host, pl)
			if err != nil {
				c.Detail, c.Remedy, _ = strings.Cut(err.Error(), "\n  ")
			} else {
				c.OK, c.Detail = true, filepath.Base(cc.Path)+": "+cc.Version
			}
			if !c.OK && !c.Needed {
				c.Detail += " (no component here needs it)"
			}
			checks = append(checks, c)
		}
	}
	return checks
}

// needsC reports whether a fork builds something with cgo for the platform.
func needsC(forks []*Fork, p platform.Platform) bool {
	return slices.ContainsFunc(forks, func(f *Fork) bool {
		return slices.Contains(f.Platforms, p) && slices.ContainsFunc(f.Defaults, func(c cross.Component) bool { return c.CGO && p.In(c.Platforms) })
	})
}
