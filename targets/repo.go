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

// REPO lists what the repositories in dist/repo have: channels with their versions, and snapshots.
func REPO(ctx context.Context, v *bool) error {
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
// Writes dist/repo, which repo.yaml describes. -from is the release: its folder; the
// default is dist/FORK/release. -channel is where it is added; the default is the
// first of repo.yaml. -key takes a list of keys as release does, and signs all
// indexes; without one the repositories are not signed. A version lower than the
// newest of the channel is refused without -force, which also puts back the files of
// a release that is there already. -dryRun changes nothing.
func (Repo) Add(ctx context.Context, fork, from, channel, key *string, dryRun, force, v, json *bool) error {
	r := slipway.RepoAddRequest{
		Request: repoRequest(key, dryRun, force), Fork: setting("FORK", fork), From: setting("FROM", from),
		Channel: setting("CHANNEL", channel),
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Repo().Add(ctx, r)
	})
}

// Promote puts what one channel has into another, as candidate to stable; nothing is built again.
//
// -fork promotes one fork alone. The other flags work as in repo:add.
func (Repo) Promote(ctx context.Context, from, to string, fork, key *string, dryRun, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Repo().Promote(ctx, from, to, setting("FORK", fork), repoRequest(key, dryRun, nil))
	})
}

// Rollback has the repositories show an earlier snapshot again, as a new one.
//
// index.json and index.html list the snapshots. -key and -dryRun work as in repo:add.
func (Repo) Rollback(ctx context.Context, snapshot string, key *string, dryRun, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Repo().Rollback(ctx, snapshot, repoRequest(key, dryRun, nil))
	})
}

// Resign signs all indexes again, with a new date and a new Valid-Until.
//
// It also makes again what somebody else changed. -key and -dryRun work as in repo:add.
func (Repo) Resign(ctx context.Context, key *string, dryRun, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Repo().Resign(ctx, repoRequest(key, dryRun, nil))
	})
}

// Publish brings dist/repo to where readers find it, so that they never see half of a change.
//
// -to is a folder, or a URL: ssh://host/path, s3://bucket/prefix,
// swift://container/prefix, oci://registry/repository. A run that failed is repeated,
// and goes on where it was. What somebody else changed there is refused without
// -force. -dryRun says what would be published.
func (Repo) Publish(ctx context.Context, to *string, dryRun, force, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		_, err := p.Repo().Publish(ctx, setting("TO", to), repoRequest(nil, dryRun, force))
		return nil, err
	})
}

// Pull brings dist/repo to what a target shows, without packages: to go on from there on another machine.
//
// -from is a target as in repo:publish.
func (Repo) Pull(ctx context.Context, from *string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return nil, p.Repo().Pull(ctx, setting("FROM", from))
	})
}

// Rebase does again, on what a target shows, what was changed in dist/repo since the two parted.
//
// -from is a target as in repo:publish. -key and -dryRun work as in repo:add.
func (Repo) Rebase(ctx context.Context, from, key *string, dryRun, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Repo().Rebase(ctx, setting("FROM", from), repoRequest(key, dryRun, nil))
	})
}

func repoRequest(key *string, dryRun, force *bool) slipway.RepoRequest {
	return slipway.RepoRequest{
		Keys: list(setting("KEY", key)), DryRun: flag(toggleDryRun, dryRun), Force: flag(toggleForce, force),
	}
}
