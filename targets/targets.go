// Package targets holds Slipway's Mage targets. Your own project gets them by
// importing this package in its magefile, below the comment mage:import.
//
// Each flag of a target can also be set by an environment variable with the
// flag's name in capitals.
package targets

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/platform"
)

// Cross compiles a fork: fetches its pinned upstream, applies its patches, and builds its components.
//
// Without flags it builds the components that fork.yaml lists, for this machine.
// -platforms takes a list, such as linux/amd64,linux/arm64, or the word all;
// -arch takes one Linux architecture; -components takes a list. The environment
// variable KUBE_FASTBUILD=false means -platforms=all. Writes the binaries to
// dist/FORK/bin/OS_ARCH, with build.json beside them.
func Cross(ctx context.Context, fork, components, platforms, arch *string, v, json *bool) error {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	if err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Cross(ctx, setting("FORK", fork), slipway.CrossRequest{
			Components: list(setting("COMPONENTS", components)), Platforms: names,
		})
	})
}

// Deb builds a fork's Debian packages, and the binaries they need.
//
// Without flags it builds all packages, for this machine's architecture.
// -packages takes a list; -platforms and -arch work as in cross. Writes the
// packages to dist/FORK/deb/OS_ARCH, with packages.json beside them.
func Deb(ctx context.Context, fork, packages, platforms, arch *string, v, json *bool) error {
	r, err := packageRequest(packages, platforms, arch)
	if err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Deb(ctx, setting("FORK", fork), r)
	})
}

// Rpm builds a fork's RPM packages, for Fedora, and the binaries they need.
//
// Without flags it builds all packages, for this machine's architecture.
// -packages takes a list; -platforms and -arch work as in cross. Writes the
// packages to dist/FORK/rpm/OS_ARCH, with packages.json beside them.
func Rpm(ctx context.Context, fork, packages, platforms, arch *string, v, json *bool) error {
	r, err := packageRequest(packages, platforms, arch)
	if err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.RPM(ctx, setting("FORK", fork), r)
	})
}

// Ebuild writes a Gentoo overlay of all forks, and the distfiles that its ebuilds fetch.
//
// Writes the overlay to dist/overlay, ready to publish, and the distfiles to
// dist/distfiles. -fork limits the run to one fork. -gentoo is a checkout of the
// repository ::gentoo; the default is the host's, in /var/db/repos/gentoo.
func Ebuild(ctx context.Context, fork, gentoo *string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Ebuild(ctx, setting("FORK", fork), slipway.EbuildRequest{Gentoo: setting("GENTOO", gentoo)})
	})
}

// Image builds a fork's container images, and the binaries they need.
//
// Without flags it builds all images, for Linux on this machine's architecture.
// -images takes a list; -platforms and -arch work as in cross. Writes an OCI
// layout to dist/FORK/images, with images.json in it. -format=docker also writes
// one archive per architecture for docker load. -registry is where pods and
// installer units pull the images from; the default is images.registry of
// fork.yaml.
func Image(ctx context.Context, fork, images, platforms, arch, format, registry *string, v, json *bool) error {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	if err != nil {
		return err
	}
	r := slipway.ImageRequest{
		Images: list(setting("IMAGES", images)), Platforms: names, Format: setting("FORMAT", format),
		Registry: setting("REGISTRY", registry),
	}
	if err := r.Check(); err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Image(ctx, setting("FORK", fork), r)
	})
}

// Push pushes a fork's container images to registries.
//
// -registry takes a list of registries, such as registry.example.org/team; the
// default is where the images were made for: -registry of image, or
// images.registry of fork.yaml. -images takes a list; the default is all images.
// -tag replaces the tag made from the fork's version. Push uses the credentials
// that docker login or podman login stored. A tag that already points at another
// digest is refused without -force. -insecure accepts any certificate, and plain
// HTTP. With -platforms or -arch, images for other platforms than these are
// refused, and a tag may lose others. -mirror pushes to another registry than the
// one that pods and installer units pull from.
func Push(
	ctx context.Context, fork, registry, images, tag, platforms, arch *string, insecure, force, mirror, v, json *bool,
) error {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	if err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		to := setting("REGISTRY", registry)
		if p.Imaging = imagesBefore("push"); p.PlanOnly && p.Imaging != nil {
			to = cmp.Or(to, p.Imaging.Registry) // which images.json will name
		}
		return p.Push(ctx, setting("FORK", fork), slipway.PushRequest{
			Registries: list(to), Images: list(setting("IMAGES", images)), Platforms: names, Tag: setting("TAG", tag),
			Insecure: flag(toggleInsecure, insecure), Force: flag(toggleForce, force), Mirror: flag(toggleMirror, mirror),
		})
	})
}

// packageRequest returns what the flags of deb and rpm ask for.
func packageRequest(packages, platforms, arch *string) (slipway.PackageRequest, error) {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	return slipway.PackageRequest{Packages: list(setting("PACKAGES", packages)), Platforms: names}, err
}

// platformNames returns the platforms that the flags, or the variables of
// Kubernetes' own build, ask for.
func platformNames(platforms, arch string) ([]string, error) {
	switch {
	case platforms != "" && arch != "":
		return nil, fmt.Errorf("-platforms=%s and -arch=%s: give only one of them", platforms, arch)
	case platforms != "":
		names := list(platforms)
		if slices.Contains(names, "all") { // with others it is refused by who knows the fork
			return names, nil
		}
		_, err := platform.ParseList(names)
		return names, err
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
	if plans, err := begin(); err != nil || plans {
		return err
	}
	p, err := project(nil)
	if err != nil {
		return err
	}
	ids, err := p.Forks()
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

// Clean removes dist: all outputs, and the cache that makes the next run fast.
//
// With the outputs goes dist/FORK/releases, the records of what was released: then a
// version with other content is no longer refused. dist/repo stays: what was published
// cannot be made again.
func Clean(ctx context.Context) error {
	return run(ctx, nil, nil, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return nil, p.Clean(ctx)
	})
}

// Doctor checks that this machine has what it takes to build this project's forks.
func Doctor(ctx context.Context) error {
	if plans, err := begin(); err != nil || plans {
		return err
	}
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
