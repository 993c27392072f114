package slipway

import (
	"context"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release"
	"github.com/slipway-build/slipway/release/cut"
	"github.com/slipway-build/slipway/repo"
)

// Release makes everything that a fork ships, and dist/FORK/release from it: the files, the documents
// about them, and their signatures.
func (p *Project) Release(ctx context.Context, id string, r ReleaseRequest) (artifact.Set, error) {
	return p.cutter().Release(ctx, id, r)
}

// PlanRelease returns the files that a release would have, and makes nothing.
func (p *Project) PlanRelease(ctx context.Context, id string, r ReleaseRequest) (artifact.Set, error) {
	return p.cutter().Plan(ctx, id, r)
}

// Quick makes only the release tarballs of a fork, for one platform such as linux/arm64. An empty
// platform means Linux on this machine's architecture.
func (p *Project) Quick(ctx context.Context, id, on string) (artifact.Set, error) {
	return p.cutter().Quick(ctx, id, on)
}

// Matrix divides a release among jobs of a CI system. A limit other than 0 is the largest number of
// jobs.
func (p *Project) Matrix(id string, r ReleaseRequest, limit int) ([]ShardJob, error) {
	return p.cutter().Matrix(id, r, limit)
}

// Shard makes shards of a release in dist/shards. names are their names, separated by commas.
func (p *Project) Shard(ctx context.Context, names string) (artifact.Set, error) {
	return p.cutter().Shard(ctx, names)
}

// Merge makes the release of a fork from the shards in folders, which other machines made.
func (p *Project) Merge(ctx context.Context, id string, folders []string, r ReleaseRequest) (artifact.Set, error) {
	return p.cutter().Merge(ctx, id, folders, r)
}

// Reproduce builds a release again, in another folder and environment, and compares the two.
func (p *Project) Reproduce(ctx context.Context, id string, r ReproduceRequest) (ReproduceReport, error) {
	return p.cutter().Reproduce(ctx, id, r)
}

// VerifyRelease checks the release in a folder. It needs only the folder and public keys, and no
// project.
func VerifyRelease(ctx context.Context, dir string, r VerifyRequest) (VerifyReport, error) {
	return cut.Verify(ctx, dir, r)
}

// Notes returns the notes of the release in dist/FORK/release, as Markdown, compared with the release
// last. An empty last means the release before it.
func (p *Project) Notes(id, last string) ([]byte, error) {
	f, err := p.Fork(id)
	if err != nil {
		return nil, err
	}
	return release.Notes(f, last)
}

func (p *Project) cutter() cut.Cutter {
	return cut.Cutter{Project: p.project(), Options: p.options(), Programs: programs, Now: p.Now}
}

// Repo returns the keeper of the repositories in dist/repo, which changes and publishes them.
func (p *Project) Repo() repo.Keeper {
	k := repo.Keeper{Project: p.project(), Options: p.options()}
	if p.Now != nil {
		k.Now = p.Now()
	}
	return k
}
