package source

import (
	"context"
	"errors"

	"github.com/slipway-build/slipway/internal/config"
)

type archive struct{}

func (u Upstream) archive() archive            { return archive{} }
func (a archive) Validate() []config.Fault     { return nil }
func (f Fetcher) fetchArchive(ctx context.Context, u Upstream, dst string) (Tree, error) {
	return Tree{}, errors.New("not yet")
}
