package targets

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/release/shards"
)

// RELEASE makes everything that a fork ships, describes it, and signs it.
//
// Writes dist/FORK/release: binaries, packages, the overlay, images and tarballs,
// as set in release.artifacts of fork.yaml, with SBOMs, provenance, sums and
// signatures. Without -key, the release is not signed. Without -force, a version that
// was released with other content is refused.
//
// Examples:
//
//	mage release -dry-run                      # lists what would be released
//	mage release -key=$HOME/release.pem        # makes it, and signs it
//	mage release -platforms=linux/amd64        # for one platform, not signed
func RELEASE(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	platforms *string, // LIST platforms, such as linux/amd64,linux/arm64, or all (default: those of fork.yaml)
	arch *string, // NAME one Linux architecture, instead of -platforms
	key *string, // LIST keys to sign with: FILE, env:NAME, gpg:KEYID or exec:PUBLICKEY COMMAND (default: none)
	last *string, // PATH the release before: its folder, or its artifacts.json (default: the one in dist)
	dryRun *bool, // say what would be done, and do nothing
	force *bool, // replace a version that was released with other content
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	r, err := releaseRequest(platforms, arch, key, last)
	if err != nil {
		return err
	}
	r.Force = flag(toggleForce, force)
	if flag(toggleDryRun, dryRun) {
		return planRelease(ctx, setting("FORK", fork), r, v)
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Release(ctx, setting("FORK", fork), r)
	})
}

// Release holds the targets that are about a release. Mage reads names without regard to
// case, and Go has one Release in a package: the target release itself is RELEASE.
type Release mg.Namespace

// Verify checks a release in a folder as a stranger would: offline, with only public keys.
//
// Checks sums, signatures, the record, SBOMs and provenance, and that packages,
// images and tarballs hold the same binaries.
//
// Examples:
//
//	mage release:verify dist/etcd-3.7/release -key=keys/release.asc,keys/release.pub
//	mage release:verify FOLDER -key=release.pub -rebuilders=1 -others=alice.pub  # Alice built it again
func (Release) Verify(
	ctx context.Context,
	folder string, // the folder of the release
	key *string, // LIST files with the publisher's public keys (default: none; signatures are not checked)
	others *string, // LIST files with public keys of those who built the release again
	rebuilds *string, // LIST files with further statements of rebuilders, besides those in the release
	format *string, // NAME json, for programs (default: text)
	rebuilders *int, // NUMBER how many others must have built it again (default: 0)
) error {
	as := setting("FORMAT", format)
	if as != "" && as != "json" {
		return near.Unknown(as, []string{"json"}, "-format=%s: want json", as)
	}
	least, err := number("REBUILDERS", rebuilders)
	if err != nil {
		return err
	}
	var report *slipway.VerifyReport
	err = runAside(ctx, nil, as == "json", func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		if p.PlanOnly {
			return nil, nil
		}
		found, err := slipway.VerifyRelease(ctx, folder, slipway.VerifyRequest{
			Keys: list(setting("KEY", key)), Others: list(setting("OTHERS", others)),
			Rebuilds: list(setting("REBUILDS", rebuilds)), Rebuilders: least, Events: p.Events,
		})
		report = &found
		return nil, err
	})
	if err != nil || report == nil {
		return err
	}
	if err := printReport(report.Lines(), report, as == "json"); err != nil || report.Faults() == 0 {
		return err
	}
	return fmt.Errorf("%s is not as it was released: %s", folder, text.Count(report.Faults(), "fault"))
}

// Reproduce builds a release again in another folder and environment, and explains what differs.
//
// Writes dist/FORK/reproduce/report.json, and index.html beside it. Fails if
// something differs that release.exceptions of fork.yaml does not name. -attest
// writes rebuild.sigstore.json.
//
// Examples:
//
//	mage release:reproduce                     # the release in dist
//	mage release:reproduce -from=/srv/release -attest -key=alice.pem  # and attests that it is the same
func (Release) Reproduce(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	from *string, // PATH the release: its folder, or its artifacts.json (default: dist/FORK/release)
	key *string, // LIST keys to sign with: FILE, env:NAME, gpg:KEYID or exec:PUBLICKEY COMMAND (default: none)
	attest *bool, // sign, with -key, that the release was built again to the same bytes
	v *bool, // print more details, such as the packages that are compiled
) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	r := slipway.ReproduceRequest{
		From: setting("FROM", from), Attest: flag(toggleAttest, attest), Keys: list(setting("KEY", key)), Now: time.Now(),
		Command: func(fork, platforms string) []string {
			// Each flag is given, so that no variable of this process says otherwise.
			return []string{exe, "release", "-fork=" + fork, "-platforms=" + platforms, "-arch=", "-key=", "-last=",
				"-force=false", "-dryRun=false", "-json=false"}
		},
		Stdout: os.Stdout, Stderr: os.Stderr,
	}
	return run(ctx, v, nil, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		report, err := p.Reproduce(ctx, setting("FORK", fork), r)
		if err != nil || p.PlanOnly {
			return nil, err
		}
		fmt.Println(strings.Join(report.Lines(), "\n"))
		if !report.Same {
			return nil, errors.New("the release was not built again to the same bytes")
		}
		return nil, nil
	})
}

