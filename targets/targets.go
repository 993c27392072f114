// Package targets is what Slipway offers as Mage targets. A project of one's
// own has them by importing this package in its magefile, below the comment
// mage:import.
//
// Each flag of a target can also be given as an environment variable of the
// same name in capitals.
package targets

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/platform"
)

// Cross compiles a fork: fetches its pinned upstream, applies its patches, and builds its components.
//
// Without flags it builds what fork.yaml names, for this machine. -platforms
// takes a list, as linux/amd64,linux/arm64, or the word all; -arch takes one
// architecture of Linux; -components takes a list. The variable
// KUBE_FASTBUILD=false stands for -platforms=all. The binaries come to lie in
// dist/FORK/bin/OS_ARCH, with build.json beside them.
func Cross(ctx context.Context, fork, components, platforms, arch *string, v, json *bool) error {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	if err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		_, err := p.Cross(ctx, slipway.CrossRequest{
			Fork: setting("FORK", fork), Components: list(setting("COMPONENTS", components)), Platforms: names,
		})
		return err
	})
}

// Deb makes Debian packages of a fork, and builds what they need.
//
// Without flags it makes all packages, for this machine's architecture.
// -packages takes a list; -platforms and -arch are those of cross. The packages
// come to lie in dist/FORK/deb/OS_ARCH, with packages.json beside them.
func Deb(ctx context.Context, fork, packages, platforms, arch *string, v, json *bool) error {
	return makePackages(ctx, (*slipway.Project).Deb, fork, packages, platforms, arch, v, json)
}

// Rpm makes Fedora's packages of a fork, and builds what they need.
//
// Without flags it makes all packages, for this machine's architecture.
// -packages takes a list; -platforms and -arch are those of cross. The packages
// come to lie in dist/FORK/rpm/OS_ARCH, with packages.json beside them.
func Rpm(ctx context.Context, fork, packages, platforms, arch *string, v, json *bool) error {
	return makePackages(ctx, (*slipway.Project).RPM, fork, packages, platforms, arch, v, json)
}

// Ebuild lays out a Gentoo overlay of all forks, with what its ebuilds fetch.
//
// The overlay comes to lie in dist/overlay, ready to be published, and the
// distfiles in dist/distfiles. -fork takes one fork alone; -gentoo is a checkout
// of the repository ::gentoo, the host's own unless told.
func Ebuild(ctx context.Context, fork, gentoo *string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		_, err := p.Ebuild(ctx, slipway.EbuildRequest{Fork: setting("FORK", fork), Gentoo: setting("GENTOO", gentoo)})
		return err
	})
}

// Image makes container images of a fork, and builds what they need.
//
// Without flags it makes all images, for the Linux platforms of fork.yaml.
// -images takes a list; -platforms and -arch are those of cross. They come to
// lie in dist/FORK/images, an OCI layout, with images.json beside them.
// -format=docker adds an archive for each architecture that docker load reads.
func Image(ctx context.Context, fork, images, platforms, arch, format *string, v, json *bool) error {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	if err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		_, err := p.Image(ctx, slipway.ImageRequest{Fork: setting("FORK", fork), Images: list(setting("IMAGES", images)), Platforms: names, Format: setting("FORMAT", format), Now: time.Now()})
		return err
	})
}

// Push pushes a fork's images to registries.
//
// -registry takes a list of where repositories lie, as registry.example.org/team,
// that of fork.yaml unless told; -images takes a list of those to push, all
// unless told; -tag stands for the fork's version. It logs in as docker login and podman login noted. A tag that
// stands for something else is refused unless -force says so, and -insecure
// takes any certificate, or none.
func Push(ctx context.Context, fork, registry, images, tag *string, insecure, force, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		_, err := p.Push(ctx, slipway.PushRequest{
			Fork: setting("FORK", fork), Registries: list(setting("REGISTRY", registry)), Images: list(setting("IMAGES", images)), Tag: setting("TAG", tag),
			Insecure: flag("INSECURE", insecure), Force: flag("FORCE", force),
		})
		return err
	})
}

func makePackages(ctx context.Context, make func(*slipway.Project, context.Context, slipway.PackageRequest) ([]slipway.Packages, error), fork, packages, platforms, arch *string, v, json *bool) error {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	if err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		_, err := make(p, ctx, slipway.PackageRequest{Fork: setting("FORK", fork), Packages: list(setting("PACKAGES", packages)), Platforms: names})
		return err
	})
}

// platformNames joins what the flags, and the variables of Kubernetes' own
// build, say of platforms.
func platformNames(platforms, arch string) ([]string, error) {
	switch {
	case platforms != "" && arch != "":
		return nil, fmt.Errorf("-platforms=%s and -arch=%s: give one of the two", platforms, arch)
	case platforms != "":
		return list(platforms), nil
	case arch != "":
		p, err := platform.Parse("linux/" + arch)
		return []string{p.String()}, err
	}
	fast := os.Getenv("KUBE_FASTBUILD")
	if fast == "" {
		return nil, nil
	}
	if one, err := strconv.ParseBool(fast); err != nil {
		return nil, fmt.Errorf("KUBE_FASTBUILD=%s: want true for one platform or false for all", fast)
	} else if !one {
		return []string{"all"}, nil
	}
	return nil, nil
}

// Forks lists the forks of this project.
func Forks() error {
	p, err := project(nil)
	if err != nil {
		return err
	}
	ids, err := p.ForkIDs()
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FORK\tVERSION\tUPSTREAM\tPATCHES\tPLATFORMS\tCOMPONENTS")
	var faults []string
	for _, id := range ids {
		f, err := p.Fork(id)
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\n", f.ID, f.Version, f.Upstream, f.Patches(),
			strings.Join(f.Build.Platforms, " "), strings.Join(f.Build.Components, " "))
	}
	if err := t.Flush(); err != nil || faults == nil {
		return err
	}
	return fmt.Errorf("%s", strings.Join(faults, "\n"))
}

// Clean removes dist: all outputs, and what is kept to make the next run fast.
func Clean(ctx context.Context) error {
	return run(ctx, nil, nil, func(ctx context.Context, p *slipway.Project) error { return p.Clean(ctx) })
}

// Doctor tells what this machine has and lacks for building this project's forks.
func Doctor(ctx context.Context) error {
	p, err := project(nil)
	if err != nil {
		return err
	}
	checks, err := p.Doctor(ctx)
	if err != nil {
		return err
	}
	return printChecks(checks)
}
