package slipway

import "github.com/slipway-build/slipway/repo"

// Repo returns what keeps the repositories in dist/repo: it adds releases to them, moves them from
// channel to channel and back, and publishes them.
func (p *Project) Repo() repo.Keeper {
	k := repo.Keeper{Project: p.project(), Options: p.options()}
	if p.Now != nil {
		k.Now = p.Now()
	}
	return k
}
