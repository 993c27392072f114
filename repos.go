package slipway

import (
	"context"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/repo"
)

// Repo returns what the repositories in dist/repo have.
func (p *Project) Repo(ctx context.Context) (RepoStatus, error) { return p.keeper().Status(ctx) }

// AddToRepo adds a release to a channel of the repositories in dist/repo.
func (p *Project) AddToRepo(ctx context.Context, r RepoAddRequest) (artifact.Set, error) {
	return p.keeper().Add(ctx, r)
}

// PromoteInRepo puts what one channel has into another; of one fork, if id is not empty.
func (p *Project) PromoteInRepo(ctx context.Context, from, to, id string, r RepoRequest) (artifact.Set, error) {
	return p.keeper().Promote(ctx, from, to, id, r)
}

// RollBackRepo has the repositories show an earlier snapshot again.
func (p *Project) RollBackRepo(ctx context.Context, snapshot string, r RepoRequest) (artifact.Set, error) {
	return p.keeper().Rollback(ctx, snapshot, r)
}

// ResignRepo signs all indexes of the repositories again.
func (p *Project) ResignRepo(ctx context.Context, r RepoRequest) (artifact.Set, error) {
	return p.keeper().Resign(ctx, r)
}

// PublishRepo brings what dist/repo shows to a folder, or to a URL of ssh, s3, swift or oci.
func (p *Project) PublishRepo(ctx context.Context, to string, r RepoRequest) (RepoReport, error) {
	return p.keeper().Publish(ctx, to, r)
}

// PullRepo brings dist/repo to what a target shows, without what is large.
func (p *Project) PullRepo(ctx context.Context, from string) error { return p.keeper().Pull(ctx, from) }

// RebaseRepo does again, on what a target shows, what was changed in dist/repo since the two parted.
func (p *Project) RebaseRepo(ctx context.Context, from string, r RepoRequest) (artifact.Set, error) {
	return p.keeper().Rebase(ctx, from, r)
}

func (p *Project) keeper() repo.Keeper {
	k := repo.Keeper{Project: p.project(), Options: p.options()}
	if p.Now != nil {
		k.Now = p.Now()
	}
	return k
}
