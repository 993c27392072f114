// Package targets holds Slipway's Mage targets. Your own project gets them by
// importing this package in its magefile, below the comment mage:import.
//
// Each flag of a target can also be set by an environment variable with the
// flag's name in capitals.
//
//mage:multiline
package targets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/platform"
)

// Cross compiles a fork: fetches its pinned upstream, applies its patches, and builds its components.
//
// Writes the binaries to dist/FORK/bin/OS_ARCH, with build.json beside them. The
// environment variable KUBE_FASTBUILD=false means -platforms=all.
//
// Examples:
//
//	mage cross                                  # for this machine
//	mage cross -platforms=all                   # for all platforms of fork.yaml
//	mage cross -components=kubelet -arch=arm64  # one program, for Linux on arm64
func Cross(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	components *string, // LIST the components to build (default: build.components of fork.yaml)
	platforms *string, // LIST platforms, such as linux/amd64,linux/arm64, or all (default: this machine's)
	arch *string, // NAME one Linux architecture, instead of -platforms
	dryRun *bool, // say what would be done, and do nothing
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	if err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Cross(ctx, setting("FORK", fork), slipway.CrossRequest{
			Components: list(setting("COMPONENTS", components)), Platforms: names, DryRun: flag(toggleDryRun, dryRun),
		})
	})
}

// Deb builds a fork's Debian packages, and the binaries they need.
//
// Writes the packages to dist/FORK/deb/OS_ARCH, with packages.json beside them.
//
// Examples:
//
//	mage deb                                  # all packages, for this machine
//	mage deb -packages=kubelet,kubectl        # two of them
//	mage deb -arch=arm64 rpm -arch=arm64      # both formats, for Linux on arm64
func Deb(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	packages *string, // LIST the packages to build (default: all)
	platforms *string, // LIST platforms, such as linux/amd64,linux/arm64, or all (default: this machine's)
	arch *string, // NAME one Linux architecture, instead of -platforms
	dryRun *bool, // say what would be done, and do nothing
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	r, err := packageRequest(packages, platforms, arch, dryRun)
	if err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Deb(ctx, setting("FORK", fork), r)
	})
}

// Rpm builds a fork's RPM packages, for Fedora, and the binaries they need.
//
// Writes the packages to dist/FORK/rpm/OS_ARCH, with packages.json beside them.
//
// Examples:
//
//	mage rpm                                  # all packages, for this machine
//	mage rpm -packages=kubelet -arch=arm64    # one of them, for Linux on arm64
func Rpm(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	packages *string, // LIST the packages to build (default: all)
	platforms *string, // LIST platforms, such as linux/amd64,linux/arm64, or all (default: this machine's)
	arch *string, // NAME one Linux architecture, instead of -platforms
	dryRun *bool, // say what would be done, and do nothing
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	r, err := packageRequest(packages, platforms, arch, dryRun)
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
// dist/distfiles.
//
// Examples:
//
//	mage ebuild                               # of all forks
//	mage ebuild -fork=etcd-3.7                # of one
//	mage ebuild -gentoo=/srv/gentoo           # with the checkout of ::gentoo in that folder
//	mage ebuild -messages                     # prints the commit messages again
func Ebuild(
	ctx context.Context,
	fork *string, // NAME only this fork (default: all forks)
	gentoo *string, // DIR a checkout of ::gentoo (default: /var/db/repos/gentoo, if it exists)
	messages *bool, // print the commit message for each package, also for those that are up to date
	dryRun *bool, // say what would be done, and do nothing
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Ebuild(ctx, setting("FORK", fork), slipway.EbuildRequest{
			Gentoo: setting("GENTOO", gentoo), Messages: flag(toggleMessages, messages),
			DryRun: flag(toggleDryRun, dryRun),
		})
	})
}