// Matrix prints how a CI system divides a release among machines.
//
// Each job is a shard for release:shard: a fork for one platform. The longest jobs come
// first, by the times of the last release on this machine. With -max, a job can have
// several shards.
//
// Examples:
//
//	mage release:matrix -format=github         # for a job's strategy.matrix
//	mage release:matrix -max=4                 # for four machines
func (Release) Matrix(
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	platforms *string, // LIST platforms, such as linux/amd64,linux/arm64, or all (default: those of fork.yaml)
	format *string, // NAME github, gitlab, tekton or json (default: json)
	max *int, // NUMBER the largest number of jobs (default: one for each shard)
) error {
	r, err := releaseRequest(platforms, nil, nil, nil)
	if err != nil {
		return err
	}
	limit, err := number("MAX", max)
	if err != nil {
		return err
	}
	return ask(func(p *slipway.Project) error {
		jobs, err := p.Matrix(setting("FORK", fork), r, limit)
		if err != nil {
			return err
		}
		data, err := shards.Format(jobs, cmp.Or(setting("FORMAT", format), "json"))
		if err == nil {
			_, err = os.Stdout.Write(data)
		}
		return err
	})
}

// Shard makes one machine's part of a release, as release:matrix names it.
//
// Writes the binaries for one platform to dist/shards/NAME, and the packages if this
// machine has that platform. It needs no key: release:merge signs.
//
// Examples:
//
//	mage release:shard etcd-3.7.linux-amd64
//	mage release:shard etcd-3.7.linux-amd64,etcd-3.7.linux-arm64  # two on this machine
func (Release) Shard(
	ctx context.Context,
	name string, // the shard, as release:matrix names it; several are separated by commas
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Shard(ctx, name)
	})
}

// Merge makes a release from the shards of several machines: the same bytes as on one machine.
//
// Fails if a shard is missing, or is from another fork, version or toolchain.
//
// Examples:
//
//	mage release:merge shards -key=env:RELEASE_KEY       # from all shards below the folder, signed
//	mage release:merge shards -platforms=linux/amd64     # for one platform
func (Release) Merge(
	ctx context.Context,
	folders string, // a folder with shards in it or below it; several are separated by commas
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	platforms *string, // LIST platforms, such as linux/amd64,linux/arm64, or all (default: those of fork.yaml)
	key *string, // LIST keys to sign with: FILE, env:NAME, gpg:KEYID or exec:PUBLICKEY COMMAND (default: none)
	last *string, // PATH the release before: its folder, or its artifacts.json (default: the one in dist)
	force *bool, // replace a version that was released with other content
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	r, err := releaseRequest(platforms, nil, key, last)
	if err != nil {
		return err
	}
	r.Force = flag(toggleForce, force)
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Merge(ctx, setting("FORK", fork), list(folders), r)
	})
}

// Notes prints the notes of the release in dist/FORK/release, as Markdown.
//
// Examples:
//
//	mage release:notes                         # compared with the release before
//	mage release:notes -last=/srv/releases/1.36.0  # compared with another release
func (Release) Notes(
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	last *string, // PATH the release before: its folder, or its artifacts.json (default: the one in dist)
) error {
	return ask(func(p *slipway.Project) error {
		notes, err := p.Notes(setting("FORK", fork), setting("LAST", last))
		if err == nil {
			_, err = os.Stdout.Write(notes)
		}
		return err
	})
}

// Quick makes the release tarballs of a fork for one architecture, like Kubernetes' make quick-release.
//
// Writes tarballs for Linux to dist/FORK/tarballs, and to
// dist/FORK/_output/release-tars, where scripts of Kubernetes look for them.
//
// Examples:
//
//	mage release:quick                         # for this machine's architecture
//	mage release:quick -arch=arm64             # for another
func (Release) Quick(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	arch *string, // NAME one Linux architecture (default: this machine's)
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	names, err := platformNames("", setting("ARCH", arch))
	if err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Quick(ctx, setting("FORK", fork), strings.Join(names, ","))
	})
}

// releaseRequest returns what the flags of release ask for.
func releaseRequest(platforms, arch, key, last *string) (slipway.ReleaseRequest, error) {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	return slipway.ReleaseRequest{
		Platforms: names, Keys: list(setting("KEY", key)), Last: setting("LAST", last), Now: time.Now(),
	}, err
}

// planRelease lists what would be released.
func planRelease(ctx context.Context, fork string, r slipway.ReleaseRequest, v *bool) error {
	return run(ctx, v, nil, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		set, err := p.PlanRelease(ctx, fork, r)
		if err != nil || p.PlanOnly {
			return nil, err
		}
		t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "KIND\tNAME\tFORMAT\tPLATFORM\tSTATE\tPATH")
		for _, a := range set {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n",
				a.Kind, dash(a.Name), dash(a.Format), dash(platformOf(a)), planned(a), a.Path)
		}
		return nil, t.Flush()
	})
}

// planned says what would become of an artifact.
func planned(a artifact.Artifact) string {
	switch {
	case a.Kept:
		return "up to date"
	case a.Kind == artifact.Binary, a.Kind == artifact.Package:
		return "to be made"
	}
	return "made, unless it is the same" // that is known when its binaries are there
}

func platformOf(a artifact.Artifact) string { return a.Event().Platform }

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// printJSON prints a report for programs.
func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
