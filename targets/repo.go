package targets

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/artifact"
)

// REPO lists the content of the repositories in dist/repo: channels with their versions, and snapshots.
//
// Examples:
//
//	mage repo     # channels with their versions, and snapshots
//	mage repo -v  # with more details
func REPO(
	ctx context.Context,
	v *bool, // print more details, such as the packages that are compiled
) error {
	return run(ctx, v, nil, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		s, err := p.Repo().Status(ctx)
		if err != nil || p.PlanOnly {
			return nil, err
		}
		t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "CHANNEL\tFORK\tVERSION")
		for _, channel := range slices.Sorted(maps.Keys(s.Channels)) {
			for _, m := range s.Channels[channel] {
				fmt.Fprintf(t, "%s\t%s\t%s\n", channel, m.Fork, m.Version)
			}
		}
		if err := t.Flush(); err != nil {
			return nil, err
		}
		fmt.Fprintln(t, "\nSNAPSHOT\tCHANGE")
		for _, one := range s.Snapshots {
			fmt.Fprintf(t, "%s\t%s\n", one.ID, one.Change)
		}
		return nil, t.Flush()
	})
}

// Repo holds the targets that are about repositories in dist/repo.
type Repo mg.Namespace

// Add adds a release to the repositories in dist/repo: apt, yum, the overlay and downloads.
//
// Writes dist/repo, as repo.yaml describes it. The keys sign all indexes; without -key,
// the repositories are not signed. Without -force, a version lower than the newest of
// the channel is refused. -force also restores the files of a release that is already
// there.
//
// Examples:
//
//	mage repo:add -fork=etcd-3.7 -key=$HOME/acme.key  # dist/etcd-3.7/release, to the first channel
//	mage repo:add -from=/srv/release -channel=stable -dry-run  # says what would change
func (Repo) Add(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	from *string, // DIR the release (default: dist/FORK/release)
	channel *string, // NAME the channel (default: the first of repo.yaml)
	key *string, // LIST keys to sign with: FILE, env:NAME, gpg:KEYID or exec:PUBLICKEY COMMAND (default: none)
	dryRun *bool, // say what would be done, and do nothing
	force *bool, // add a version below the newest, and restore the files of one that is there
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	r := slipway.RepoAddRequest{
		Request: repoRequest(key, dryRun, force), Fork: setting("FORK", fork), From: setting("FROM", from),
		Channel: setting("CHANNEL", channel),
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Repo().Add(ctx, r)
	})
}

// Promote copies the releases of one channel to another, such as candidate to stable; nothing is built again.
//
// Examples:
//
//	mage repo:promote candidate stable -key=$HOME/acme.key
//	mage repo:promote candidate stable -fork=etcd-3.7 -dry-run  # says what would change, for one fork
func (Repo) Promote(
	ctx context.Context,
	from string, // the channel to promote from
	to string, // the channel to promote to
	fork *string, // NAME only this fork (default: all forks)
	key *string, // LIST keys to sign with: FILE, env:NAME, gpg:KEYID or exec:PUBLICKEY COMMAND (default: none)
	dryRun *bool, // say what would be done, and do nothing
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Repo().Promote(ctx, from, to, setting("FORK", fork), repoRequest(key, dryRun, nil))
	})
}

// Rollback makes the repositories show the releases of an earlier snapshot again, as a new snapshot.
//
// Examples:
//
//	mage repo:rollback 20261126T044726.000Z -key=$HOME/acme.key
//	mage repo:rollback 20261126T044726.000Z -dry-run  # says what would change
func (Repo) Rollback(
	ctx context.Context,
	snapshot string, // the ID of the snapshot, as mage repo lists it
	key *string, // LIST keys to sign with: FILE, env:NAME, gpg:KEYID or exec:PUBLICKEY COMMAND (default: none)
	dryRun *bool, // say what would be done, and do nothing
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Repo().Rollback(ctx, snapshot, repoRequest(key, dryRun, nil))
	})
}

// Resign signs all indexes again, with a new date and a new Valid-Until.
//
// Also restores indexes that somebody else changed.
//
// Examples:
//
//	mage repo:resign -key=$HOME/acme.key       # before Valid-Until passes
//	mage repo:resign -key=old.key,new.key      # with two keys, while one replaces the other
func (Repo) Resign(
	ctx context.Context,
	key *string, // LIST keys to sign with: FILE, env:NAME, gpg:KEYID or exec:PUBLICKEY COMMAND (default: none)
	dryRun *bool, // say what would be done, and do nothing
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Repo().Resign(ctx, repoRequest(key, dryRun, nil))
	})
}

// Publish copies dist/repo to the place where readers find it; they never see half of a change.
//
// -to is a folder, or a URL: ssh://host/path, s3://bucket/prefix,
// swift://container/prefix, oci://registry/repository. A failed run can be repeated:
// it continues where it stopped. Without -force, files that somebody else changed
// there are refused.
//
// Examples:
//
//	mage repo:publish -to=/srv/packages -dry-run  # says what would be published
//	mage repo:publish -to=s3://acme-packages     # to a bucket
func (Repo) Publish(
	ctx context.Context,
	to *string, // TARGET a folder, or a URL: ssh, s3, swift or oci
	dryRun *bool, // say what would be done, and do nothing
	force *bool, // replace what somebody else changed there
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		_, err := p.Repo().Publish(ctx, setting("TO", to), repoRequest(nil, dryRun, force))
		return nil, err
	})
}

// Pull brings dist/repo to the state of a target, without its packages, to continue on another machine.
//
// -from is a target as in repo:publish.
//
// Examples:
//
//	mage repo:pull -from=/srv/packages
//	mage repo:pull -from=oci://registry.example.org/packages  # from a registry
func (Repo) Pull(
	ctx context.Context,
	from *string, // TARGET a folder, or a URL: ssh, s3, swift or oci
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return nil, p.Repo().Pull(ctx, setting("FROM", from))
	})
}

// Rebase repeats changes that were made only in dist/repo on top of the state of a target.
//
// -from is a target as in repo:publish.
//
// Examples:
//
//	mage repo:rebase -from=/srv/packages -key=$HOME/acme.key
//	mage repo:rebase -from=/srv/packages -dry-run  # says what would change
func (Repo) Rebase(
	ctx context.Context,
	from *string, // TARGET a folder, or a URL: ssh, s3, swift or oci
	key *string, // LIST keys to sign with: FILE, env:NAME, gpg:KEYID or exec:PUBLICKEY COMMAND (default: none)
	dryRun *bool, // say what would be done, and do nothing
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Repo().Rebase(ctx, setting("FROM", from), repoRequest(key, dryRun, nil))
	})
}

func repoRequest(key *string, dryRun, force *bool) slipway.RepoRequest {
	return slipway.RepoRequest{
		Keys: list(setting("KEY", key)), DryRun: flag(toggleDryRun, dryRun), Force: flag(toggleForce, force),
	}
}
