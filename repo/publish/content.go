package publish

import (
	"context"

	"github.com/slipway-build/slipway/repo/tree"
)

// Content returns a small file that a target lists, if it is what the listing says.
func Content(ctx context.Context, t Target, e tree.Entry) ([]byte, error) {
	return getListed(ctx, t, e)
}
