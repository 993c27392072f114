package publish_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strconv"
	"sync"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/publishtest"
	"github.com/slipway-build/slipway/repo/tree"
)

// objects are what a target in memory holds. Several publishers can have it at once.
type objects struct {
	mu    sync.Mutex
	at    publishtest.Objects
	swaps int // tells the tags of the head apart
}

func newObjects() *objects { return &objects{at: publishtest.Objects{}} }

func (o *objects) clone() *objects { return &objects{at: maps.Clone(o.at), swaps: o.swaps} }

var errCut = errors.New("the connection was cut")

// A memory is one publisher's connection to objects. gate is called before each request with its
// number, from 1; it may wait, and says what becomes of the request.
type memory struct {
	*objects
	gate     func(n int) fate
	requests int
}

type fate int

const (
	served fate = iota
	refused
	answerLost // the request is carried out, and its sender never knows
)

// stopAt is a gate for a publisher that is killed at request n: it makes no other.
func stopAt(n int, at fate) func(int) fate {
	return func(request int) fate {
		switch {
		case request < n:
			return served
		case request == n:
			return at
		}
		return refused
	}
}

func (m *memory) do(f func() error) error {
	m.mu.Lock()
	m.requests++
	n := m.requests
	m.mu.Unlock()
	becomes := served
	if m.gate != nil {
		becomes = m.gate(n)
	}
	if becomes == refused {
		return errCut
	}
	m.mu.Lock()
	err := f()
	m.mu.Unlock()
	if becomes == answerLost {
		return errCut
	}
	return err
}

func (m *memory) String() string   { return "memory:" }
func (m *memory) Limits() []string { return nil }
func (m *memory) Close() error     { return nil }

func (m *memory) tag() string { return strconv.Itoa(m.swaps) }

func (m *memory) Get(_ context.Context, path string) (data []byte, tag string, err error) {
	err = m.do(func() error {
		var ok bool
		if data, ok = m.at[path]; !ok {
			return fs.ErrNotExist
		}
		tag = m.tag()
		return nil
	})
	return data, tag, err
}

func (m *memory) Stat(_ context.Context, e tree.Entry) (p publish.Presence, err error) {
	err = m.do(func() error {
		data, ok := m.at[e.Path]
		switch {
		case !ok:
			p = publish.Absent
		case tree.Of(e.Class, e.Path, data).SHA256 == e.SHA256:
			p = publish.Same
		default:
			p = publish.Different
		}
		return nil
	})
	return p, err
}

func (m *memory) Put(_ context.Context, f tree.File) error {
	data, err := f.Bytes()
	if err != nil {
		return err
	}
	return m.do(func() error {
		m.at[f.Path] = data
		return nil
	})
}

func (m *memory) Copy(_ context.Context, e tree.Entry) error {
	return m.do(func() error {
		data, ok := m.at[e.Alias]
		if !ok {
			return fmt.Errorf("%s: %w", e.Alias, fs.ErrNotExist)
		}
		m.at[e.Path] = data
		return nil
	})
}

func (m *memory) Swap(_ context.Context, head []byte, tag string, _ []tree.Entry) (now string, err error) {
	err = m.do(func() error {
		if _, ok := m.at[publish.HeadFile]; ok && tag != m.tag() || !ok && tag != "" {
			return &publish.ConflictError{Target: m.String()}
		}
		m.at[publish.HeadFile] = head
		m.swaps++
		now = m.tag()
		return nil
	})
	return now, err
}

func (m *memory) Delete(_ context.Context, paths []string) error {
	return m.do(func() error {
		for _, path := range paths {
			delete(m.at, path)
		}
		return nil
	})
}

// inBatches is a target that has batches.
type inBatches struct{ *memory }

func (b inBatches) StatAll(ctx context.Context, entries []tree.Entry) ([]publish.Presence, error) {
	found := make([]publish.Presence, len(entries))
	for i, e := range entries {
		var err error
		if found[i], err = b.Stat(ctx, e); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (b inBatches) PutAll(ctx context.Context, files []tree.File) error {
	for _, f := range files {
		if err := b.Put(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (b inBatches) CopyAll(ctx context.Context, entries []tree.Entry) error {
	for _, e := range entries {
		if err := b.Copy(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
