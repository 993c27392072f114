package cross

import (
	"context"
	"debug/buildinfo"
	"errors"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gotool"
)

// linked compares the modules that are linked into binaries, as the module
// cache holds them, with the sums in the tree's go.sum, each once. The go
// command checks a module only when it downloads it.
type linked struct {
	goCmd *gotool.Go
	known *filetree.Memory
	mu    sync.Mutex
	right map[linkedModule]bool // those that were found to be what their sums say
}

type linkedModule struct{ path, version, sum string }

// expect looks at the modules of a binary that an earlier run left: most of
// them will be linked again, and while the compiler works there is time. What
// is wrong counts only if they are.
func (l *linked) expect(ctx context.Context, binary string) {
	if info, err := buildinfo.ReadFile(binary); err == nil {
		_ = l.checkAll(ctx, modulesIn(info))
	}
}

// checkAll returns an error for the modules that are not what their sums say.
func (l *linked) checkAll(ctx context.Context, modules []linkedModule) error {
	var group errgroup.Group
	group.SetLimit(2)
	errs := make([]error, len(modules))
	for i, m := range modules {
		group.Go(func() error {
			errs[i] = l.checkOne(ctx, m)
			return nil
		})
	}
	return errors.Join(group.Wait(), errors.Join(errs...))
}

func (l *linked) checkOne(ctx context.Context, m linkedModule) error {
	l.mu.Lock()
	right := l.right[m]
	l.mu.Unlock()
	if right {
		return nil
	}
	if err := l.goCmd.CheckModule(ctx, m.path, m.version, m.sum, l.known); err != nil {
		return err
	}
	l.mu.Lock()
	l.right[m] = true
	l.mu.Unlock()
	return nil
}

// modulesIn returns the modules that are linked into a binary and have a sum.
func modulesIn(info *buildinfo.BuildInfo) []linkedModule {
	var modules []linkedModule
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		if strings.HasPrefix(m.Sum, "h1:") {
			modules = append(modules, linkedModule{m.Path, m.Version, m.Sum})
		}
	}
	return modules
}
