// Package tarballs writes trees as release tarballs.
package tarballs

import (
	"context"
	"errors"
	"time"

	"github.com/slipway-build/slipway/filetree"
)

func Write(ctx context.Context, name, root string, tree filetree.Dir, date time.Time) error {
	return errors.New("not yet")
}
