package slipway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/deb"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/rpm"
)

// A PackageRequest says which packages to make.
type PackageRequest struct {
	Fork      string   // empty: the project's default
	Packages  []string // empty: all that the fork comes to
	Platforms []string // as of a CrossRequest
}

// A Packages is packages.json: the packages that lie beside it.
type Packages struct {
	Fork     string         `json:"fork"`
	Version  string         `json:"version"`
	Platform string         `json:"platform"`
	Packages []MadePackage  `json:"packages"` // sorted by name
	Binaries []cross.Binary `json:"binaries"` // that are in them
}

// A MadePackage is one package, written.
type MadePackage struct {
	Name   string     `json:"name"`
	File   string     `json:"file"`
	Size   int64      `json:"size"` // bytes
	SHA256 string     `json:"sha256"`
	Inputs action.Key `json:"inputs"` // stands for all that decided its bytes
}

// A format writes packages.
type format struct {
	name     string // of the stage, and of the folder in dist/FORK
	revision int
	family   packaging.Family
	write    func(p packaging.Package, w io.Writer, scratch string) (file string, err error)
}

// Deb makes Debian packages in dist/FORK/deb, and the binaries that they need.
func (p *Project) Deb(ctx context.Context, r PackageRequest) ([]Packages, error) {
	return p.packages(ctx, r, format{"deb", deb.Revision, packaging.Debian(), deb.Write})
}

// RPM makes Fedora's packages in dist/FORK/rpm, and the binaries that they need.
func (p *Project) RPM(ctx context.Context, r PackageRequest) ([]Packages, error) {
	return p.packages(ctx, r, format{"rpm", rpm.Revision, packaging.Fedora(), rpm.Write})
}

func (p *Project) packages(ctx context.Context, r PackageRequest, to format) ([]Packages, error) {
	w, l, leave, err := p.enterLocked(ctx, r.Fork)
	if err != nil {
		return nil, err
	}
	defer leave()
	if w.goCmd, err = w.goCmd.At(ctx, w.fork.Build.Toolchain, l.Go, p.Dir); err != nil {
		return nil, err
	}
	platforms, err := w.packaged(r.Platforms)
	if err != nil {
		return nil, err
	}
	w.announce()
	var out []Packages
	for _, platform := range platforms {
		made, err := w.pack(ctx, l, to, platform, r.Packages)
		if err != nil {
			return nil, p.advise(p.relative(err))
		}
		out = append(out, made)
	}
	return out, nil
}

// packaged returns the platforms to make packages for.
func (w *workshop) packaged(names []string) ([]platform.Platform, error) {
	if w.goCmd.GOHOSTOS != "linux" {
		return nil, errors.New("packages have manual pages and completions that the programs write themselves: make them on Linux")
	}
	if len(names) == 0 {
		return []platform.Platform{w.host()}, nil
	}
	if slices.Equal(names, []string{"all"}) {
		names = slices.DeleteFunc(slices.Clone(w.fork.Build.Platforms), func(p string) bool { return !strings.HasPrefix(p, "linux/") })
	}
	platforms, err := platform.ParseList(names)
	for _, p := range platforms {
		if p.OS != "linux" {
			return nil, fmt.Errorf("there are no packages for %s: they are for Linux", p)
		}
	}
	return platforms, err
}

func (w *workshop) host() platform.Platform {
	return platform.Platform{OS: w.goCmd.GOHOSTOS, Arch: w.goCmd.GOHOSTARCH}
}
