package publish

import (
	"context"

	"github.com/slipway-build/slipway/repo/tree"
)

// A Batch is a target that handles many files at once better than each by itself. What it does
// can be half done when it fails: every file is there as a whole or not at all.
type Batch interface {
	// StatAll reports what Stat does, of each entry in its turn.
	StatAll(ctx context.Context, entries []tree.Entry) ([]Presence, error)
	// PutAll does what Put does.
	PutAll(ctx context.Context, files []tree.File) error
	// CopyAll does what Copy does.
	CopyAll(ctx context.Context, entries []tree.Entry) error
}
