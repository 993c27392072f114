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
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/release/shards"
)

// RELEASE makes everything that a fork ships, describes it, and signs it.
//
// Writes dist/FORK/release: binaries, packages, the overlay, images and tarballs,
// as release.artifacts of fork.yaml says, with SBOMs, provenance, sums and
// signatures. -platforms and -arch work as in cross; the default is all of
// fork.yaml. -key takes a list of keys to sign with: FILE, env:NAME, gpg:KEYID, or
// exec:PUBLICKEY COMMAND; without one the release is not signed. -last is the
// release before this one: its folder, or its artifacts.json. A version that was
// released with other content is refused without -force. -dryRun lists what would
// be released, and makes nothing.
func RELEASE(ctx context.Context, fork, platforms, arch, key, last *string, dryRun, force, v, json *bool) error {
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

// Verify checks a release in a folder as a stranger would: offline, with public keys alone.
//
// Checks sums, signatures, the record, SBOMs and provenance, and that packages,
// images and tarballs hold the same binaries. -key is a list of files with the
// publisher's public keys; without one no signature is checked. -rebuilders is how
// many others must have built the release again; -others is a list of files with
// their public keys, -rebuilds of their statements, beside those in the release.
// -format=json prints the report for programs.
func (Release) Verify(
	ctx context.Context, folder string, key, others, rebuilds, format *string, rebuilders *int,
) error {
	as := setting("FORMAT", format)
	if as != "" && as != "json" {
		return fmt.Errorf("-format=%s: want json", as)
	}
	if rebuilders != nil && *rebuilders < 0 {
		return fmt.Errorf("-rebuilders=%d: want how many others must have built the release again", *rebuilders)
	}
	if plans, err := begin(); err != nil || plans {
		return err
	}
	r := slipway.VerifyRequest{
		Keys: list(setting("KEY", key)), Others: list(setting("OTHERS", others)),
		Rebuilds: list(setting("REBUILDS", rebuilds)),
	}
	if rebuilders != nil {
		r.Rebuilders = *rebuilders
	}
	report, err := slipway.VerifyRelease(ctx, folder, r)
	if err != nil {
		return err
	}
	if as == "json" {
		err = printJSON(report)
	} else {
		fmt.Println(strings.Join(report.Lines(), "\n"))
	}
	if n := report.Faults(); err == nil && n > 0 {
		err = fmt.Errorf("%s is not as it was released: %s", folder, text.Count(n, "fault"))
	}
	return err
}

// Reproduce builds a release again in another folder and environment, and explains what differs.
//
// -from is the release: its folder, or its artifacts.json; the default is that in
// dist/FORK/release. Writes dist/FORK/reproduce/report.json, and index.html beside
// it. Fails if something differs that release.exceptions of fork.yaml does not
// name. -attest signs, with -key, that the release was built again to the same
// bytes, in rebuild.sigstore.json.
func (Release) Reproduce(ctx context.Context, fork, from, key *string, attest, v *bool) error {
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
// -format is github, gitlab, tekton or json, the default. Each job is a shard, a fork for one
// platform, for release:shard; those that take longest come first, by the times of
// the last release here. -max is how many jobs there may be: then a job has several
// shards. -platforms works as in release.
func (Release) Matrix(fork, platforms, format *string, max *int) error {
	r, err := releaseRequest(platforms, nil, nil, nil)
	if err != nil {
		return err
	}
	if plans, err := begin(); err != nil || plans {
		return err
	}
	p, err := project(nil)
	if err != nil {
		return err
	}
	limit := 0
	if max != nil {
		limit = *max
	}
	jobs, err := p.Matrix(setting("FORK", fork), r, limit)
	if err != nil {
		return err
	}
	data, err := shards.Format(jobs, cmp.Or(setting("FORMAT", format), "json"))
	if err == nil {
		_, err = os.Stdout.Write(data)
	}
	return err
}

// Shard makes one machine's part of a release, as release:matrix names it.
//
// Writes the binaries of one platform to dist/shards/NAME, and, if this machine has
// that platform, its packages. Several names have commas between them. It needs no
// key: release:merge signs.
func (Release) Shard(ctx context.Context, name string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Shard(ctx, name)
	})
}

// Merge makes a release of the shards that other machines made: the same bytes as on one machine.
//
// The folder is a shard, or has shards below it; several have commas between them.
// A shard that is missing, or of another fork, version or toolchain, is refused. The
// flags work as in release.
func (Release) Merge(
	ctx context.Context, folders string, fork, platforms, key, last *string, force, v, json *bool,
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
// -last works as in release.
func (Release) Notes(fork, last *string) error {
	if plans, err := begin(); err != nil || plans {
		return err
	}
	p, err := project(nil)
	if err != nil {
		return err
	}
	notes, err := p.Notes(setting("FORK", fork), setting("LAST", last))
	if err == nil {
		_, err = os.Stdout.Write(notes)
	}
	return err
}

// Quick makes the release tarballs of a fork for one architecture, as quick-release of Kubernetes did.
//
// Writes them to dist/FORK/tarballs, and to dist/FORK/_output/release-tars, where
// scripts of Kubernetes look for them. The default is Linux on this machine's
// architecture; -arch names another.
func (Release) Quick(ctx context.Context, fork, arch *string, v, json *bool) error {
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
