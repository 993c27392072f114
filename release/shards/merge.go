package shards

import (
	"context"

	"github.com/slipway-build/slipway/internal/output"
)

// A Want is what a merge needs: each of these shards, made of what the project is made
// of now.
type Want struct {
	Shards  []Shard
	Origins map[string]Origin // by the ID of the fork
}

// Merge puts the shards that are in folders into dist. A folder is a shard, or has
// shards somewhere below it. All are checked before anything of dist changes, and all
// faults are in the error, each with the shard's name and what to do. Each folder of
// dist/FORK is replaced in one step, unless it has the same files already. It returns
// the records, sorted by name.
func Merge(ctx context.Context, d output.Dist, folders []string, w Want) ([]Record, error) {
	return nil, nil
}
