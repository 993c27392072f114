package publish

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/repo/tree"
)

// parallel is how many requests are under way at once.
const parallel = 8

// A sender makes the requests of a target, several at a time or as a batch, and counts them.
type sender struct {
	Target
	mu    sync.Mutex
	count Requests
}

func (s *sender) add(n *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n++
}

func (s *sender) Get(ctx context.Context, path string) ([]byte, string, error) {
	s.add(&s.count.Get)
	return s.Target.Get(ctx, path)
}

func (s *sender) Swap(ctx context.Context, head []byte, tag string, entries []tree.Entry) (string, error) {
	s.add(&s.count.Swap)
	return s.Target.Swap(ctx, head, tag, entries)
}

func (s *sender) Delete(ctx context.Context, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	s.add(&s.count.Delete)
	return s.Target.Delete(ctx, paths)
}

// each calls f with 0 to n-1, and ends with the first error.
func each(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i := range n {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(ctx, i)
		})
	}
	return group.Wait()
}

func (s *sender) statAll(ctx context.Context, entries []tree.Entry) ([]Presence, error) {
	if b, ok := s.Target.(Batch); ok && len(entries) > 0 {
		s.add(&s.count.Stat)
		return b.StatAll(ctx, entries)
	}
	found := make([]Presence, len(entries))
	err := each(ctx, len(entries), func(ctx context.Context, i int) (err error) {
		s.add(&s.count.Stat)
		if found[i], err = s.Stat(ctx, entries[i]); err != nil {
			return fmt.Errorf("%s: looking for %s: %w", s, entries[i].Path, err)
		}
		return nil
	})
	return found, err
}

// putAll writes files, and calls done after each, or after all of them.
func (s *sender) putAll(ctx context.Context, files []tree.File, done func(files int)) error {
	if b, ok := s.Target.(Batch); ok && len(files) > 0 {
		s.add(&s.count.Put)
		if err := b.PutAll(ctx, files); err != nil {
			return err
		}
		done(len(files))
		return nil
	}
	return each(ctx, len(files), func(ctx context.Context, i int) error {
		s.add(&s.count.Put)
		if err := s.Put(ctx, files[i]); err != nil {
			return fmt.Errorf("%s: writing %s: %w", s, files[i].Path, err)
		}
		done(1)
		return nil
	})
}

func (s *sender) copyAll(ctx context.Context, entries []tree.Entry) error {
	if b, ok := s.Target.(Batch); ok && len(entries) > 0 {
		s.add(&s.count.Copy)
		return b.CopyAll(ctx, entries)
	}
	return each(ctx, len(entries), func(ctx context.Context, i int) error {
		s.add(&s.count.Copy)
		if err := s.Copy(ctx, entries[i]); err != nil {
			return fmt.Errorf("%s: copying %s to %s: %w", s, entries[i].Alias, entries[i].Path, err)
		}
		return nil
	})
}