// Image builds a fork's container images, and the binaries they need.
//
// Writes an OCI layout to dist/FORK/images, with images.json in it. -format=docker
// also writes one archive per architecture for docker load.
//
// Examples:
//
//	mage image                                # all images, for this machine's architecture
//	mage image -platforms=all                 # for all Linux platforms of fork.yaml
//	mage image -images=kubelet -arch=amd64    # one image, for one architecture
//	mage image -format=docker                 # with archives for docker load
func Image(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	images *string, // LIST the images (default: all)
	platforms *string, // LIST platforms, such as linux/amd64,linux/arm64, or all (default: this machine's)
	arch *string, // NAME one Linux architecture, instead of -platforms
	format *string, // NAME oci, or docker, which adds archives for docker load (default: oci)
	registry *string, // REGISTRY the registry that pods and units pull from (default: images.registry of fork.yaml)
	dryRun *bool, // say what would be done, and do nothing
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	if err != nil {
		return err
	}
	r := slipway.ImageRequest{
		Images: list(setting("IMAGES", images)), Platforms: names, Format: setting("FORMAT", format),
		DryRun: flag(toggleDryRun, dryRun), Registry: setting("REGISTRY", registry),
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
// Uses the credentials that docker login or podman login stored. Without -force, a tag
// that already points to another digest is refused. A tag that would lose platforms is
// refused even with -force, unless -platforms or -arch says which it is to have. Without
// -mirror, a registry that pods and units do not pull from is refused.
//
// Examples:
//
//	mage push -registry=registry.example.org/team  # all images
//	mage push -images=kubelet -tag=v1.36.1-test    # one image, with another tag
func Push(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	registry *string, // LIST registries, such as registry.example.org/team (default: the one they were made for)
	images *string, // LIST the images (default: all)
	tag *string, // NAME a tag (default: the one made from the fork's version)
	platforms *string, // LIST the platforms that the images must have, or all (default: those they were built for)
	arch *string, // NAME one Linux architecture, instead of -platforms
	insecure *bool, // accept any certificate, and plain HTTP
	force *bool, // replace a tag that points to another digest
	mirror *bool, // push to a mirror of the registry that pods and units pull from
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
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
func packageRequest(packages, platforms, arch *string, dryRun *bool) (slipway.PackageRequest, error) {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	return slipway.PackageRequest{
		Packages: list(setting("PACKAGES", packages)), Platforms: names, DryRun: flag(toggleDryRun, dryRun),
	}, err
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
		return names, nearPlatform(err)
	case arch != "":
		p, err := platform.Parse("linux/" + arch)
		return []string{p.String()}, nearPlatform(err)
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

// nearPlatform adds to the error of an unknown platform which one may be meant, and the exit code of a wrong line.
func nearPlatform(err error) error {
	if unknown, ok := errors.AsType[*platform.UnknownError](err); ok {
		return near.Unknown(unknown.Name, platform.Strings(platform.Known()), "%s", err)
	}
	return err
}

// Forks lists the forks of this project.
//
// Examples:
//
//	mage forks  # with their versions, upstreams and platforms
func Forks() error {
	return ask(listForks)
}

func listForks(p *slipway.Project) error {
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
// Also removes dist/FORK/releases, the records of earlier releases: after that, a
// version with other content is no longer refused. Keeps dist/repo, because published
// files cannot be made again.
//
// Examples:
//
//	mage clean  # refuses while a work tree in dist holds changes that no patch has
func Clean(ctx context.Context) error {
	return run(ctx, nil, nil, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return nil, p.Clean(ctx)
	})
}

// Check checks the files of all forks, without building and without a network.
//
// Reads fork.yaml, the series, locks, profiles, the files for packages and images, and
// repo.yaml, and plans all outputs. Reports all faults at once, each with its file, its
// line and what to do, and fails if there are any. -json prints the report for
// programs.
//
// Examples:
//
//	mage check                  # all forks
//	mage check -fork=etcd-3.7   # one of them
//	mage check -json            # for an editor, or CI; docs/check.schema.json describes it
func Check(
	ctx context.Context,
	fork *string, // NAME only this fork (default: all forks)
	json *bool, // print a report as JSON
) error {
	return ask(func(p *slipway.Project) error {
		report, err := p.Check(ctx, setting("FORK", fork))
		if err != nil {
			return err
		}
		if err := printReport(report.Lines(), report, flag(toggleJSON, json)); err != nil || report.Faults() == 0 {
			return err
		}
		return fmt.Errorf("the project has %s", text.Count(report.Faults(), "fault"))
	})
}

// Doctor checks whether this machine has everything that is needed to build this project's forks.
//
// Fails if something that a fork needs is missing.
//
// Examples:
//
//	mage doctor        # lists what is missing, and why it is needed
//	mage doctor -json  # the same for programs; docs/doctor.schema.json describes it
func Doctor(
	ctx context.Context,
	json *bool, // print a report as JSON
) error {
	return ask(func(p *slipway.Project) error {
		checks, err := p.Doctor(ctx)
		if err != nil {
			return err
		}
		return printChecks(checks, flag(toggleJSON, json))
	})
}
