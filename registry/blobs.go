package registry

import (
	"context"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"golang.org/x/sync/errgroup"
)

// A blob is a layer or a configuration.
type blob struct {
	v1.Layer
	digest  string
	home    *upload   // whose repository has it; nil if none is known to
	uploads []*upload // that need it, one for each repository
}

// uploadBlobs puts all blobs into the repositories of the uploads that are not done.
func (t *target) uploadBlobs(ctx context.Context) error {
	var blobs []*blob
	known := map[string]*blob{}
	wanted := map[string]bool{}
	for _, u := range slices.Concat(t.uploads, t.beside) {
		err := walk(u.manifest, func(l v1.Layer) error {
			digest, err := l.Digest()
			b := known[digest.String()]
			if b == nil {
				b = &blob{Layer: l, digest: digest.String()}
				known[b.digest], blobs = b, append(blobs, b)
			}
			if here := u.pushed.Name + "@" + b.digest; u.done {
				b.home = u
			} else if !wanted[here] {
				wanted[here], b.uploads = true, append(b.uploads, u)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("%s:%s: %w", u.pushed.Name, u.pushed.Tag, err)
		}
	}
	t.total = len(wanted)
	for _, b := range blobs {
		size, err := b.Size()
		if err != nil {
			return err
		}
		t.size += size * int64(len(b.uploads))
	}
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(t.Jobs)
	for _, b := range blobs {
		g.Go(func() error { return t.uploadBlob(within, b) })
	}
	return g.Wait()
}

// walk calls add for each blob below a manifest.
func walk(m partial.Describable, add func(v1.Layer) error) error {
	var below []partial.Describable
	var err error
	switch m := m.(type) {
	case v1.Layer:
		return add(m)
	case v1.ImageIndex:
		below, err = partial.Manifests(m)
	case v1.Image:
		var config v1.Layer
		if config, err = partial.ConfigLayer(m); err != nil {
			return err
		}
		var layers []v1.Layer
		layers, err = m.Layers()
		for _, l := range append(layers, config) {
			below = append(below, l)
		}
	}
	for _, m := range below {
		if err == nil {
			err = walk(m, add)
		}
	}
	return err
}

// uploadBlob puts a blob into each repository that needs it. The first is sent it, the
// others mount it.
func (t *target) uploadBlob(ctx context.Context, b *blob) error {
	size, err := b.Size()
	if err != nil {
		return err
	}
	for _, u := range b.uploads {
		sending := &blobUpload{client: u.client, open: b.Compressed, digest: b.digest, size: size, name: u.pushed.Name}
		if b.home != nil {
			sending.from = &b.home.tag.Repository
		}
		state, err := sending.run(ctx)
		if err != nil {
			return u.client.explain(ctx, err)
		}
		b.home = u
		sending.move(size)
		t.count(u, sending.sent.Load(), Progress{Name: u.pushed.Name, Digest: b.digest, Size: size, State: state})
	}
	return nil
}

// count adds a blob to the counts of an upload, and tells p.Progress.
func (t *target) count(u *upload, sent int64, event Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u.of != nil {
		u = u.of
	}
	if u.pushed.Blobs == nil {
		u.pushed.Blobs = map[State]int{}
	}
	u.pushed.Blobs[event.State]++
	u.pushed.Bytes += sent
	t.done++
	event.Done, event.Total = t.done, t.total
	if t.Progress != nil {
		t.Progress(event)
	}
}
