package overlay

import (
	"context"

	"github.com/slipway-build/slipway/repo/tree"
)

// Files returns the files that readers need, below overlay.git.
func (r Repository) Files(ctx context.Context) ([]tree.File, error) { return nil, nil }

// Restore makes the repository what is published, whatever it was: a new one where nothing is.
// get returns a published file by its path in the whole repository, and an error that is
// fs.ErrNotExist if there is none. What is here already is not asked for again.
func (r Repository) Restore(ctx context.Context, get func(ctx context.Context, path string) ([]byte, error)) error {
	return nil
}
