package cross

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
)

// checkModules compares the modules that are linked into a binary, as the
// module cache holds them, with the sums in the tree's go.sum. The go command
// checks a module only when it downloads it.
func (b Builder) checkModules(ctx context.Context, binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("reading what is linked into %s: %w", binary, err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		if strings.HasPrefix(m.Sum, "h1:") {
			group.Go(func() error { return b.Go.CheckModule(ctx, m.Path, m.Version, m.Sum) })
		}
	}
	return group.Wait()
}
